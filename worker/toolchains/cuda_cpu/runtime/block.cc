// A resident block: its start and end, and what the return of one of its threads means to the others.
// Limits: the arena holds 48 KiB of static and 96 KiB of dynamic shared memory, whatever the kernel asks for.
#include <sys/mman.h>

#include <cstring>
#include <new>

#include "arena.h"
#include "codepar_cuda/hooks.h"
#include "codepar_cuda/schedule.h"
#include "run.h"
#include "worker.h"

namespace codepar_cuda {

void LaunchRun::abort(int code) {
    int none = 0;
    error.compare_exchange_strong(none, code);
}

BlockRun::BlockRun() {
    void* memory = mmap(nullptr, arena_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    arena = static_cast<char*>(memory);
    arena_size = arena_bytes;
    dynamic = arena + static_bytes;
}

void BlockRun::begin(LaunchRun& launch_run, std::uint64_t number, std::uint64_t fresh_serial) {
    launch = run = &launch_run;
    linear = number;
    serial = fresh_serial;
    const dim3 grid_extent = launch_run.grid;
    const std::uint64_t row = number / grid_extent.x;
    index = uint3{static_cast<unsigned>(number % grid_extent.x), static_cast<unsigned>(row % grid_extent.y),
                  static_cast<unsigned>(row / grid_extent.y)};
    threads = live = launch_run.block_threads;
    next_thread = 0;
    barrier_epoch = 0;
    barrier.votes = 0;
    at_grid = false;
    warps = (threads + 31) / 32;
    for (unsigned number_of_warp = 0; number_of_warp < warps; ++number_of_warp) {
        Warp& fresh = warp[number_of_warp];
        const unsigned lanes = threads - number_of_warp * 32;
        fresh.present = lanes >= 32 ? 0xffffffffu : (1u << lanes) - 1;
        fresh.exited = fresh.blocked = 0;
        fresh.open = nullptr;
    }
    shared.clear();
    shared_used = shared_offset = 0;
    std::memset(dynamic, schedule().fill, launch_run.shared_bytes);
    CODEPAR_HOOK(block_begin(linear, index, arena, arena_size));
#if defined(CODEPAR_CUDA_CHECKED)
    if (launch_run.shared_bytes > 0) hooks::dynamic_shared_declared(linear, dynamic, launch_run.shared_bytes);
#endif
}

void BlockRun::end() {
    CODEPAR_HOOK(block_end(linear));
    if (live == 0) return;
    // The launch was aborted: nobody comes back to what is queued here.
    ready.clear();
    spinning.clear();
    barrier.waiting.clear();
    grid.waiting.clear();
    for (Warp& left : warp) left.active.clear();
    free_groups = nullptr;
    for (const auto& group : groups) {
        group->waiting.clear();
        group->next = free_groups;
        free_groups = group.get();
    }
}

LaneGroup* BlockRun::new_group() {
    if (free_groups == nullptr) {
        groups.push_back(std::make_unique<LaneGroup>());
        groups.back()->next = nullptr;
        free_groups = groups.back().get();
    }
    WarpGroup* group = free_groups;
    free_groups = group->next;
    return static_cast<LaneGroup*>(group);
}

}  // namespace codepar_cuda
