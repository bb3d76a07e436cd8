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

// Lies above its own stack: the first line is all that a switch touches, the next lines down are the top of the stack.
struct alignas(64) Fiber {
    void* stack_pointer = nullptr;
    Fiber* next = nullptr;  // in the one queue that it is in
    Location where;         // its last barrier or warp operation
    unsigned active_mask = 0;  // what active_lanes() returns
    Wait wait = Wait::nothing;
    bool in_thread = false;  // between the start and the return of a CUDA thread
    bool idle = true;
    Thread thread;  // the CUDA thread that runs on it now
    char* stack_low = nullptr;
    void* sanitizer = nullptr;  // AddressSanitizer's fake stack

    char* stack_high() { return reinterpret_cast<char*>(this); }
    const char* stack_high() const { return reinterpret_cast<const char*>(this); }
    inline BlockRun& block() const;
    // Fetches what a switch to it will touch.
    void prefetch() const {
        for (int line = -4; line <= 0; ++line) __builtin_prefetch(reinterpret_cast<const char*>(this) + 64 * line, 1);
    }
};

// First in, first out.
class FiberQueue {
public:
    bool empty() const { return head_ == nullptr; }
    unsigned size() const { return size_; }
    Fiber* front() const { return head_; }
    void push(Fiber* fiber) {
        fiber->next = nullptr;
        (tail_ != nullptr ? tail_->next : head_) = fiber;
        tail_ = fiber;
        ++size_;
    }
    Fiber* pop() {
        Fiber* fiber = head_;
        if (fiber == nullptr) return nullptr;
        head_ = fiber->next;
        if (head_ == nullptr) tail_ = nullptr;
        --size_;
        return fiber;
    }
    void clear() { head_ = tail_ = nullptr, size_ = 0; }
    // Moves all of `other` behind what is here.
    void append(FiberQueue& other) {
        if (other.head_ == nullptr) return;
        (tail_ != nullptr ? tail_->next : head_) = other.head_;
        tail_ = other.tail_;
        size_ += other.size_;
        other.clear();
    }

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
void announce_switch(void** keep, const char* stack_low, const char* stack_high);
void announce_arrival(void* kept);
extern bool address_sanitizer;

inline void before_switch(void** keep, const char* stack_low, const char* stack_high) {
    if (__builtin_expect(address_sanitizer, 0)) announce_switch(keep, stack_low, stack_high);
}
inline void after_switch(void* kept) {
    if (__builtin_expect(address_sanitizer, 0)) announce_arrival(kept);
}

// The stack of the calling thread of the operating system.
struct StackBounds {
    char* low;
    char* high;
};
StackBounds own_stack();

}  // namespace codepar_cuda
