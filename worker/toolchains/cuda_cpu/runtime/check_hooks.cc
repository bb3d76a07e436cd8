// What the core and the API tell: launches, blocks, the running thread, synchronisation, allocations.
// Limits: see codepar_cuda/hooks.h.
#include "codepar_cuda/hooks.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unordered_map>

#include "check_access.h"
#include "check_bounds.h"
#include "check_order.h"
#include "check_pages.h"
#include "check_race.h"
#include "check_sites.h"
#include "codepar_cuda/report.h"
#include "ledger.h"

namespace codepar_cuda {
namespace check {

Current current;
LaunchState launch;
Time now = 1;

const Options& options() {
    static const Options read = [] {
        Options chosen;
        if (const char* const text = std::getenv("CODEPAR_CUDA_CHECKS")) {
            chosen.memory = std::strstr(text, "memory") != nullptr;
            chosen.race = std::strstr(text, "race") != nullptr;
        }
        if (chosen.memory) add_check("memory");
        if (chosen.race) add_check("race");
        return chosen;
    }();
    return read;
}

namespace {

Site atomic_site = 0;

std::unordered_map<std::uint64_t, std::unique_ptr<BlockState>> blocks;
std::vector<std::unique_ptr<BlockState>> spare_blocks;
BlockState* last_block = nullptr;

BlockState& block_at(std::uint64_t linear) {
    if (last_block == nullptr || last_block->linear != linear) last_block = blocks.at(linear).get();
    return *last_block;
}

std::unique_ptr<BlockState> spare_block() {
    if (spare_blocks.empty()) return std::make_unique<BlockState>();
    auto block = std::move(spare_blocks.back());
    spare_blocks.pop_back();
    return block;
}

void reset(BlockState& block, std::uint64_t linear, std::uintptr_t arena, std::size_t bytes) {
    block.linear = linear;
    block.threads = launch.block.x * launch.block.y * launch.block.z;
    block.first = static_cast<std::uint32_t>(linear * block.threads);
    block.start = block.barrier = now++;
    block.view = block.fenced[0] = block.fenced[1] = 0;
    block.fencers[0].clear();
    block.fencers[1].clear();
    block.views_differ = false;
    if (block.arena != arena || block.arena_bytes != bytes || block.generation != shadow_generation())
        block.pages.assign((bytes + page_bytes - 1) / page_bytes, CellPage());
    block.generation = shadow_generation();
    block.arena = arena;
    block.arena_bytes = bytes;
    block.variables.clear();
    block.thread_states.assign(block.threads, ThreadState());
    block.warps.assign((block.threads + 31) / 32, WarpState());
}

void count_work_of(BlockState& block) {
    Work& work = launch.work;
    for (const ThreadState& thread : block.thread_states) {
        work.writers += thread.wrote;
        work.active += thread.global;
        work.accesses += thread.accesses;
        work.busiest = std::max(work.busiest, std::uint64_t{thread.accesses});
    }
}

void synchronise_grid() {
    current.launch_start = now++;
    for (auto& [linear, block] : blocks) {
        synchronise_block(*block);
        block->start = block->barrier;
    }
}

}  // namespace
}  // namespace check

namespace hooks {

using namespace check;

void launch_begin(const char* kernel, Location where, dim3 grid, dim3 block) {
    options();
    add_program_regions();
    trim_shadow();
    blocks.clear();
    last_block = nullptr;
    launch.kernel = kernel;
    launch.where = where;
    launch.grid = grid;
    launch.block = block;
    launch.work = Work();
    launch.atomics.clear();
    launch.argument_bytes = 0;
    launch.running = true;
    current = Current();
    current.launch_start = now++;
}

void launch_arguments(const void* arguments, std::size_t bytes) {
    launch.arguments = reinterpret_cast<std::uintptr_t>(arguments);
    launch.argument_bytes = bytes;
}

void launch_end() {
    for (auto& [linear, block] : blocks) count_work_of(*block);
    blocks.clear();
    last_block = nullptr;
    count_work(launch.kernel, launch.work);
    launch.running = false;
    current = Current();
    something_pending = false;
    forget_views();
}

void block_begin(unsigned long long block_linear, uint3, void* arena, std::size_t arena_size) {
    auto block = spare_block();
    reset(*block, block_linear, reinterpret_cast<std::uintptr_t>(arena), arena_size);
    blocks[block_linear] = std::move(block);
}

void block_end(unsigned long long block_linear) {
    const auto found = blocks.find(block_linear);
    if (found == blocks.end()) return;
    count_work_of(*found->second);
    if (last_block == found->second.get()) last_block = nullptr;
    spare_blocks.push_back(std::move(found->second));
    blocks.erase(found);
}

void thread_resume(unsigned long long block_linear, unsigned thread_linear, const void* stack_low, const void* stack_high) {
    BlockState& block = block_at(block_linear);
    Current& c = current;
    c.active = true;
    c.thread = block.first + thread_linear;
    c.first = block.first;
    c.threads = block.threads;
    c.warp = thread_linear / 32;
    c.lane = thread_linear % 32;
    c.block_start = block.start;
    c.barrier = block.barrier;
    c.arena = block.arena;
    c.arena_bytes = block.arena_bytes;
    c.stack = reinterpret_cast<std::uintptr_t>(stack_low);
    c.stack_bytes = reinterpret_cast<std::uintptr_t>(stack_high) - c.stack;
    c.block = &block;
    c.state = &block.thread_states[thread_linear];
    c.warp_state = &block.warps[c.warp];
}

void thread_pause() {
    if (something_pending) settle(0, 0);
    current.active = false;
}

void thread_end(unsigned long long, unsigned) { thread_pause(); }

void barrier_released(unsigned long long block_linear) { synchronise_block(block_at(block_linear)); }

void grid_synchronised() { synchronise_grid(); }

void warp_synchronised(unsigned long long block_linear, unsigned warp, unsigned lane_mask) {
    synchronise_warp(block_at(block_linear), warp, lane_mask);
}

void at(Location where) { atomic_site = site_of(where); }

void atomic_access(const void* place, std::size_t size, AtomicKind kind, Scope scope) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    Touch touch{address, size, AccessKind::atomic, atomic_site, current.launch_start, kind != AtomicKind::store, kind != AtomicKind::load};
    atomic_site = 0;
    touch_atomic(touch, scope == Scope::block);
}

void fence(Scope scope) {
    if (current.active) fence_thread(scope != Scope::block);
}

void shared_declared(unsigned long long block_linear, void* place, std::size_t size, const char* name, Location where) {
    block_at(block_linear).variables.push_back(SharedVariable{reinterpret_cast<std::uintptr_t>(place), size, name, where});
}

void dynamic_shared_declared(unsigned long long block_linear, void* place, std::size_t size) {
    shared_declared(block_linear, place, size, "extern __shared__", launch.where);
}

void allocated(void* place, std::size_t size, AllocationKind kind, Location where) {
    const Space space = kind == AllocationKind::device ? Space::device : kind == AllocationKind::managed ? Space::managed : Space::host_pinned;
    add_region(reinterpret_cast<std::uintptr_t>(place), size, space, where);
}

void freed(void* place) {
    // A write that waits to be compared must be, while its memory is there.
    if (something_pending) settle(0, 0);
    remove_region(reinterpret_cast<std::uintptr_t>(place));
}

void copied_to(void* place, std::size_t size) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    Region* const region = find_region(address);
    if (region != nullptr && size != 0) mark_written(*region, address, size);
}

void copied_from(const void*, std::size_t) {}

}  // namespace hooks
}  // namespace codepar_cuda
