// __syncthreads, its voting forms, grid.sync, and the return of threads, which can complete either.
// Limits: two __syncthreads() at different places are one barrier, as on the hardware, but the difference is reported.
#include "codepar_cuda/barrier.h"

#include <cstring>
#include <string>

#include "codepar_cuda/atomics.h"
#include "codepar_cuda/error.h"
#include "codepar_cuda/hooks.h"
#include "codepar_cuda/report.h"
#include "switching.h"

namespace codepar_cuda {
namespace {

std::string place(Location where) { return std::string(where.file ? where.file : "?") + ':' + std::to_string(where.line); }

bool same_place(Location a, Location b) {
    return a.line == b.line && (a.file == b.file || (a.file && b.file && std::strcmp(a.file, b.file) == 0));
}

void report_two_places(const Barrier& barrier, Location where) {
    report_here("barrier_divergence",
                "threads of one block wait at different __syncthreads(): at " + place(barrier.first) + " and at " + place(where),
                barrier.first);
}

#if defined(CODEPAR_CUDA_CHECKED)
void report_exited(const BlockRun& block) {
    Finding finding;
    finding.kind = "barrier_divergence";
    finding.message = std::to_string(block.threads - block.live) + " of " + std::to_string(block.threads) +
                      " threads of the block had returned when the others came to the barrier";
    finding.where = block.barrier.first;
    finding.kernel = block.launch->name;
    finding.block = block.index;
    report(finding);
}
#endif

// Every live thread of the block waits in the queue: all go on.
void wake_block(BlockRun& block, FiberQueue& waiting) {
    for (unsigned number = 0; number < block.warps; ++number) block.warp[number].blocked = 0;
    block.ready.append(waiting);
    ++block.events;
}

bool same_as_first(const Barrier& barrier, Location where) {
    return (barrier.first.line == where.line && barrier.first.file == where.file) || same_place(barrier.first, where);
}

CODEPAR_ALWAYS_INLINE void wait_at_barrier(Location where, int predicate) {
    Fiber& self = current_fiber();
    BlockRun& block = self.block();
    Barrier& barrier = block.barrier;
    self.where = where;
    if (barrier.waiting.empty()) barrier.first = where;
    else if (!same_as_first(barrier, where)) report_two_places(barrier, where);
    barrier.votes += predicate != 0;
    begin_wait(self, block, Wait::barrier);
    barrier.waiting.push(&self);
    if (barrier.waiting.size() == block.live) release_barrier(block);
    switch_away(self, block);
}

void abort_with(BlockRun& block, std::string message) {
    Finding finding;
    finding.kind = "barrier_divergence";
    finding.message = std::move(message);
    finding.where = block.grid.first;
    finding.kernel = block.launch->name;
    finding.block = block.index;
    report(finding);
    block.run->abort(cudaErrorLaunchFailure);
}

// With the lock held. A block that has returned never comes: the hardware would hang.
void release_grid(LaunchRun& run, BlockRun& block) {
    if (run.grid_arrived + run.blocks_finished < run.blocks || run.grid_arrived == 0) return;
    if (run.blocks_finished > 0) {
        abort_with(block, std::to_string(run.blocks_finished) + " of " + std::to_string(run.blocks) +
                              " blocks returned without the grid.sync() that the others wait at");
        return;
    }
    CODEPAR_HOOK(grid_synchronised());
    run.grid_arrived = 0;
    run.grid_generation.fetch_add(1);
}

}  // namespace

void release_barrier(BlockRun& block) {
    Barrier& barrier = block.barrier;
    barrier.result_votes = barrier.votes;
    barrier.result_arrived = barrier.waiting.size();
    barrier.votes = 0;
    ++block.barrier_epoch;
#if defined(CODEPAR_CUDA_CHECKED)
    hooks::barrier_released(block.linear);
    if (block.live < block.threads) report_exited(block);
#endif
    wake_block(block, barrier.waiting);
}

void thread_left(BlockRun& block, unsigned linear) {
    --block.live;
    ++block.events;
    Warp& warp = block.warp[linear / 32];
    warp.exited |= 1u << linear % 32;
    if (!block.barrier.waiting.empty() && block.barrier.waiting.size() == block.live) release_barrier(block);
    if (warp.open != nullptr) complete_groups(block, warp);
    if (!warp.active.empty() && (warp.blocked | warp.exited) == warp.present) resolve_active(block, warp);
}

bool arrive_at_grid(BlockRun& block) {
    LaunchRun& run = *block.run;
    if (!block.at_grid) {
        const std::lock_guard<std::mutex> guard(run.grid_lock);
        block.at_grid = true;
        block.grid_seen = run.grid_generation.load();
        ++run.grid_arrived;
        release_grid(run, block);
    }
    if (run.grid_generation.load() == block.grid_seen) return false;
    block.at_grid = false;
    ++block.barrier_epoch;
    wake_block(block, block.grid.waiting);
    return true;
}

void block_left_grid(BlockRun& block) {
    LaunchRun& run = *block.run;
    const std::lock_guard<std::mutex> guard(run.grid_lock);
    ++run.blocks_finished;
    release_grid(run, block);
}

void syncthreads(Location where) {
    const RuntimeSection section;
    wait_at_barrier(where, 0);
}

int syncthreads_count(int predicate, Location where) {
    const RuntimeSection section;
    wait_at_barrier(where, predicate);
    return static_cast<int>(current_block().barrier.result_votes);
}

int syncthreads_and(int predicate, Location where) {
    const RuntimeSection section;
    wait_at_barrier(where, predicate);
    return current_block().barrier.result_votes == current_block().barrier.result_arrived;
}

int syncthreads_or(int predicate, Location where) {
    const RuntimeSection section;
    wait_at_barrier(where, predicate);
    return current_block().barrier.result_votes != 0;
}

void grid_sync(Location where) {
    const RuntimeSection section;
    Fiber& self = current_fiber();
    BlockRun& block = self.block();
    self.where = where;
    if (!block.run->cooperative) {
        report_here("cuda_error", "grid.sync() in a kernel that cudaLaunchCooperativeKernel did not launch", where);
        block.run->abort(cudaErrorLaunchFailure);
        leave_for_good();
    }
    block.grid.first = where;
    begin_wait(self, block, Wait::grid);
    block.grid.waiting.push(&self);
    switch_away(self, block);
}

bool is_cooperative() { return current_thread != nullptr && current_thread->block_state->launch->cooperative; }

// A thread that fences in a loop waits for memory to change.
void threadfence(Scope scope) {
    CODEPAR_HOOK(fence(scope));
    static_cast<void>(scope);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    note_atomic(false);
}

}  // namespace codepar_cuda
