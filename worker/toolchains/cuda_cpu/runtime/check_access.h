// The way of every access of device code: nothing to do (own stack), shared memory, or a page of global memory.
// Limits: what the compiler does not hand over is not seen: locals whose address never leaves the function, accesses that the optimiser removed,
// and code of libraries.
#pragma once

#include <cstddef>
#include <cstdint>

#include "check_bounds.h"
#include "check_host.h"
#include "check_pages.h"
#include "check_race.h"
#include "check_sites.h"
#include "check_state.h"
#include "codepar_cuda/state.h"

namespace codepar_cuda {
namespace check {

// All but the quick cases. Accesses that are wrong end the launch.
void touch_shared(const Touch& touch);
void touch_global(Touch touch);
// An atomic operation of the running thread.
void touch_atomic(Touch touch, bool block_scope);
// Host code reads or writes memory between the device's allocations.
void touch_from_host(std::uintptr_t address, std::size_t bytes, bool write, Site site);
// A volatile or atomic read of the running thread, after it was recorded: those in a row mean that it waits.
void count_poll();

inline void count_access() { current.state->accesses += current.state->accesses != ~std::uint32_t{0}; }

inline bool on_own_stack(std::uintptr_t address) { return address - current.stack < current.stack_bytes; }

inline void touch(std::uintptr_t address, std::size_t bytes, AccessKind kind, Site flags, const void* pc) {
    if (!current.active) {
        if (address - device_low < device_high - device_low && address >= device_low)
            touch_from_host(address, bytes, kind != AccessKind::read, site_of_return(pc));
        if (host_is_counted) count_host_access(address, kind != AccessKind::read);
        return;
    }
    if (something_pending) settle(address, bytes);
    if (on_own_stack(address)) return;
    if (kind != AccessKind::read) current.state->wrote = true;
    Touch touch{address, bytes, kind, site_of_return(pc) | flags, current.launch_start};
    if (address - current.arena < current.arena_bytes) {
        touch.floor = current.block_start;
        touch_shared(touch);
    } else {
        touch_global(touch);
    }
}

}  // namespace check
}  // namespace codepar_cuda
