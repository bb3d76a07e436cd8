// CUDA's complex numbers: cuFloatComplex and cuDoubleComplex are float2 and double2, with functions for their arithmetic.
// Division and modulus are scaled, so that they neither overflow nor underflow where the result does not.
// Limits: no operators, as in CUDA.
#pragma once

#include <math.h>

#include "vector_functions.h"

#define CODEPAR_COMPLEX(Complex, Pair, T, f, s)                                                                          \
    typedef Pair Complex;                                                                                                \
    inline T cuCreal##s(Complex z) { return z.x; }                                                                       \
    inline T cuCimag##s(Complex z) { return z.y; }                                                                       \
    inline Complex make_##Complex(T real, T imaginary) { return Complex{real, imaginary}; }                              \
    inline Complex cuConj##s(Complex z) { return Complex{z.x, -z.y}; }                                                   \
    inline Complex cuCadd##s(Complex a, Complex b) { return Complex{a.x + b.x, a.y + b.y}; }                             \
    inline Complex cuCsub##s(Complex a, Complex b) { return Complex{a.x - b.x, a.y - b.y}; }                             \
    inline Complex cuCmul##s(Complex a, Complex b) { return Complex{a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x}; }     \
    inline Complex cuCdiv##s(Complex a, Complex b) {                                                                     \
        const T scale = fabs##f(b.x) + fabs##f(b.y), one = T(1) / scale;                                                 \
        const T ar = a.x * one, ai = a.y * one, br = b.x * one, bi = b.y * one;                                          \
        const T inverse = T(1) / (br * br + bi * bi);                                                                    \
        return Complex{(ar * br + ai * bi) * inverse, (ai * br - ar * bi) * inverse};                                    \
    }                                                                                                                    \
    inline T cuCabs##s(Complex z) { return hypot##f(z.x, z.y); }                                                         \
    inline Complex cuCfma##s(Complex a, Complex b, Complex c) {                                                          \
        return Complex{a.x * b.x + c.x - a.y * b.y, a.x * b.y + c.y + a.y * b.x};                                        \
    }
CODEPAR_COMPLEX(cuFloatComplex, float2, float, f, f)
CODEPAR_COMPLEX(cuDoubleComplex, double2, double, , )
#undef CODEPAR_COMPLEX

typedef cuFloatComplex cuComplex;
inline cuComplex make_cuComplex(float real, float imaginary) { return make_cuFloatComplex(real, imaginary); }
inline cuDoubleComplex cuComplexFloatToDouble(cuFloatComplex z) { return make_cuDoubleComplex(z.x, z.y); }
inline cuFloatComplex cuComplexDoubleToFloat(cuDoubleComplex z) {
    return make_cuFloatComplex(static_cast<float>(z.x), static_cast<float>(z.y));
}
