// __syncthreads and its voting forms, and the fences.
// Limits: a barrier waits for every thread of the block that has not returned; named barriers (bar.sync id) are not
// supported. Locations come from default arguments, so no macro stands in the way of user code.
#pragma once

#include "codepar_cuda/location.h"

namespace codepar_cuda {

enum class Scope { thread, warp, block, device, system };

void syncthreads(Location where);
// Number of threads of the block whose predicate is not 0.
int syncthreads_count(int predicate, Location where);
int syncthreads_and(int predicate, Location where);
int syncthreads_or(int predicate, Location where);
// All threads of a cooperative launch; outside one, a finding and cudaErrorLaunchFailure.
void grid_sync(Location where);
bool is_cooperative();

void threadfence(Scope scope);

}  // namespace codepar_cuda

inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    codepar_cuda::syncthreads({file, line});
}
inline int __syncthreads_count(int predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return codepar_cuda::syncthreads_count(predicate, {file, line});
}
inline int __syncthreads_and(int predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return codepar_cuda::syncthreads_and(predicate, {file, line});
}
inline int __syncthreads_or(int predicate, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return codepar_cuda::syncthreads_or(predicate, {file, line});
}
inline void __threadfence_block() { codepar_cuda::threadfence(codepar_cuda::Scope::block); }
inline void __threadfence() { codepar_cuda::threadfence(codepar_cuda::Scope::device); }
inline void __threadfence_system() { codepar_cuda::threadfence(codepar_cuda::Scope::system); }
