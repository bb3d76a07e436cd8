// The writable side of codepar_cuda/identity.h, for the scheduler alone.
// Limits: never included by user code or beside codepar_cuda/identity.h.
#pragma once

#include "codepar_cuda/state.h"

extern __thread uint3 threadIdx;
extern __thread uint3 blockIdx;
extern __thread dim3 blockDim;
extern __thread dim3 gridDim;

namespace codepar_cuda {

extern __thread std::uint64_t current_block_serial;
extern __thread int spin_turns;

}  // namespace codepar_cuda
