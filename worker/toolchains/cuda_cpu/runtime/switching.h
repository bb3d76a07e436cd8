// How the running CUDA thread waits: it says so, enters a queue, and switches away. Inline, so that a barrier costs one frame
// on the stack of each thread: with hundreds of stacks the cache is what a switch waits for.
// Limits: only inside a RuntimeSection, on a fiber.
#pragma once

#include "codepar_cuda/hooks.h"
#include "identity.h"
#include "worker.h"

// The compiler would rather share these; a shared copy is one more frame.
#define CODEPAR_ALWAYS_INLINE inline __attribute__((always_inline))

namespace codepar_cuda {

CODEPAR_ALWAYS_INLINE void install(Fiber& fiber) {
    const BlockRun& block = fiber.block();
    fiber.wait = Wait::nothing;
    threadIdx = fiber.thread.index;
    blockIdx = block.index;
    current_block_serial = block.serial;
    current_thread = &fiber.thread;
    spin_turns = 0;
    CODEPAR_HOOK(thread_resume(block.linear, fiber.thread.linear, fiber.stack_low, fiber.stack_high()));
}

// What runs next in the block, without those that spin.
CODEPAR_ALWAYS_INLINE Fiber* next_fiber(BlockRun& block) {
    if (Fiber* fiber = block.ready.pop()) {
        if (const Fiber* following = block.ready.front()) following->prefetch();
        return fiber;
    }
    return block.all_started() ? nullptr : fresh_fiber(block);
}

CODEPAR_ALWAYS_INLINE void switch_fibers(Fiber* from, Fiber* to) {
    Worker* worker = this_worker;
    worker->current = to;
    worker->progress = worker->progress + 1;
    if (to->in_thread) install(*to);
    before_switch(&from->sanitizer, to->stack_low, to->stack_high());
    codepar_cuda_switch(&from->stack_pointer, to->stack_pointer);
    after_switch(from->sanitizer);
}

CODEPAR_ALWAYS_INLINE void begin_wait(Fiber& self, BlockRun& block, Wait wait) {
    self.wait = wait;
    block.warp[self.thread.linear / 32].blocked |= 1u << self.thread.linear % 32;
    ++block.events;
}

CODEPAR_ALWAYS_INLINE void switch_away(Fiber& self, BlockRun& block) {
    Warp& warp = block.warp[self.thread.linear / 32];
    if (__builtin_expect(!warp.active.empty() && (warp.blocked | warp.exited) == warp.present, 0)) resolve_active(block, warp);
    CODEPAR_HOOK(thread_pause());
    Fiber* next = block.run->aborted() ? nullptr : next_fiber(block);
    if (next == &self) install(self);
    else if (next != nullptr) switch_fibers(&self, next);
    else switch_to_scheduler(&self);
}

// The lanes of one warp go on, in the order in which they came.
inline void wake_lanes(BlockRun& block, Warp& warp, unsigned lanes, FiberQueue& waiting) {
    warp.blocked &= ~lanes;
    block.ready.append(waiting);
    ++block.events;
}

}  // namespace codepar_cuda
