// What the compiler calls (-fsanitize=thread) before each read and write: our own functions under ThreadSanitizer's names.
// Limits: g++ 12 and later, clang++ 14 and later; a function that the compiler adds later is an undefined reference at the link, never a gap.
#include <cstring>

#include "check_access.h"
#include "check_memory.h"

namespace {

using codepar_cuda::check::AccessKind;
using codepar_cuda::check::count_poll;
using codepar_cuda::check::current;
using codepar_cuda::check::fail_misaligned;
using codepar_cuda::check::Site;
using codepar_cuda::check::site_of_return;
using codepar_cuda::check::site_volatile;
using codepar_cuda::check::Touch;

template <std::size_t Bytes, bool Aligned>
inline void access(const void* place, AccessKind kind, Site flags, const void* pc) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    if (Aligned && Bytes > 1 && address % Bytes != 0 && current.active)
        fail_misaligned(Touch{address, Bytes, kind, site_of_return(pc), 0}, Bytes);
    codepar_cuda::check::touch(address, Bytes, kind, flags, pc);
}

inline void range(const void* place, unsigned long bytes, AccessKind kind, const void* pc) {
    if (bytes != 0) codepar_cuda::check::touch(reinterpret_cast<std::uintptr_t>(place), bytes, kind, 0, pc);
}

// A copy or fill that became a call. In host code it is one in bulk, which computes nothing.
inline void bulk(const void* place, unsigned long bytes, AccessKind kind, const void* pc) {
    const bool counted = codepar_cuda::check::pause_host_count();
    range(place, bytes, kind, pc);
    if (counted) codepar_cuda::check::count_host_copy(reinterpret_cast<std::uintptr_t>(place), bytes);
}

inline void poll() {
    if (current.active) count_poll();
}

inline void progress() {
    if (current.active) current.state->polls = 0;
}

}  // namespace

#define CODEPAR_PC __builtin_return_address(0)
#define CODEPAR_ENTRY(bytes)                                                                                                      \
    void __tsan_read##bytes(void* p) { access<bytes, true>(p, AccessKind::read, 0, CODEPAR_PC); }                                 \
    void __tsan_write##bytes(void* p) { access<bytes, true>(p, AccessKind::write, 0, CODEPAR_PC); }                               \
    void __tsan_unaligned_read##bytes(void* p) { access<bytes, false>(p, AccessKind::read, 0, CODEPAR_PC); }                      \
    void __tsan_unaligned_write##bytes(void* p) { access<bytes, false>(p, AccessKind::write, 0, CODEPAR_PC); }                    \
    void __tsan_read_write##bytes(void* p) { access<bytes, true>(p, AccessKind::write, 0, CODEPAR_PC); }                          \
    void __tsan_unaligned_read_write##bytes(void* p) { access<bytes, false>(p, AccessKind::write, 0, CODEPAR_PC); }               \
    void __tsan_volatile_read##bytes(void* p) {                                                                                   \
        access<bytes, true>(p, AccessKind::read, site_volatile, CODEPAR_PC);                                                      \
        poll();                                                                                                                   \
    }                                                                                                                             \
    void __tsan_volatile_write##bytes(void* p) {                                                                                  \
        access<bytes, true>(p, AccessKind::write, site_volatile, CODEPAR_PC);                                                     \
        progress();                                                                                                               \
    }                                                                                                                             \
    void __tsan_unaligned_volatile_read##bytes(void* p) {                                                                         \
        access<bytes, false>(p, AccessKind::read, site_volatile, CODEPAR_PC);                                                     \
        poll();                                                                                                                   \
    }                                                                                                                             \
    void __tsan_unaligned_volatile_write##bytes(void* p) {                                                                        \
        access<bytes, false>(p, AccessKind::write, site_volatile, CODEPAR_PC);                                                    \
        progress();                                                                                                               \
    }

extern "C" {

CODEPAR_ENTRY(1)
CODEPAR_ENTRY(2)
CODEPAR_ENTRY(4)
CODEPAR_ENTRY(8)
CODEPAR_ENTRY(16)

void __tsan_read_range(void* p, unsigned long bytes) { range(p, bytes, AccessKind::read, CODEPAR_PC); }
void __tsan_write_range(void* p, unsigned long bytes) { range(p, bytes, AccessKind::write, CODEPAR_PC); }

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_ignore_thread_begin() {}
void __tsan_ignore_thread_end() {}

// Copies that became calls (codepar_cuda/checked_copies.h; __tsan_mem* are clang's names).
#define CODEPAR_COPY(name, copy)                                     \
    void* name(void* to, const void* from, unsigned long bytes) {    \
        bulk(from, bytes, AccessKind::read, CODEPAR_PC);             \
        bulk(to, bytes, AccessKind::write, CODEPAR_PC);              \
        return copy(to, from, bytes);                                \
    }
#define CODEPAR_FILL(name)                                           \
    void* name(void* to, int value, unsigned long bytes) {           \
        bulk(to, bytes, AccessKind::write, CODEPAR_PC);              \
        return memset(to, value, bytes);                             \
    }

CODEPAR_COPY(codepar_cuda_memcpy, memcpy)
CODEPAR_COPY(codepar_cuda_memmove, memmove)
CODEPAR_COPY(__tsan_memcpy, memcpy)
CODEPAR_COPY(__tsan_memmove, memmove)
CODEPAR_FILL(codepar_cuda_memset)
CODEPAR_FILL(__tsan_memset)

}  // extern "C"
