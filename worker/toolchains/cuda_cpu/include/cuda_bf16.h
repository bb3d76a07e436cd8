// CUDA's bfloat16: __nv_bfloat16 and __nv_bfloat162, their conversions, arithmetic, comparisons and functions, rounded
// once to nearest even.
// Limits: conversions from and to integers go through the class; no tensor-core fragments.
#pragma once

#include "codepar_cuda/small_float.h"
#include "cuda_runtime.h"

#define CODEPAR_S __nv_bfloat16
#define CODEPAR_P __nv_bfloat162
#define CODEPAR_RAW __nv_bfloat16_raw
#define CODEPAR_BITS 8
#include "codepar_cuda/small_float_type.h"
#include "codepar_cuda/small_float_functions.h"
#undef CODEPAR_S
#undef CODEPAR_P
#undef CODEPAR_RAW
#undef CODEPAR_BITS

typedef __nv_bfloat16 nv_bfloat16;
typedef __nv_bfloat162 nv_bfloat162;

inline __nv_bfloat16 __float2bfloat16(float x) { return __nv_bfloat16(x); }
inline __nv_bfloat16 __float2bfloat16_rn(float x) { return __nv_bfloat16(x); }
inline __nv_bfloat16 __double2bfloat16(double x) { return __nv_bfloat16(x); }
inline float __bfloat162float(__nv_bfloat16 x) { return static_cast<float>(x); }
inline __nv_bfloat162 __float2bfloat162_rn(float x) { return {__nv_bfloat16(x), __nv_bfloat16(x)}; }
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return {__nv_bfloat16(x), __nv_bfloat16(y)}; }
inline __nv_bfloat162 __float22bfloat162_rn(float2 p) { return {__nv_bfloat16(p.x), __nv_bfloat16(p.y)}; }
inline float2 __bfloat1622float2(__nv_bfloat162 p) { return {static_cast<float>(p.x), static_cast<float>(p.y)}; }
inline __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 x) { return {x, x}; }
inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline __nv_bfloat16 __low2bfloat16(__nv_bfloat162 p) { return p.x; }
inline __nv_bfloat16 __high2bfloat16(__nv_bfloat162 p) { return p.y; }
inline __nv_bfloat162 __low2bfloat162(__nv_bfloat162 p) { return {p.x, p.x}; }
inline __nv_bfloat162 __high2bfloat162(__nv_bfloat162 p) { return {p.y, p.y}; }
inline short __bfloat16_as_short(__nv_bfloat16 x) { return static_cast<short>(codepar_cuda::bits16(x)); }
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return codepar_cuda::bits16(x); }
inline __nv_bfloat16 __short_as_bfloat16(short x) { return __nv_bfloat16_raw{static_cast<unsigned short>(x)}; }
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short x) { return __nv_bfloat16_raw{x}; }
