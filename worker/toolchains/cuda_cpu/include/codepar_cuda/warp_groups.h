// The groups of cooperative_groups.h inside a warp: tiles, coalesced threads, partitions by a predicate or a label.
// Limits: a tile has 1, 2, 4, 8, 16 or 32 threads.
#pragma once

#include "codepar_cuda/grid_groups.h"

#define CODEPAR_CALLER const char *file = __builtin_FILE(), int line = __builtin_LINE()

namespace cooperative_groups {

namespace details {

// The number of the lane that has `rank` lanes of the mask below it; 32 if there is none.
inline unsigned lane_of_rank(unsigned mask, unsigned rank) {
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((mask >> lane & 1u) != 0 && rank-- == 0) return lane;
    }
    return 32;
}

template <unsigned Size>
constexpr unsigned tile_mask(unsigned lane) {
    return Size == 32 ? 0xffffffffu : ((1u << Size % 32) - 1) << (lane & ~(Size - 1));
}

template <class T>
inline T read_lane(unsigned mask, T value, unsigned lane, codepar_cuda::Location where) {
    return codepar_cuda::shuffle(codepar_cuda::Shuffle::index, mask, value, static_cast<int>(lane), 32, where);
}

// Moves the bits of the lanes of `mask` together: bit r is the lane of rank r.
inline unsigned by_rank(unsigned mask, unsigned lanes) {
    unsigned ranks = 0, rank = 0;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((mask >> lane & 1u) == 0) continue;
        ranks |= (lanes >> lane & 1u) << rank++;
    }
    return ranks;
}

// What tiles and coalesced groups share: ranks count the lanes of a mask.
class lane_group : public thread_group {
public:
    int any(int predicate, CODEPAR_CALLER) const { return codepar_cuda::vote(mask_, predicate != 0, {file, line}).yes != 0; }
    int all(int predicate, CODEPAR_CALLER) const {
        const codepar_cuda::Ballot ballot = codepar_cuda::vote(mask_, predicate != 0, {file, line});
        return ballot.yes == ballot.arrived;
    }
    unsigned ballot(int predicate, CODEPAR_CALLER) const {
        return by_rank(mask_, codepar_cuda::vote(mask_, predicate != 0, {file, line}).yes);
    }
    template <class T>
    unsigned match_any(T value, CODEPAR_CALLER) const {
        return by_rank(mask_, codepar_cuda::match(mask_, codepar_cuda::match_key(value), {file, line}).yes);
    }
    template <class T>
    unsigned match_all(T value, int& equal, CODEPAR_CALLER) const {
        const codepar_cuda::Ballot ballot = codepar_cuda::match(mask_, codepar_cuda::match_key(value), {file, line});
        equal = ballot.yes == ballot.arrived;
        return equal != 0 ? by_rank(mask_, ballot.yes) : 0;
    }
    template <class T>
    T shfl(T value, int rank, CODEPAR_CALLER) const {
        const unsigned wrapped = static_cast<unsigned>(rank) % size();
        return read_lane(mask_, value, lane_of_rank(mask_, wrapped), {file, line});
    }
    template <class T>
    T shfl_up(T value, unsigned delta, CODEPAR_CALLER) const {
        const unsigned rank = thread_rank();
        return read_lane(mask_, value, lane_of_rank(mask_, delta > rank ? rank : rank - delta), {file, line});
    }
    template <class T>
    T shfl_down(T value, unsigned delta, CODEPAR_CALLER) const {
        const unsigned rank = thread_rank();
        return read_lane(mask_, value, lane_of_rank(mask_, delta >= size() - rank ? rank : rank + delta), {file, line});
    }

protected:
    using thread_group::thread_group;
};

template <unsigned Size>
constexpr bool is_tile_size = Size >= 1 && Size <= 32 && (Size & (Size - 1)) == 0;

}  // namespace details

template <unsigned Size, class Parent = void>
class thread_block_tile : public details::lane_group {
    static_assert(Size <= 32, "codepar: unsupported: cooperative groups' tiles of more than 32 threads");
    static_assert(details::is_tile_size<Size>, "a tile has 1, 2, 4, 8, 16 or 32 threads");

public:
    thread_block_tile() : details::lane_group(details::tile_mask<Size>(codepar_cuda::lane_number())) {}
    template <class Other>
    thread_block_tile(const thread_block_tile<Size, Other>&) : thread_block_tile() {}
    static constexpr unsigned size() { return Size; }
    static constexpr unsigned num_threads() { return Size; }
    unsigned thread_rank() const { return codepar_cuda::lane_number() % Size; }
    unsigned meta_group_rank() const { return details::rank_in_block() / Size; }
    unsigned meta_group_size() const { return (details::threads_of_block() + Size - 1) / Size; }
    template <class T>
    T shfl_xor(T value, unsigned lanes, CODEPAR_CALLER) const {
        return codepar_cuda::shuffle(codepar_cuda::Shuffle::exclusive_or, mask_, value, static_cast<int>(lanes), static_cast<int>(Size),
                                     {file, line});
    }
};

class coalesced_group : public details::lane_group {
public:
    explicit coalesced_group(unsigned lanes) : details::lane_group(lanes) {}
    unsigned meta_group_rank() const { return 0; }
    unsigned meta_group_size() const { return 1; }
};

inline coalesced_group coalesced_threads(CODEPAR_CALLER) { return coalesced_group(codepar_cuda::active_lanes({file, line})); }

inline thread_block_tile<1> this_thread() { return thread_block_tile<1>(); }

template <unsigned Size, class Parent>
inline thread_block_tile<Size, Parent> tiled_partition(const Parent&) {
    return thread_block_tile<Size, Parent>();
}

// Tiles whose size is known only when the program runs; inside a coalesced group they count its ranks.
inline thread_group tiled_partition(const thread_group& parent, unsigned size) {
    const unsigned all = parent.mask_ != 0 ? parent.mask_ : 0xffffffffu;
    const unsigned rank = details::population(all & details::lanes_below());
    unsigned mask = 0;
    for (unsigned lane = 0, of = 0; lane < 32; ++lane) {
        if ((all >> lane & 1u) != 0 && of++ / size == rank / size) mask |= 1u << lane;
    }
    return thread_group(mask);
}
inline coalesced_group tiled_partition(const coalesced_group& parent, unsigned size) {
    return coalesced_group(tiled_partition(static_cast<const thread_group&>(parent), size).lanes());
}

template <class Group>
inline coalesced_group binary_partition(const Group& group, bool predicate, CODEPAR_CALLER) {
    const codepar_cuda::Ballot ballot = codepar_cuda::vote(group.lanes(), predicate, {file, line});
    return coalesced_group(predicate ? ballot.yes : ballot.arrived & ~ballot.yes);
}
template <class Group, class Label>
inline coalesced_group labeled_partition(const Group& group, Label label, CODEPAR_CALLER) {
    return coalesced_group(codepar_cuda::match(group.lanes(), codepar_cuda::match_key(label), {file, line}).yes);
}

}  // namespace cooperative_groups

#undef CODEPAR_CALLER
