// The jumps and rounds of cuRAND's generators, which curand_kernel.h is made of; in random.cc.
// Limits: XORWOW and Philox 4x32-10 only.
#pragma once

#include "vector_types.h"

namespace codepar_cuda {

// XORWOW's shift registers after `steps` times 2 to the `power` steps.
void xorwow_skip(unsigned int* v, unsigned long long steps, unsigned int power);
uint4 philox4x32_10(uint4 counter, uint2 key);
// Adds n to the counter's 64-bit halves: low (offsets) or high (subsequences).
void philox_add(uint4& counter, unsigned long long n, bool to_high);

}  // namespace codepar_cuda
