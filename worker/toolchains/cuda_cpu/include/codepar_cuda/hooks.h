// What the checks (memory, race) are told by the core and the API. The plain build has none of it: the calls stand behind
// CODEPAR_CUDA_CHECKED; in the checked build runtime/check_*.cc defines these functions.
// Limits: all are called on the one thread of the operating system that runs the launch.
#pragma once

#include <cstddef>

#include "codepar_cuda/barrier.h"
#include "codepar_cuda/location.h"
#include "codepar_cuda/state.h"

// CODEPAR_HOOK(fence(scope)): the call in the checked build, nothing in the plain one.
#if defined(CODEPAR_CUDA_CHECKED)
#define CODEPAR_HOOK(call) ::codepar_cuda::hooks::call
#else
#define CODEPAR_HOOK(call) static_cast<void>(0)
#endif

namespace codepar_cuda {

enum class AllocationKind { device, managed, host_pinned };
enum class AtomicKind { load, store, rmw };

namespace hooks {

void launch_begin(const char* kernel, Location where, dim3 grid, dim3 block);
// Where the arguments' copies lie that every thread reads.
void launch_arguments(const void* arguments, std::size_t bytes);
void launch_end();
// The block's shared memory, static and dynamic, lies in [arena, arena + arena_size).
void block_begin(unsigned long long block_linear, uint3 block_index, void* arena, std::size_t arena_size);
void block_end(unsigned long long block_linear);
// Every time a CUDA thread starts or goes on; its stack is [stack_low, stack_high).
void thread_resume(unsigned long long block_linear, unsigned thread_linear, const void* stack_low, const void* stack_high);
// The thread leaves user code for the scheduler.
void thread_pause();
void thread_end(unsigned long long block_linear, unsigned thread_linear);
// Every live thread of the block has arrived and none has gone on.
void barrier_released(unsigned long long block_linear);
// Every block of a cooperative grid has arrived and none has gone on.
void grid_synchronised();
// The lanes of the mask have completed a warp operation together and none has gone on.
void warp_synchronised(unsigned long long block_linear, unsigned warp, unsigned lane_mask);
// The place of the atomic_access that follows.
void at(Location where);
// Before the operation.
void atomic_access(const void* place, std::size_t size, AtomicKind kind, Scope scope);
void fence(Scope scope);
// Once for each block and variable.
void shared_declared(unsigned long long block_linear, void* place, std::size_t size, const char* name, Location where);
void dynamic_shared_declared(unsigned long long block_linear, void* place, std::size_t size);
void allocated(void* place, std::size_t size, AllocationKind kind, Location where);
void freed(void* place);
// The host or the copy engine writes (to) or reads (from) a range of device memory.
void copied_to(void* place, std::size_t size);
void copied_from(const void* place, std::size_t size);
// Of codepar_cuda/probe.h; `frame` is where the stack of the called function begins.
void host_watch(const char* name, const void* base, std::size_t bytes, std::size_t element_bytes);
void host_enter(const void* frame);
void host_leave();

}  // namespace hooks
}  // namespace codepar_cuda
