// CUDA's mathematical functions that the C library lacks, and its min and max. What <math.h> has (sinf, erf, tgamma...) is
// the host's own: correct to an ulp or two where CUDA promises one to four.
// Limits: results may differ from a GPU's in the last bits; the float forms of special functions are computed in double.
#pragma once

#include "codepar_cuda/qualifiers.h"

#define CODEPAR_EXTREMA(A, B, R)                                                 \
    inline R min(const A a, const B b) {                                         \
        return static_cast<R>(a) < static_cast<R>(b) ? static_cast<R>(a) : static_cast<R>(b); \
    }                                                                            \
    inline R max(const A a, const B b) {                                         \
        return static_cast<R>(a) > static_cast<R>(b) ? static_cast<R>(a) : static_cast<R>(b); \
    }
#define CODEPAR_INTEGER_EXTREMA(S, U) \
    CODEPAR_EXTREMA(S, S, S)          \
    CODEPAR_EXTREMA(U, U, U)          \
    CODEPAR_EXTREMA(S, U, U)          \
    CODEPAR_EXTREMA(U, S, U)
CODEPAR_INTEGER_EXTREMA(int, unsigned int)
CODEPAR_INTEGER_EXTREMA(long, unsigned long)
CODEPAR_INTEGER_EXTREMA(long long, unsigned long long)
#undef CODEPAR_INTEGER_EXTREMA
#undef CODEPAR_EXTREMA

// As fmin and fmax: of a number and a NaN, the number.
inline float min(const float a, const float b) { return ::fminf(a, b); }
inline double min(const double a, const double b) { return ::fmin(a, b); }
inline double min(const float a, const double b) { return ::fmin(static_cast<double>(a), b); }
inline double min(const double a, const float b) { return ::fmin(a, static_cast<double>(b)); }
inline float max(const float a, const float b) { return ::fmaxf(a, b); }
inline double max(const double a, const double b) { return ::fmax(a, b); }
inline double max(const float a, const double b) { return ::fmax(static_cast<double>(a), b); }
inline double max(const double a, const float b) { return ::fmax(a, static_cast<double>(b)); }

inline unsigned int umin(unsigned int a, unsigned int b) { return a < b ? a : b; }
inline unsigned int umax(unsigned int a, unsigned int b) { return a > b ? a : b; }
inline long long llmin(long long a, long long b) { return a < b ? a : b; }
inline long long llmax(long long a, long long b) { return a > b ? a : b; }
inline unsigned long long ullmin(unsigned long long a, unsigned long long b) { return a < b ? a : b; }
inline unsigned long long ullmax(unsigned long long a, unsigned long long b) { return a > b ? a : b; }

namespace codepar_cuda {

// In special_functions.cc.
double erf_inverse(double x);
double erfc_inverse(double x);
double erfc_scaled(double x);
double normal_cdf(double x);
double normal_cdf_inverse(double p);
double bessel_i0(double x);
double bessel_i1(double x);
double sine_of_pi(double x);
double cosine_of_pi(double x);

template <class T>
inline T norm_of(int n, const T* values) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum = ::hypot(sum, static_cast<double>(values[i]));
    return static_cast<T>(sum);
}

}  // namespace codepar_cuda

// name(x) of double, name##f(x) and name(float) from one expression in double x.
#define CODEPAR_UNARY(name, expression)                                                          \
    inline double name(double x) { return expression; }                                          \
    inline float name##f(float argument) {                                                       \
        const double x = static_cast<double>(argument);                                          \
        return static_cast<float>(expression);                                                   \
    }                                                                                            \
    inline float name(float argument) { return name##f(argument); }
CODEPAR_UNARY(rcbrt, 1.0 / ::cbrt(x))
CODEPAR_UNARY(sinpi, codepar_cuda::sine_of_pi(x))
CODEPAR_UNARY(cospi, codepar_cuda::cosine_of_pi(x))
CODEPAR_UNARY(erfinv, codepar_cuda::erf_inverse(x))
CODEPAR_UNARY(erfcinv, codepar_cuda::erfc_inverse(x))
CODEPAR_UNARY(erfcx, codepar_cuda::erfc_scaled(x))
CODEPAR_UNARY(normcdf, codepar_cuda::normal_cdf(x))
CODEPAR_UNARY(normcdfinv, codepar_cuda::normal_cdf_inverse(x))
CODEPAR_UNARY(cyl_bessel_i0, codepar_cuda::bessel_i0(x))
CODEPAR_UNARY(cyl_bessel_i1, codepar_cuda::bessel_i1(x))
#undef CODEPAR_UNARY

inline float rsqrtf(float x) { return 1.0f / ::sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / ::sqrt(x); }
inline float rsqrt(float x) { return rsqrtf(x); }
inline float fdividef(float a, float b) { return a / b; }

// glibc has exp10, exp10f, sincos and sincosf of their own types.
inline float exp10(float x) { return ::exp10f(x); }
inline void sincos(float x, float* sine, float* cosine) { ::sincosf(x, sine, cosine); }
inline void sincospi(double x, double* sine, double* cosine) {
    *sine = sinpi(x);
    *cosine = cospi(x);
}
inline void sincospif(float x, float* sine, float* cosine) {
    *sine = sinpif(x);
    *cosine = cospif(x);
}
inline void sincospi(float x, float* sine, float* cosine) { sincospif(x, sine, cosine); }

#define CODEPAR_NORMS(T, s)                                                                                            \
    inline T rhypot##s(T a, T b) { return T(1) / static_cast<T>(::hypot(double(a), double(b))); }                      \
    inline T norm3d##s(T a, T b, T c) { return static_cast<T>(::hypot(::hypot(double(a), double(b)), double(c))); }    \
    inline T norm4d##s(T a, T b, T c, T d) {                                                                           \
        return static_cast<T>(::hypot(::hypot(double(a), double(b)), ::hypot(double(c), double(d))));                  \
    }                                                                                                                  \
    inline T rnorm3d##s(T a, T b, T c) { return T(1) / norm3d##s(a, b, c); }                                           \
    inline T rnorm4d##s(T a, T b, T c, T d) { return T(1) / norm4d##s(a, b, c, d); }                                   \
    inline T norm##s(int n, const T* p) { return codepar_cuda::norm_of(n, p); }                                        \
    inline T rnorm##s(int n, const T* p) { return T(1) / codepar_cuda::norm_of(n, p); }
CODEPAR_NORMS(double, )
CODEPAR_NORMS(float, f)
#undef CODEPAR_NORMS
