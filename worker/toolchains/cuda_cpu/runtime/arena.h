// The layout of a block's shared memory.
// Limits: fixed; untouched pages cost nothing. The checked build leaves a gap behind every variable.
#pragma once

#include <cstddef>

#include "codepar_cuda/launch.h"

namespace codepar_cuda {

#if defined(CODEPAR_CUDA_CHECKED)
constexpr std::size_t shared_gap = 64;
#else
constexpr std::size_t shared_gap = 0;
#endif
// Static variables, their gaps and alignments come first.
constexpr std::size_t static_bytes = max_shared_per_block + 16 * 1024;
constexpr std::size_t arena_bytes = static_bytes + max_shared_per_block_optin + 4096;

}  // namespace codepar_cuda
