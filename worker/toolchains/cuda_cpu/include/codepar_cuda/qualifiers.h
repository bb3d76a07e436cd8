// CUDA's declaration specifiers as the host compiler sees them: functions for the device are plain functions, `__constant__` and
// `__device__` variables plain globals. Limits: `__shared__` is not here, the rewriter replaces each declaration that uses it;
// nothing stops host code from calling a `__device__` function, which nvcc would refuse.
#pragma once

// What nvcc's own headers bring; <memory> because libstdc++ spells an attribute there as __noinline__, a macro below.
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#define CODEPAR_CUDA_CPU 1
// What the rewriter turns __CUDA_ARCH__ into, in the bodies of functions that only the device runs.
#define CODEPAR_CUDA_ARCH 800
#ifdef __CUDACC__
#ifndef __CUDACC_VER_MAJOR__
#define __CUDACC_VER_MAJOR__ 12
#endif
#ifndef __CUDACC_VER_MINOR__
#define __CUDACC_VER_MINOR__ 4
#endif
#ifndef __CUDACC_VER_BUILD__
#define __CUDACC_VER_BUILD__ 0
#endif
#endif

#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __grid_constant__
#define __nv_pure__
#define __cudart_builtin__
#define __device_builtin__
#define __builtin_align__(n) __attribute__((aligned(n)))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __block_size__(...)
#define __cluster_dims__(...)
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define __inline_hint__ inline
#define CUDARTAPI
#define CUDART_CB
