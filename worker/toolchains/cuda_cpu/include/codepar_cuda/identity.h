// Who the running CUDA thread is: threadIdx, blockIdx, blockDim, gridDim and warpSize, as CUDA declares them, in the
// global namespace; a local of the same name in host code hides them as it does under nvcc.
// Limits: outside a kernel they keep their last values. They are __thread, not thread_local, because GCC then reads them
// without a call to an initialiser; a CUDA thread never moves to another thread of the operating system.
#pragma once

#include "vector_types.h"

extern const __thread uint3 threadIdx;
extern const __thread uint3 blockIdx;
extern const __thread dim3 blockDim;
extern const __thread dim3 gridDim;
constexpr int warpSize = 32;
