// The groups of cooperative_groups.h that are larger than a warp: thread_block and grid_group; and thread_group, which any
// group that can sync converts to.
// Limits: barrier_arrive and barrier_wait are not supported.
#pragma once

#include "codepar_cuda/barrier.h"
#include "codepar_cuda/identity.h"
#include "codepar_cuda/warp.h"

#define CODEPAR_CALLER const char *file = __builtin_FILE(), int line = __builtin_LINE()

namespace cooperative_groups {

namespace details {
inline unsigned rank_in_block() {
    return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
}
inline unsigned threads_of_block() { return blockDim.x * blockDim.y * blockDim.z; }
inline unsigned lanes_below() { return (1u << codepar_cuda::lane_number()) - 1; }
inline unsigned population(unsigned mask) { return static_cast<unsigned>(__builtin_popcount(mask)); }
}  // namespace details

// A group whose kind is known only when the program runs.
class thread_group {
public:
    void sync(CODEPAR_CALLER) const {
        if (mask_ == 0) codepar_cuda::syncthreads({file, line});
        else codepar_cuda::syncwarp(mask_, {file, line});
    }
    unsigned size() const { return mask_ == 0 ? details::threads_of_block() : details::population(mask_); }
    unsigned num_threads() const { return size(); }
    unsigned thread_rank() const { return mask_ == 0 ? details::rank_in_block() : details::population(mask_ & details::lanes_below()); }
    bool is_valid() const { return true; }
    unsigned lanes() const { return mask_; }

protected:
    explicit thread_group(unsigned mask) : mask_(mask) {}
    unsigned mask_;  // 0: the whole block

    friend thread_group tiled_partition(const thread_group&, unsigned);
};

class thread_block : public thread_group {
public:
    thread_block() : thread_group(0u) {}
    static void sync(CODEPAR_CALLER) { codepar_cuda::syncthreads({file, line}); }
    static unsigned thread_rank() { return details::rank_in_block(); }
    static unsigned size() { return details::threads_of_block(); }
    static unsigned num_threads() { return size(); }
    static dim3 group_index() { return blockIdx; }
    static dim3 thread_index() { return threadIdx; }
    static dim3 group_dim() { return blockDim; }
    static dim3 dim_threads() { return blockDim; }
};

inline thread_block this_thread_block() { return thread_block(); }

class grid_group {
public:
    static void sync(CODEPAR_CALLER) { codepar_cuda::grid_sync({file, line}); }
    static bool is_valid() { return codepar_cuda::is_cooperative(); }
    static unsigned long long size() { return num_blocks() * details::threads_of_block(); }
    static unsigned long long num_threads() { return size(); }
    static unsigned long long thread_rank() { return block_rank() * details::threads_of_block() + details::rank_in_block(); }
    static unsigned long long num_blocks() { return 1ull * gridDim.x * gridDim.y * gridDim.z; }
    static unsigned long long block_rank() {
        return blockIdx.x + 1ull * gridDim.x * (blockIdx.y + 1ull * gridDim.y * blockIdx.z);
    }
    static dim3 group_dim() { return gridDim; }
    static dim3 dim_blocks() { return gridDim; }
    static dim3 block_index() { return blockIdx; }
};

inline grid_group this_grid() { return grid_group(); }

template <class Group>
inline void sync(const Group& group, CODEPAR_CALLER) {
    group.sync(file, line);
}
template <class Group>
inline auto thread_rank(const Group& group) -> decltype(group.thread_rank()) {
    return group.thread_rank();
}
template <class Group>
inline auto group_size(const Group& group) -> decltype(group.size()) {
    return group.size();
}

}  // namespace cooperative_groups

#undef CODEPAR_CALLER
