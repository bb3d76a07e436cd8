// Stacks for CUDA threads that wait, and the switch between them.
// Limits: x86-64 and aarch64; a fiber stays on the thread of the operating system that it started on; the floating-point
// control word is not part of a fiber.
#pragma once

#include <cstddef>
#include <vector>

#include "codepar_cuda/location.h"
#include "codepar_cuda/state.h"
#include "codepar_cuda/warp.h"

extern "C" {
// Saves the caller's registers and stack pointer in *save and goes on where `load` was saved.
void codepar_cuda_switch(void** save, void* load);
// The second half of it, for a signal handler that leaves the interrupted fiber for good.
void codepar_cuda_resume(void* load);
}

namespace codepar_cuda {

struct BlockRun;

// What a CUDA thread that does not run waits for.
enum class Wait : unsigned char { nothing, barrier, grid, warp, active, spin };

struct Fiber {
    void* stack_pointer = nullptr;
    char* stack_low = nullptr;
    char* stack_high = nullptr;
    Fiber* next = nullptr;  // in the one queue that it is in
    BlockRun* block = nullptr;
    Thread thread;   // the CUDA thread that runs on it now
    Location where;  // its last barrier or warp operation
    Wait wait = Wait::nothing;
    bool idle = true;
    unsigned active_mask = 0;   // what active_lanes() returns
    void* sanitizer = nullptr;  // AddressSanitizer's fake stack
};

// First in, first out.
class FiberQueue {
public:
    bool empty() const { return head_ == nullptr; }
    unsigned size() const { return size_; }
    Fiber* front() const { return head_; }
    void push(Fiber* fiber);
    Fiber* pop();
    void clear() { head_ = tail_ = nullptr, size_ = 0; }
    // Moves all of `other` behind what is here.
    void append(FiberQueue& other);

private:
    Fiber* head_ = nullptr;
    Fiber* tail_ = nullptr;
    unsigned size_ = 0;
};

// The fibers of one worker: made when needed, reused, never given back.
class FiberStore {
public:
    // An idle fiber, or nullptr when the address space or the limit of the process is used up.
    Fiber* acquire();
    void release(Fiber* fiber);
    // Every fiber idle and at its start again, whatever it was doing.
    void reset();
    unsigned in_use() const { return in_use_; }
    // The limit of all workers together is shared among them.
    static void set_workers(int workers);

private:
    bool grow();
    bool add_stacks(std::size_t count, std::size_t stack_bytes);

    Fiber* primary_ = nullptr;  // has the largest stack; taken first
    Fiber* idle_ = nullptr;
    std::vector<Fiber*> all_;
    unsigned in_use_ = 0;
};

// Puts the fiber at the start of fiber_main.
void prepare(Fiber* fiber);
// What every fiber runs, for ever; defined by the scheduler.
[[noreturn]] void fiber_main();
// True if `address` lies in the guard below the fiber's stack.
bool in_guard(const Fiber& fiber, const void* address);

// Announce a switch to AddressSanitizer, where the program has it. `keep` keeps the fake stack of the one that leaves.
void before_switch(void** keep, const char* stack_low, const char* stack_high);
void after_switch(void* kept);
// The stack of the calling thread of the operating system.
struct StackBounds {
    char* low;
    char* high;
};
StackBounds own_stack();

}  // namespace codepar_cuda
