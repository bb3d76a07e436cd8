// The scheduler. Threads of a block run back to back on one fiber; when one must wait, what is ready goes on, else a new
// fiber starts the next thread. Blocks run one after the other; only when every thread of the resident ones waits for
// memory to change (a spin loop, a grid barrier) does a further block start beside them.
// Limits: threads are not preempted here, see watchdog.cc; a launch whose threads all spin for ever never ends.
#include "worker.h"

#include <sched.h>
#include <time.h>

#include "codepar_cuda/atomics.h"
#include "codepar_cuda/error.h"
#include "codepar_cuda/hooks.h"
#include "codepar_cuda/report.h"
#include "fault.h"
#include "switching.h"

namespace codepar_cuda {

__thread Worker* this_worker;

namespace {

constexpr int out_of_resources = 701;

void start_thread(Fiber& fiber, BlockRun& block) {
    const unsigned linear = static_cast<unsigned>(block.run->thread_order(block.next_thread++));
    const dim3 extent = block.run->block;
    Thread& thread = fiber.thread;
    thread.block_state = &block;
    thread.linear = linear;
    thread.index = uint3{linear, 0, 0};
    if (linear >= extent.x) {
        const unsigned row = linear / extent.x;
        thread.index = uint3{linear % extent.x, row % extent.y, row / extent.y};
    }
    thread.stack_low = fiber.stack_low;
    thread.stack_high = fiber.stack_high();
    fiber.where = Location{};
    fiber.in_thread = true;
    install(fiber);
}

void finish_thread(Fiber& fiber, BlockRun& block) {
    CODEPAR_HOOK(thread_end(block.linear, fiber.thread.linear));
    CODEPAR_HOOK(thread_pause());
    fiber.in_thread = false;
    current_thread = nullptr;
    thread_left(block, fiber.thread.linear);
}

void sleep_microseconds(long microseconds) {
    const timespec duration{0, microseconds * 1000};
    nanosleep(&duration, nullptr);
}

}  // namespace

Fiber* fresh_fiber(BlockRun& block) {
    Fiber* fiber = block.worker->fibers.acquire();
    if (fiber == nullptr) return nullptr;
    fiber->thread.block_state = &block;
    fiber->in_thread = false;
    return fiber;
}

void switch_to_scheduler(Fiber* from) {
    Worker* worker = this_worker;
    before_switch(&from->sanitizer, worker->stack.low, worker->stack.high);
    codepar_cuda_switch(&from->stack_pointer, worker->scheduler);
    after_switch(from->sanitizer);
}

void fiber_main() {
    after_switch(this_worker->current->sanitizer);
    for (;;) {
        Fiber& self = *this_worker->current;
        BlockRun& block = self.block();
        const KernelCall kernel = block.run->kernel;
        while (!block.all_started() && block.ready.empty() && !block.run->aborted()) {
            start_thread(self, block);
            this_worker->progress = this_worker->progress + 1;
            RuntimeSection::depth = 0;
            kernel.call(kernel.context);
            RuntimeSection::depth = 1;
            finish_thread(self, block);
        }
        // Taken first, so that next_fiber does not hand out the fiber that runs here.
        Fiber* next = block.run->aborted() ? nullptr : next_fiber(block);
        block.worker->fibers.release(&self);
        if (next != nullptr) switch_fibers(&self, next);
        else switch_to_scheduler(&self);
    }
}

void give_way_spinning() {
    Fiber& self = current_fiber();
    BlockRun& block = self.block();
    self.wait = Wait::spin;
    block.spinning.push(&self);
    switch_away(self, block);
}

void spin_yield() {
    if (!in_kernel()) return;
    const RuntimeSection section;
    const std::uint64_t before = current_block().events;
    give_way_spinning();
    // Nobody got further: look again after the next turn, not after the next 24.
    spin_turns = current_block().events == before ? spin_limit - 1 : 0;
}

void leave_for_good() {
    CODEPAR_HOOK(thread_pause());
    switch_to_scheduler(this_worker->current);
    __builtin_unreachable();
}

// Runs the fiber, and those it gives way to, until nothing in the block can go on.
void Worker::enter(BlockRun& entered, Fiber* fiber) {
    current = fiber;
    block = &entered;
    progress = progress + 1;
    if (fiber->in_thread) install(*fiber);
    before_switch(&sanitizer, fiber->stack_low, fiber->stack_high());
    codepar_cuda_switch(&scheduler, fiber->stack_pointer);
    if (fault.signal != 0) before_switch(nullptr, stack.low, stack.high);
    after_switch(sanitizer);
    if (fault.signal != 0) settle_fault(*this);
    current = nullptr;
    current_thread = nullptr;
}

void Worker::drain(BlockRun& driven) {
    while (!launch->aborted()) {
        Fiber* fiber = next_fiber(driven);
        if (fiber == nullptr) return;
        enter(driven, fiber);
    }
}

// Gives each spinning thread one turn; true if one of them, or one it woke, got further.
bool Worker::drive_spinning(BlockRun& driven) {
    const std::uint64_t before = driven.events;
    for (unsigned turns = driven.spinning.size(); turns > 0 && !launch->aborted(); --turns) {
        Fiber* fiber = driven.spinning.pop();
        if (fiber == nullptr) break;
        enter(driven, fiber);
    }
    return driven.events != before;
}

// Runs the block as far as it goes; false if it got nowhere.
bool Worker::drive(BlockRun& driven) {
    const std::uint64_t before = driven.events;
    if (driven.at_grid && !arrive_at_grid(driven)) return false;
    do {
        drain(driven);
        if (launch->aborted() || driven.live == 0) return true;
        if (driven.spinning.empty() && driven.ready.empty()) {
            if (resolve_all_active(driven)) continue;
            if (!driven.all_started()) return driven.events != before;  // no stack to be had for the next thread
            if (driven.grid.waiting.size() == driven.live) return arrive_at_grid(driven) || driven.events != before;
            report_divergence(driven);
            launch->abort(cudaErrorLaunchFailure);
            return true;
        }
        if (!drive_spinning(driven) && !resolve_all_active(driven)) return driven.events != before;
    } while (true);
}

bool Worker::admit() {
    if (launch->next_block.load(std::memory_order_relaxed) >= launch->blocks) return false;
    const std::uint64_t number = launch->next_block.fetch_add(1, std::memory_order_relaxed);
    if (number >= launch->blocks) return false;
    if (spare.empty()) spare.push_back(new BlockRun);
    BlockRun* fresh = spare.back();
    spare.pop_back();
    fresh->worker = this;
    fresh->begin(*launch, launch->block_order(number), ++serial);
    resident.push_back(fresh);
    return true;
}

void Worker::leave(std::size_t index) {
    BlockRun* finished = resident[index];
    resident.erase(resident.begin() + static_cast<std::ptrdiff_t>(index));
    finished->end();
    spare.push_back(finished);
    if (launch->cooperative) block_left_grid(*finished);
}

// One turn of every resident block; false if none got further.
bool Worker::pass() {
    bool further = false;
    for (std::size_t index = 0; index < resident.size() && !launch->aborted();) {
        BlockRun& driven = *resident[index];
        further = drive(driven) || further;
        if (driven.live == 0) leave(index);
        else ++index;
    }
    return further;
}

void Worker::wait_for_others(unsigned fruitless) {
    bool spins = false, starved = false;
    for (const BlockRun* waiting : resident) {
        spins = spins || !waiting->spinning.empty();
        starved = starved || !waiting->all_started();
    }
    if (starved && !spins && launch->workers.load() == 1) {
        Finding finding;
        finding.kind = "cuda_error";
        finding.message = "no address space is left for the stacks of the threads that wait";
        finding.where = launch->where;
        finding.kernel = launch->name;
        report(finding);
        launch->abort(out_of_resources);
        return;
    }
    // With several workers the thread that is waited for may just be running: give it a while.
    const bool alone = launch->workers.load(std::memory_order_relaxed) == 1;
    if (!starved && (alone || !spins || fruitless % 16 == 15) && admit()) return;
    if (fruitless > 2000) sleep_microseconds(50);
    else sched_yield();
}

void Worker::abandon() {
    for (BlockRun* block_run : resident) {
        block_run->end();
        spare.push_back(block_run);
    }
    resident.clear();
    fibers.reset();
}

void Worker::run(LaunchRun& run_launch) {
    launch = &run_launch;
    gridDim = run_launch.grid;
    blockDim = run_launch.block;
    RuntimeSection::depth = 1;
    running = true;
    unsigned fruitless = 0;
    while (!launch->aborted()) {
        if (resident.empty() && !admit()) break;
        if (pass()) fruitless = 0;
        else if (!launch->aborted()) wait_for_others(fruitless++);
    }
    running = false;
    if (launch->aborted()) abandon();
    RuntimeSection::depth = 0;
    launch = nullptr;
}

}  // namespace codepar_cuda
