// The umbrella that nvcc puts in front of every .cu file: the whole runtime API, and, where __CUDACC__ says that this is
// CUDA source, everything that device code uses.
// Limits: a .cpp that includes it sees the API and the qualifiers only, as with a host compiler.
#pragma once

#include "codepar_cuda/checked_copies.h"

#include "cuda_runtime_api.h"
#include "vector_functions.h"

#ifdef __CUDACC__
#include "codepar_cuda/core.h"
#include "codepar_cuda/integer_intrinsics.h"
#include "codepar_cuda/math_functions.h"
#include "codepar_cuda/math_intrinsics.h"
#include "codepar_cuda/memory_intrinsics.h"
#include "codepar_cuda/simd_intrinsics.h"
#endif
