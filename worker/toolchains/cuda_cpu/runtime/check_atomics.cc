// Atomic operations that the compiler hands over from units it instruments (__atomic built-ins, std::atomic): done and, in device code,
// recorded with system scope and their memory order. CUDA's own functions come through hooks::atomic_access instead.
// Limits: 16-byte operations need the processor's instruction; the order is at least the one asked for (sequentially consistent).
#include "check_access.h"
#include "check_order.h"

namespace {

using namespace codepar_cuda::check;

// Orders of the interface: relaxed 0, consume 1, acquire 2, release 3, acquire and release 4, sequentially consistent 5.
bool releases(int order) { return order >= 3; }

inline void record(const volatile void* place, std::size_t bytes, bool reads, bool writes, int order, const void* pc) {
    if (!current.active) return;
    if (writes && releases(order)) fence_thread(true);
    Touch touch{reinterpret_cast<std::uintptr_t>(place), bytes, AccessKind::atomic, site_of_return(pc), current.launch_start, reads, writes};
    touch_atomic(touch, false);
}

inline void waited(bool changed) {
    if (!current.active) return;
    if (changed) {
        current.state->polls = 0;
    } else {
        count_poll();
    }
}

}  // namespace

#define CODEPAR_PC __builtin_return_address(0)
#define CODEPAR_FETCH(bits, type, name)                                                      \
    type __tsan_atomic##bits##_##name(volatile type* place, type value, int order) {         \
        record(place, sizeof(type), true, true, order, CODEPAR_PC);                          \
        const type old = __atomic_##name(place, value, __ATOMIC_SEQ_CST);                    \
        waited(*place != old);                                                               \
        return old;                                                                          \
    }
#define CODEPAR_EXCHANGE(bits, type, form, weak)                                                                        \
    int __tsan_atomic##bits##_compare_exchange_##form(volatile type* place, type* expected, type value, int order, int) { \
        record(place, sizeof(type), true, true, order, CODEPAR_PC);                                                     \
        const bool done = __atomic_compare_exchange_n(place, expected, value, weak, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        waited(done);                                                                                                   \
        return done;                                                                                                    \
    }
#define CODEPAR_ATOMIC(bits, type)                                                           \
    type __tsan_atomic##bits##_load(const volatile type* place, int order) {                 \
        record(place, sizeof(type), true, false, order, CODEPAR_PC);                         \
        waited(false);                                                                       \
        return __atomic_load_n(place, __ATOMIC_SEQ_CST);                                     \
    }                                                                                        \
    void __tsan_atomic##bits##_store(volatile type* place, type value, int order) {          \
        record(place, sizeof(type), false, true, order, CODEPAR_PC);                         \
        __atomic_store_n(place, value, __ATOMIC_SEQ_CST);                                    \
        waited(true);                                                                        \
    }                                                                                        \
    type __tsan_atomic##bits##_exchange(volatile type* place, type value, int order) {       \
        record(place, sizeof(type), true, true, order, CODEPAR_PC);                          \
        const type old = __atomic_exchange_n(place, value, __ATOMIC_SEQ_CST);                \
        waited(old != value);                                                                \
        return old;                                                                          \
    }                                                                                        \
    CODEPAR_FETCH(bits, type, fetch_add)                                                     \
    CODEPAR_FETCH(bits, type, fetch_sub)                                                     \
    CODEPAR_FETCH(bits, type, fetch_and)                                                     \
    CODEPAR_FETCH(bits, type, fetch_or)                                                      \
    CODEPAR_FETCH(bits, type, fetch_xor)                                                     \
    CODEPAR_FETCH(bits, type, fetch_nand)                                                    \
    CODEPAR_EXCHANGE(bits, type, strong, false)                                              \
    CODEPAR_EXCHANGE(bits, type, weak, true)                                                 \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type* place, type expected, type value, int order, int other) { \
        __tsan_atomic##bits##_compare_exchange_strong(place, &expected, value, order, other); \
        return expected;                                                                     \
    }

extern "C" {

CODEPAR_ATOMIC(8, unsigned char)
CODEPAR_ATOMIC(16, unsigned short)
CODEPAR_ATOMIC(32, unsigned int)
CODEPAR_ATOMIC(64, unsigned long)

void __tsan_atomic_thread_fence(int) {
    if (current.active) fence_thread(true);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
