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

// The fiber that finds nothing else to run in its block goes back to run().
void switch_to_scheduler(Fiber* from);
// What has not started yet, on a fresh fiber; nullptr: nothing, or no stack for it.
Fiber* fresh_fiber(BlockRun& block);
// The last switch of a thread whose launch has been aborted.
[[noreturn]] void leave_for_good();
// For a thread that spins, inside a RuntimeSection: it goes on after all that can run, in every resident block.
void give_way_spinning();

inline Fiber& current_fiber() { return *this_worker->current; }
inline BlockRun& current_block() { return this_worker->current->block(); }

}  // namespace codepar_cuda
