// The functions that CUDA gives both sixteen-bit types under the same names: __hadd, __hfma2, hsqrt, h2exp, __heq...
// Included once a type, after small_float_type.h, with the same macros.
// Limits: the functions beyond + - * / sqrt and fma are the host's in double, rounded once; a GPU's may differ by an ulp.
// No #pragma once: it is included once a type.

// One operation on scalars, and on pairs element by element.
#define CODEPAR_BINARY(name, pair, expression)                                                                  \
    inline CODEPAR_S name(CODEPAR_S a, CODEPAR_S b) { return expression; }                                      \
    inline CODEPAR_P pair(CODEPAR_P p, CODEPAR_P q) { return {name(p.x, q.x), name(p.y, q.y)}; }
CODEPAR_BINARY(__hadd, __hadd2, a + b)
CODEPAR_BINARY(__hsub, __hsub2, a - b)
CODEPAR_BINARY(__hmul, __hmul2, a * b)
CODEPAR_BINARY(__hdiv, __h2div, a / b)
CODEPAR_BINARY(__hadd_rn, __hadd2_rn, a + b)
CODEPAR_BINARY(__hsub_rn, __hsub2_rn, a - b)
CODEPAR_BINARY(__hmul_rn, __hmul2_rn, a * b)
CODEPAR_BINARY(__hadd_sat, __hadd2_sat, ::codepar_cuda::clamped01(a + b))
CODEPAR_BINARY(__hsub_sat, __hsub2_sat, ::codepar_cuda::clamped01(a - b))
CODEPAR_BINARY(__hmul_sat, __hmul2_sat, ::codepar_cuda::clamped01(a * b))
CODEPAR_BINARY(__hmax, __hmax2, ::codepar_cuda::extreme(a, b, true, false))
CODEPAR_BINARY(__hmin, __hmin2, ::codepar_cuda::extreme(a, b, false, false))
CODEPAR_BINARY(__hmax_nan, __hmax2_nan, ::codepar_cuda::extreme(a, b, true, true))
CODEPAR_BINARY(__hmin_nan, __hmin2_nan, ::codepar_cuda::extreme(a, b, false, true))
#undef CODEPAR_BINARY

#define CODEPAR_TERNARY(name, pair, expression)                                                                         \
    inline CODEPAR_S name(CODEPAR_S a, CODEPAR_S b, CODEPAR_S c) {                                                      \
        const CODEPAR_S r(                                                                                              \
            ::codepar_cuda::odd_fma(::codepar_cuda::wide(a), ::codepar_cuda::wide(b), ::codepar_cuda::wide(c)));        \
        return expression;                                                                                              \
    }                                                                                                                   \
    inline CODEPAR_P pair(CODEPAR_P p, CODEPAR_P q, CODEPAR_P s) { return {name(p.x, q.x, s.x), name(p.y, q.y, s.y)}; }
CODEPAR_TERNARY(__hfma, __hfma2, r)
CODEPAR_TERNARY(__hfma_sat, __hfma2_sat, ::codepar_cuda::clamped01(r))
CODEPAR_TERNARY(__hfma_relu, __hfma2_relu, ::codepar_cuda::extreme(r, CODEPAR_S(0.0f), true, true))
#undef CODEPAR_TERNARY

#define CODEPAR_OF_ONE(name, pair, expression)                     \
    inline CODEPAR_S name(CODEPAR_S a) {                           \
        const double x = ::codepar_cuda::wide(a);                  \
        static_cast<void>(x);                                      \
        return CODEPAR_S(expression);                              \
    }                                                              \
    inline CODEPAR_P pair(CODEPAR_P p) { return {name(p.x), name(p.y)}; }
CODEPAR_OF_ONE(__hneg, __hneg2, ::codepar_cuda::negated(a))
CODEPAR_OF_ONE(__habs, __habs2, ::codepar_cuda::without_sign(a))
CODEPAR_OF_ONE(hsqrt, h2sqrt, std::sqrt(x))
CODEPAR_OF_ONE(hrsqrt, h2rsqrt, 1 / std::sqrt(x))
CODEPAR_OF_ONE(hrcp, h2rcp, 1 / x)
CODEPAR_OF_ONE(hexp, h2exp, std::exp(x))
CODEPAR_OF_ONE(hexp2, h2exp2, std::exp2(x))
CODEPAR_OF_ONE(hexp10, h2exp10, ::exp10(x))
CODEPAR_OF_ONE(hlog, h2log, std::log(x))
CODEPAR_OF_ONE(hlog2, h2log2, std::log2(x))
CODEPAR_OF_ONE(hlog10, h2log10, std::log10(x))
CODEPAR_OF_ONE(hsin, h2sin, std::sin(x))
CODEPAR_OF_ONE(hcos, h2cos, std::cos(x))
CODEPAR_OF_ONE(htanh, h2tanh, std::tanh(x))
CODEPAR_OF_ONE(htanh_approx, h2tanh_approx, std::tanh(x))
CODEPAR_OF_ONE(hceil, h2ceil, std::ceil(x))
CODEPAR_OF_ONE(hfloor, h2floor, std::floor(x))
CODEPAR_OF_ONE(htrunc, h2trunc, std::trunc(x))
CODEPAR_OF_ONE(hrint, h2rint, std::nearbyint(x))
#undef CODEPAR_OF_ONE

// Comparisons: of scalars; of pairs as 1.0 and 0.0, as masks, and both at once; "u" is true where a NaN takes part.
#define CODEPAR_COMPARISON(op, condition)                                                                                  \
    inline bool __h##op(CODEPAR_S a, CODEPAR_S b) {                                                                        \
        const double x = ::codepar_cuda::wide(a), y = ::codepar_cuda::wide(b);                                             \
        return condition;                                                                                                  \
    }                                                                                                                      \
    inline CODEPAR_P __h##op##2(CODEPAR_P p, CODEPAR_P q) {                                                                \
        return {CODEPAR_S(__h##op(p.x, q.x) ? 1.0f : 0.0f), CODEPAR_S(__h##op(p.y, q.y) ? 1.0f : 0.0f)};                   \
    }                                                                                                                      \
    inline unsigned __h##op##2_mask(CODEPAR_P p, CODEPAR_P q) {                                                            \
        return (__h##op(p.x, q.x) ? 0xffffu : 0u) | (__h##op(p.y, q.y) ? 0xffff0000u : 0u);                                \
    }                                                                                                                      \
    inline bool __hb##op##2(CODEPAR_P p, CODEPAR_P q) { return __h##op(p.x, q.x) && __h##op(p.y, q.y); }
CODEPAR_COMPARISON(eq, x == y)
CODEPAR_COMPARISON(ne, x < y || x > y)
CODEPAR_COMPARISON(lt, x < y)
CODEPAR_COMPARISON(le, x <= y)
CODEPAR_COMPARISON(gt, x > y)
CODEPAR_COMPARISON(ge, x >= y)
CODEPAR_COMPARISON(equ, !(x < y || x > y))
CODEPAR_COMPARISON(neu, !(x == y))
CODEPAR_COMPARISON(ltu, !(x >= y))
CODEPAR_COMPARISON(leu, !(x > y))
CODEPAR_COMPARISON(gtu, !(x <= y))
CODEPAR_COMPARISON(geu, !(x < y))
#undef CODEPAR_COMPARISON

inline bool __hisnan(CODEPAR_S a) { return std::isnan(::codepar_cuda::wide(a)); }
inline int __hisinf(CODEPAR_S a) {
    const double x = ::codepar_cuda::wide(a);
    return std::isinf(x) ? (x > 0 ? 1 : -1) : 0;
}
inline CODEPAR_P __hisnan2(CODEPAR_P p) { return {CODEPAR_S(__hisnan(p.x) ? 1.0f : 0.0f), CODEPAR_S(__hisnan(p.y) ? 1.0f : 0.0f)}; }

inline float __low2float(CODEPAR_P p) { return static_cast<float>(p.x); }
inline float __high2float(CODEPAR_P p) { return static_cast<float>(p.y); }
inline CODEPAR_P __lowhigh2highlow(CODEPAR_P p) { return {p.y, p.x}; }

#ifdef __CUDACC__
// Pairs are two atomics in CUDA; here both halves change at once, which programs cannot tell from two.
#define CODEPAR_ATOMIC_ADD(name, scope_name)                                                                                \
    inline CODEPAR_S name(CODEPAR_S* place, CODEPAR_S value) {                                                              \
        return ::codepar_cuda::atomic_update(                                                                               \
            place, [value](CODEPAR_S old) { return old + value; }, ::codepar_cuda::Scope::scope_name);                      \
    }                                                                                                                       \
    inline CODEPAR_P name(CODEPAR_P* place, CODEPAR_P value) {                                                              \
        return ::codepar_cuda::atomic_update(                                                                               \
            place, [value](CODEPAR_P old) { return old + value; }, ::codepar_cuda::Scope::scope_name);                      \
    }
CODEPAR_ATOMIC_ADD(atomicAdd, device)
CODEPAR_ATOMIC_ADD(atomicAdd_block, block)
CODEPAR_ATOMIC_ADD(atomicAdd_system, system)
#undef CODEPAR_ATOMIC_ADD
#endif
