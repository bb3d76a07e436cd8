// CUDA's half precision: __half and __half2, their conversions, arithmetic, comparisons and functions. Conversions and
// + - * / sqrt fma are rounded once, to nearest even: bit for bit what the device gives.
// Limits: no tensor-core fragments (mma.h); functions such as hexp may differ from a GPU's in the last bit.
#pragma once

#include "codepar_cuda/small_float.h"
#include "cuda_runtime.h"

#define CODEPAR_S __half
#define CODEPAR_P __half2
#define CODEPAR_RAW __half_raw
#define CODEPAR_BITS 5
#include "codepar_cuda/small_float_type.h"
#include "codepar_cuda/small_float_functions.h"
#undef CODEPAR_S
#undef CODEPAR_P
#undef CODEPAR_RAW
#undef CODEPAR_BITS

typedef __half half;
typedef __half2 half2;
typedef __half nv_half;
typedef __half2 nv_half2;

inline __half __float2half(float x) { return __half(x); }
inline __half __float2half_rn(float x) { return __half(x); }
inline __half __double2half(double x) { return __half(x); }
inline float __half2float(__half x) { return static_cast<float>(x); }
inline __half2 __float2half2_rn(float x) { return {__half(x), __half(x)}; }
inline __half2 __floats2half2_rn(float x, float y) { return {__half(x), __half(y)}; }
inline __half2 __float22half2_rn(float2 p) { return {__half(p.x), __half(p.y)}; }
inline float2 __half22float2(__half2 p) { return {static_cast<float>(p.x), static_cast<float>(p.y)}; }
inline __half2 __half2half2(__half x) { return {x, x}; }
inline __half2 __halves2half2(__half x, __half y) { return {x, y}; }
inline __half2 make_half2(__half x, __half y) { return {x, y}; }
inline __half __low2half(__half2 p) { return p.x; }
inline __half __high2half(__half2 p) { return p.y; }
inline __half2 __low2half2(__half2 p) { return {p.x, p.x}; }
inline __half2 __high2half2(__half2 p) { return {p.y, p.y}; }
inline __half2 __lows2half2(__half2 p, __half2 q) { return {p.x, q.x}; }
inline __half2 __highs2half2(__half2 p, __half2 q) { return {p.y, q.y}; }
inline short __half_as_short(__half x) { return static_cast<short>(codepar_cuda::bits16(x)); }
inline unsigned short __half_as_ushort(__half x) { return codepar_cuda::bits16(x); }
inline __half __short_as_half(short x) { return __half_raw{static_cast<unsigned short>(x)}; }
inline __half __ushort_as_half(unsigned short x) { return __half_raw{x}; }

inline __half __float2half_rz(float x) { return __half_raw{codepar_cuda::encode16<5>(x, codepar_cuda::Rounding::zero)}; }
inline __half __float2half_rd(float x) { return __half_raw{codepar_cuda::encode16<5>(x, codepar_cuda::Rounding::down)}; }
inline __half __float2half_ru(float x) { return __half_raw{codepar_cuda::encode16<5>(x, codepar_cuda::Rounding::up)}; }

// Integers to half in four roundings, and half to integers.
#define CODEPAR_INTEGER(name, I)                                                                                       \
    inline __half __##name##2half_rn(I x) { return __half(static_cast<double>(x)); }                                   \
    inline __half __##name##2half_rz(I x) {                                                                            \
        return __half_raw{codepar_cuda::encode16<5>(static_cast<double>(x), codepar_cuda::Rounding::zero)};            \
    }                                                                                                                  \
    inline __half __##name##2half_rd(I x) {                                                                            \
        return __half_raw{codepar_cuda::encode16<5>(static_cast<double>(x), codepar_cuda::Rounding::down)};            \
    }                                                                                                                  \
    inline __half __##name##2half_ru(I x) {                                                                            \
        return __half_raw{codepar_cuda::encode16<5>(static_cast<double>(x), codepar_cuda::Rounding::up)};              \
    }                                                                                                                  \
    inline I __half2##name##_rz(__half x) { return x.to_integer<I>(); }                                                \
    inline I __half2##name##_rn(__half x) { return hrint(x).to_integer<I>(); }                                         \
    inline I __half2##name##_rd(__half x) { return hfloor(x).to_integer<I>(); }                                        \
    inline I __half2##name##_ru(__half x) { return hceil(x).to_integer<I>(); }
CODEPAR_INTEGER(short, short)
CODEPAR_INTEGER(ushort, unsigned short)
CODEPAR_INTEGER(int, int)
CODEPAR_INTEGER(uint, unsigned int)
CODEPAR_INTEGER(ll, long long)
CODEPAR_INTEGER(ull, unsigned long long)
#undef CODEPAR_INTEGER
