// The floating-point intrinsics: fast functions, arithmetic with a stated rounding, conversions, bit casts.
// Limits: the fast functions (__expf, __sinf...) give the exact functions' values, which are nearer to the truth than a
// GPU's; directed rounding changes the host's rounding mode around one operation and is slow.
#pragma once

#include <fenv.h>

#include <limits>

#include "codepar_cuda/math_functions.h"

// glibc declares these names as its own and does not export them: here they are defined, with its linkage.
#define CODEPAR_FAST(name, value) \
    extern "C" inline float name(float x) noexcept { return value; }
CODEPAR_FAST(__expf, ::expf(x))
CODEPAR_FAST(__exp10f, ::exp10f(x))
CODEPAR_FAST(__logf, ::logf(x))
CODEPAR_FAST(__log2f, ::log2f(x))
CODEPAR_FAST(__log10f, ::log10f(x))
CODEPAR_FAST(__sinf, ::sinf(x))
CODEPAR_FAST(__cosf, ::cosf(x))
CODEPAR_FAST(__tanf, ::tanf(x))
CODEPAR_FAST(__tanhf, ::tanhf(x))
#undef CODEPAR_FAST
extern "C" inline float __powf(float x, float y) noexcept { return ::powf(x, y); }
extern "C" inline void __sincosf(float x, float* sine, float* cosine) noexcept { ::sincosf(x, sine, cosine); }

// CUDA gives 0 for large divisors, where the reciprocal underflows.
inline float __fdividef(float a, float b) {
    const float magnitude = ::fabsf(b);
    if (magnitude > 8.507059e37f && magnitude <= std::numeric_limits<float>::max()) return a * 0.0f;
    return a / b;
}
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

namespace codepar_cuda {

// Keeps the compiler from fusing the value's operation with the next one, which _rn forbids.
template <class F>
inline F unfused(F value) {
#if defined(__x86_64__)
    __asm__("" : "+x"(value));
#elif defined(__aarch64__)
    __asm__("" : "+w"(value));
#endif
    return value;
}

// The value as if just read: an operation on it is neither done earlier nor shared with one in another rounding mode.
template <class T>
inline T reread(T value) {
    __asm__ volatile("" : "+m"(value) : : "memory");
    return value;
}

// The operation in a rounding mode; the volatile result is written before the mode changes back.
template <int Mode, class R, class Operation, class... A>
inline R rounded(Operation operation, A... arguments) {
    const int before = fegetround();
    fesetround(Mode);
    volatile R result = operation(reread(arguments)...);
    fesetround(before);
    return result;
}

// Saturating conversion as the device does it; NaN gives 0, or the smallest number where 64 bits take part.
template <class I, class F>
inline I saturated(F value) {
    constexpr bool wide = sizeof(F) == 8 || sizeof(I) == 8;
    if (value != value) return wide ? static_cast<I>(I(1) << (sizeof(I) * 8 - 1)) : I(0);
    constexpr F above = static_cast<F>(std::numeric_limits<I>::max() / 2 + 1) * F(2);
    if (value >= above) return std::numeric_limits<I>::max();
    if (value <= static_cast<F>(std::numeric_limits<I>::min())) return std::numeric_limits<I>::min();
    return static_cast<I>(value);
}

template <class To, class From>
inline To bit_cast(From value) {
    static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
    To result;
    std::memcpy(&result, &value, sizeof result);
    return result;
}

}  // namespace codepar_cuda

#define CODEPAR_ROUNDED2(prefix, T, op, symbol)                                                                       \
    inline T prefix##op##_rn(T a, T b) { return codepar_cuda::unfused(a symbol b); }                                  \
    CODEPAR_ROUNDED2_MODE(prefix##op##_rz, T, symbol, FE_TOWARDZERO)                                                  \
    CODEPAR_ROUNDED2_MODE(prefix##op##_rd, T, symbol, FE_DOWNWARD)                                                    \
    CODEPAR_ROUNDED2_MODE(prefix##op##_ru, T, symbol, FE_UPWARD)
#define CODEPAR_ROUNDED2_MODE(name, T, symbol, mode) \
    inline T name(T a, T b) { return codepar_cuda::rounded<mode, T>([](T x, T y) { return x symbol y; }, a, b); }
CODEPAR_ROUNDED2(__f, float, add, +)
CODEPAR_ROUNDED2(__f, float, sub, -)
CODEPAR_ROUNDED2(__f, float, mul, *)
CODEPAR_ROUNDED2(__f, float, div, /)
CODEPAR_ROUNDED2(__d, double, add, +)
CODEPAR_ROUNDED2(__d, double, sub, -)
CODEPAR_ROUNDED2(__d, double, mul, *)
CODEPAR_ROUNDED2(__d, double, div, /)
#undef CODEPAR_ROUNDED2
#undef CODEPAR_ROUNDED2_MODE

#define CODEPAR_ROUNDED1(name, T, expression)                                                                         \
    inline T name##_rn(T x) { return codepar_cuda::unfused(static_cast<T>(expression)); }                             \
    inline T name##_rz(T a) { return codepar_cuda::rounded<FE_TOWARDZERO, T>([](T x) { return T(expression); }, a); } \
    inline T name##_rd(T a) { return codepar_cuda::rounded<FE_DOWNWARD, T>([](T x) { return T(expression); }, a); }   \
    inline T name##_ru(T a) { return codepar_cuda::rounded<FE_UPWARD, T>([](T x) { return T(expression); }, a); }
CODEPAR_ROUNDED1(__frcp, float, 1.0f / x)
CODEPAR_ROUNDED1(__drcp, double, 1.0 / x)
CODEPAR_ROUNDED1(__fsqrt, float, ::sqrtf(x))
CODEPAR_ROUNDED1(__dsqrt, double, ::sqrt(x))
#undef CODEPAR_ROUNDED1
inline float __frsqrt_rn(float x) { return static_cast<float>(1.0 / ::sqrt(static_cast<double>(x))); }

#define CODEPAR_FMA(name, T, function)                                                                                \
    inline T name##_rn(T a, T b, T c) { return function(a, b, c); }                                                   \
    inline T name##_rz(T a, T b, T c) {                                                                               \
        return codepar_cuda::rounded<FE_TOWARDZERO, T>([](T x, T y, T z) { return function(x, y, z); }, a, b, c);     \
    }                                                                                                                 \
    inline T name##_rd(T a, T b, T c) {                                                                               \
        return codepar_cuda::rounded<FE_DOWNWARD, T>([](T x, T y, T z) { return function(x, y, z); }, a, b, c);       \
    }                                                                                                                 \
    inline T name##_ru(T a, T b, T c) {                                                                               \
        return codepar_cuda::rounded<FE_UPWARD, T>([](T x, T y, T z) { return function(x, y, z); }, a, b, c);         \
    }
CODEPAR_FMA(__fmaf, float, ::fmaf)
CODEPAR_FMA(__fma, double, ::fma)
#undef CODEPAR_FMA

// Floating point to integer: _rn to even, _rz to zero, _rd down, _ru up.
#define CODEPAR_TO_INTEGER(name, F, I)                                                        \
    inline I name##_rn(F x) { return codepar_cuda::saturated<I>(std::nearbyint(x)); }         \
    inline I name##_rz(F x) { return codepar_cuda::saturated<I>(std::trunc(x)); }             \
    inline I name##_rd(F x) { return codepar_cuda::saturated<I>(std::floor(x)); }             \
    inline I name##_ru(F x) { return codepar_cuda::saturated<I>(std::ceil(x)); }
CODEPAR_TO_INTEGER(__float2int, float, int)
CODEPAR_TO_INTEGER(__float2uint, float, unsigned int)
CODEPAR_TO_INTEGER(__float2ll, float, long long)
CODEPAR_TO_INTEGER(__float2ull, float, unsigned long long)
CODEPAR_TO_INTEGER(__double2int, double, int)
CODEPAR_TO_INTEGER(__double2uint, double, unsigned int)
CODEPAR_TO_INTEGER(__double2ll, double, long long)
CODEPAR_TO_INTEGER(__double2ull, double, unsigned long long)
#undef CODEPAR_TO_INTEGER

#define CODEPAR_CONVERT(name, From, To)                                                                                 \
    inline To name##_rn(From x) { return static_cast<To>(x); }                                                          \
    inline To name##_rz(From a) { return codepar_cuda::rounded<FE_TOWARDZERO, To>([](From x) { return To(x); }, a); }   \
    inline To name##_rd(From a) { return codepar_cuda::rounded<FE_DOWNWARD, To>([](From x) { return To(x); }, a); }     \
    inline To name##_ru(From a) { return codepar_cuda::rounded<FE_UPWARD, To>([](From x) { return To(x); }, a); }
CODEPAR_CONVERT(__int2float, int, float)
CODEPAR_CONVERT(__uint2float, unsigned int, float)
CODEPAR_CONVERT(__ll2float, long long, float)
CODEPAR_CONVERT(__ull2float, unsigned long long, float)
CODEPAR_CONVERT(__ll2double, long long, double)
CODEPAR_CONVERT(__ull2double, unsigned long long, double)
CODEPAR_CONVERT(__double2float, double, float)
#undef CODEPAR_CONVERT
inline double __int2double_rn(int x) { return x; }
inline double __uint2double_rn(unsigned int x) { return x; }

inline int __float_as_int(float x) { return codepar_cuda::bit_cast<int>(x); }
inline unsigned int __float_as_uint(float x) { return codepar_cuda::bit_cast<unsigned int>(x); }
inline float __int_as_float(int x) { return codepar_cuda::bit_cast<float>(x); }
inline float __uint_as_float(unsigned int x) { return codepar_cuda::bit_cast<float>(x); }
inline long long __double_as_longlong(double x) { return codepar_cuda::bit_cast<long long>(x); }
inline double __longlong_as_double(long long x) { return codepar_cuda::bit_cast<double>(x); }
inline int __double2hiint(double x) { return static_cast<int>(__double_as_longlong(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(__double_as_longlong(x)); }
inline double __hiloint2double(int high, int low) {
    const unsigned long long word = static_cast<unsigned long long>(static_cast<unsigned int>(high)) << 32;
    return codepar_cuda::bit_cast<double>(word | static_cast<unsigned int>(low));
}
