// A worker: one thread of the operating system that runs blocks, and the calls by which the running CUDA thread gives way.
// Limits: everything here but post_abort and `progress` belongs to the worker's own thread.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <vector>

#include "run.h"

namespace codepar_cuda {

// What a signal handler notes about a fault in a kernel; the scheduler reports it.
struct Fault {
    int signal = 0;
    std::uintptr_t address = 0;
    std::uintptr_t pc = 0;
};

// On cache lines of its own: every switch writes to it.
struct alignas(128) Worker {
    void* scheduler = nullptr;  // stack pointer of run()
    Fiber* volatile current = nullptr;
    BlockRun* block = nullptr;
    LaunchRun* launch = nullptr;
    FiberStore fibers;
    std::vector<BlockRun*> resident, spare;
    std::uint64_t serial = 0;
    volatile std::uint64_t progress = 0;        // read by the watchdog
    volatile std::uintptr_t sampled_pc = 0;  // where the watchdog's signal found user code
    Fault fault;
    pthread_t system_thread{};
    volatile bool running = false;
    void* sanitizer = nullptr;
    StackBounds stack{nullptr, nullptr};

    // Runs blocks of the launch until none is left or it is aborted.
    void run(LaunchRun& launch);

private:
    bool admit();
    bool drive(BlockRun& block);
    bool drive_spinning(BlockRun& block);
    void drain(BlockRun& block);
    void enter(BlockRun& block, Fiber* fiber);
    void leave(std::size_t index);
    bool pass();
    void wait_for_others(unsigned fruitless);
    void abandon();
};

extern __thread Worker* this_worker;

// Called by the running CUDA thread, inside a RuntimeSection. First it says what it waits for and enters a queue, then it
// switches away; make_ready may come in between.
void begin_wait(Wait wait);
void switch_away();
// For one that spins: after all that can run, in every resident block.
void give_way_spinning();
// The last switch of a thread whose launch has been aborted.
[[noreturn]] void leave_for_good();
void make_ready(BlockRun& block, Fiber* fiber);

inline Fiber& current_fiber() { return *this_worker->current; }
inline BlockRun& current_block() { return *this_worker->current->block; }

}  // namespace codepar_cuda
