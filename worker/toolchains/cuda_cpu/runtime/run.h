// A launch, a resident block and a warp as the scheduler keeps them.
// Limits: a BlockRun belongs to one worker and is touched by no other; a LaunchRun is shared, its members say how.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "codepar_cuda/launch.h"
#include "codepar_cuda/warp.h"
#include "fiber.h"
#include "order.h"

namespace codepar_cuda {

struct Worker;

struct LaunchRun : Launch {
    KernelCall kernel{};
    std::uint64_t blocks = 0;
    unsigned block_threads = 0;
    Permutation block_order, thread_order;
    std::atomic<std::uint64_t> next_block{0};
    std::atomic<int> error{0};    // the first that ended the launch
    std::atomic<int> workers{1};  // that have joined

    // The barrier of a cooperative grid; `generation` may be read without the lock.
    std::mutex grid_lock;
    std::uint64_t grid_arrived = 0, blocks_finished = 0;
    std::atomic<std::uint64_t> grid_generation{0};

    bool aborted() const { return error.load(std::memory_order_relaxed) != 0; }
    void abort(int code);
};

struct LaneGroup : WarpGroup {
    FiberQueue waiting;
    unsigned warp = 0;
};

struct Warp {
    unsigned present = 0;  // lanes that the block has
    unsigned exited = 0;   // lanes whose thread has returned
    unsigned blocked = 0;  // lanes that wait for something that another thread must do
    LaneGroup* open = nullptr;
    FiberQueue active;  // lanes inside active_lanes()
};

struct Barrier {
    FiberQueue waiting;
    Location first;
    unsigned votes = 0;
    // Of the last release: nobody can overwrite them before all have read them.
    unsigned result_votes = 0, result_arrived = 0;
};

struct SharedEntry {
    const void* key;
    void* place;
};

struct BlockRun : Block {
    LaunchRun* run = nullptr;
    Worker* worker = nullptr;
    unsigned next_thread = 0;  // how many have started
    std::uint64_t events = 0;  // grows whenever a thread gets further
    FiberQueue ready, spinning;
    Barrier barrier, grid;
    bool at_grid = false;  // has arrived at the grid's barrier
    std::uint64_t grid_seen = 0;
    unsigned warps = 0;
    Warp warp[32];
    std::vector<SharedEntry> shared;
    std::size_t shared_used = 0, shared_offset = 0;
    std::vector<std::unique_ptr<LaneGroup>> groups;
    WarpGroup* free_groups = nullptr;

    BlockRun();
    void begin(LaunchRun& launch, std::uint64_t number, std::uint64_t fresh_serial);
    void end();
    LaneGroup* new_group();
    bool all_started() const { return next_thread == threads; }
};

inline BlockRun& Fiber::block() const { return *static_cast<BlockRun*>(thread.block_state); }

// What the return of a thread may release: the block's barrier, its warp's operations.
void thread_left(BlockRun& block, unsigned linear);
void release_barrier(BlockRun& block);
// Completes the warp operations that waited only for lanes which have returned.
void complete_groups(BlockRun& block, Warp& warp);
// Lets the lanes inside active_lanes() go on, those at one place together; false if there were none.
bool resolve_active(BlockRun& block, Warp& warp);
bool resolve_all_active(BlockRun& block);
// All live threads of the block wait in grid_sync: counts the block as arrived, once. True if it may go on.
bool arrive_at_grid(BlockRun& block);
void block_left_grid(BlockRun& block);
// Finds out and reports why no thread of the block can go on.
void report_divergence(BlockRun& block);

}  // namespace codepar_cuda
