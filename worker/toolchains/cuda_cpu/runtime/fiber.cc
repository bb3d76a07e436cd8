// The stacks of fibers. The first fiber of a worker has 1 MiB, for kernels that keep large arrays on their stack and never
// wait; the next 1,024 have 256 KiB, further ones 64 KiB, as only kernels whose blocks wait for each other need those.
// Limits: at most 16,384 fibers in the process (the kernel allows about 65,000 mappings); below each lies a guard of 16 KiB,
// which a single frame larger than that can jump over.
#include "fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <cstdint>
#include <new>

extern "C" {
void __sanitizer_start_switch_fiber(void**, const void*, std::size_t) __attribute__((weak));
void __sanitizer_finish_switch_fiber(void*, const void**, std::size_t*) __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void*, std::size_t) __attribute__((weak));
}

namespace codepar_cuda {
namespace {

constexpr std::size_t guard_bytes = 16 << 10;
constexpr std::size_t primary_stack = 1 << 20, usual_stack = 256 << 10, small_stack = 64 << 10;
constexpr unsigned usual_stacks = 1024, most_fibers = 16384, fibers_of_a_growth = 32;

unsigned limit_of_a_worker = most_fibers;

}  // namespace

void prepare(Fiber* fiber) {
    if (__asan_unpoison_memory_region != nullptr) {
        __asan_unpoison_memory_region(fiber->stack_low, static_cast<std::size_t>(fiber->stack_high() - fiber->stack_low));
    }
    void** top = reinterpret_cast<void**>(fiber->stack_high());
    // Return address 0: where a debugger's walk ends.
    *--top = nullptr;
    *--top = nullptr;
#if defined(__x86_64__)
    *--top = nullptr;  // fiber_main finds the stack as after a call: 8 bytes off a multiple of 16
    *--top = reinterpret_cast<void*>(&fiber_main);
    for (int saved = 0; saved < 6; ++saved) *--top = nullptr;
#elif defined(__aarch64__)
    for (int saved = 0; saved < 20; ++saved) *--top = nullptr;
    top[11] = reinterpret_cast<void*>(&fiber_main);  // x30
#endif
    fiber->stack_pointer = top;
    fiber->sanitizer = nullptr;
    fiber->in_thread = false;
}

bool FiberStore::add_stacks(std::size_t count, std::size_t stack_bytes) {
    const std::size_t stride = stack_bytes + guard_bytes;
    void* memory = mmap(nullptr, count * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return false;
    char* base = static_cast<char*>(memory);
    for (std::size_t index = 0; index < count; ++index, base += stride) {
        mprotect(base, guard_bytes, PROT_NONE);
        // Tops at different offsets in their pages: equal ones would fight for the same lines of the cache.
        char* top = base + stride - sizeof(Fiber) - (all_.size() % 8) * 448;
        Fiber* fiber = new (top) Fiber;
        fiber->stack_low = base + guard_bytes;
        prepare(fiber);
        all_.push_back(fiber);
        if (primary_ == nullptr) {
            primary_ = fiber;
            continue;
        }
        fiber->next = idle_;
        idle_ = fiber;
    }
    return true;
}

bool FiberStore::grow() {
    if (all_.empty()) return add_stacks(1, primary_stack) || add_stacks(1, usual_stack) || add_stacks(1, small_stack);
    if (all_.size() >= limit_of_a_worker) return false;
    if (all_.size() <= usual_stacks && add_stacks(fibers_of_a_growth, usual_stack)) return true;
    return add_stacks(fibers_of_a_growth, small_stack);
}

Fiber* FiberStore::acquire() {
    if (primary_ == nullptr && !grow()) return nullptr;
    Fiber* fiber = primary_;
    if (!fiber->idle) {
        if (idle_ == nullptr && !grow()) return nullptr;
        fiber = idle_;
        idle_ = fiber->next;
    }
    fiber->idle = false;
    ++in_use_;
    return fiber;
}

void FiberStore::release(Fiber* fiber) {
    fiber->idle = true;
    --in_use_;
    if (fiber == primary_) return;
    fiber->next = idle_;
    idle_ = fiber;
}

void FiberStore::reset() {
    idle_ = nullptr;
    in_use_ = 0;
    for (auto fiber = all_.rbegin(); fiber != all_.rend(); ++fiber) {
        (*fiber)->idle = true;
        prepare(*fiber);
        if (*fiber == primary_) continue;
        (*fiber)->next = idle_;
        idle_ = *fiber;
    }
}

void FiberStore::set_workers(int workers) { limit_of_a_worker = most_fibers / static_cast<unsigned>(workers); }

bool in_guard(const Fiber& fiber, const void* address) {
    const char* place = static_cast<const char*>(address);
    return place < fiber.stack_low && place >= fiber.stack_low - guard_bytes;
}

bool address_sanitizer = __sanitizer_start_switch_fiber != nullptr && __sanitizer_finish_switch_fiber != nullptr;

void announce_switch(void** keep, const char* stack_low, const char* stack_high) {
    __sanitizer_start_switch_fiber(keep, stack_low, static_cast<std::size_t>(stack_high - stack_low));
}

void announce_arrival(void* kept) { __sanitizer_finish_switch_fiber(kept, nullptr, nullptr); }

StackBounds own_stack() {
    pthread_attr_t attributes;
    void* low = nullptr;
    std::size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &low, &size);
        pthread_attr_destroy(&attributes);
    }
    return {static_cast<char*>(low), static_cast<char*>(low) + size};
}

}  // namespace codepar_cuda
