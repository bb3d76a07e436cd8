// CUDA's names of the warp operations; what they do is in codepar_cuda/warp.h.
// Limits: the forms without _sync, which CUDA has withdrawn, take the lanes that arrive together.
#pragma once

#include "codepar_cuda/warp.h"

#define CODEPAR_CALLER const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define CODEPAR_SHUFFLE(name, kind, argument_type)                                                                        \
    template <class T>                                                                                                    \
    inline T __shfl##name##_sync(unsigned mask, T value, argument_type argument, int width = 32, CODEPAR_CALLER) {        \
        return ::codepar_cuda::shuffle(::codepar_cuda::Shuffle::kind, mask, value, static_cast<int>(argument), width,     \
                                       {file, line});                                                                    \
    }                                                                                                                     \
    template <class T>                                                                                                    \
    inline T __shfl##name(T value, argument_type argument, int width = 32, CODEPAR_CALLER) {                              \
        const unsigned mask = ::codepar_cuda::active_lanes({file, line});                                                 \
        return ::codepar_cuda::shuffle(::codepar_cuda::Shuffle::kind, mask, value, static_cast<int>(argument), width,     \
                                       {file, line});                                                                    \
    }
CODEPAR_SHUFFLE(, index, int)
CODEPAR_SHUFFLE(_up, up, unsigned)
CODEPAR_SHUFFLE(_down, down, unsigned)
CODEPAR_SHUFFLE(_xor, exclusive_or, int)
#undef CODEPAR_SHUFFLE

inline unsigned __activemask(CODEPAR_CALLER) { return codepar_cuda::active_lanes({file, line}); }
inline void __syncwarp(unsigned mask = 0xffffffffu, CODEPAR_CALLER) { codepar_cuda::syncwarp(mask, {file, line}); }

inline unsigned __ballot_sync(unsigned mask, int predicate, CODEPAR_CALLER) {
    return codepar_cuda::vote(mask, predicate != 0, {file, line}).yes;
}
inline int __any_sync(unsigned mask, int predicate, CODEPAR_CALLER) {
    return codepar_cuda::vote(mask, predicate != 0, {file, line}).yes != 0;
}
inline int __all_sync(unsigned mask, int predicate, CODEPAR_CALLER) {
    const codepar_cuda::Ballot ballot = codepar_cuda::vote(mask, predicate != 0, {file, line});
    return ballot.yes == ballot.arrived;
}
inline int __uni_sync(unsigned mask, int predicate, CODEPAR_CALLER) {
    const codepar_cuda::Ballot ballot = codepar_cuda::vote(mask, predicate != 0, {file, line});
    return ballot.yes == ballot.arrived || ballot.yes == 0;
}
inline unsigned __ballot(int predicate, CODEPAR_CALLER) {
    return __ballot_sync(codepar_cuda::active_lanes({file, line}), predicate, file, line);
}
inline int __any(int predicate, CODEPAR_CALLER) {
    return __any_sync(codepar_cuda::active_lanes({file, line}), predicate, file, line);
}
inline int __all(int predicate, CODEPAR_CALLER) {
    return __all_sync(codepar_cuda::active_lanes({file, line}), predicate, file, line);
}

template <class T>
inline unsigned __match_any_sync(unsigned mask, T value, CODEPAR_CALLER) {
    return codepar_cuda::match(mask, codepar_cuda::match_key(value), {file, line}).yes;
}
template <class T>
inline unsigned __match_all_sync(unsigned mask, T value, int* all_equal, CODEPAR_CALLER) {
    const codepar_cuda::Ballot equal = codepar_cuda::match(mask, codepar_cuda::match_key(value), {file, line});
    *all_equal = equal.yes == equal.arrived;
    return *all_equal != 0 ? equal.arrived : 0;
}

#define CODEPAR_REDUCE(name, type, expression)                                                                          \
    inline type __reduce_##name##_sync(unsigned mask, type value, CODEPAR_CALLER) {                                     \
        return ::codepar_cuda::reduce_lanes(mask, value, [](type a, type b) -> type { return expression; }, {file, line}); \
    }
CODEPAR_REDUCE(add, unsigned, a + b)
CODEPAR_REDUCE(add, int, static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)))
CODEPAR_REDUCE(min, unsigned, a < b ? a : b)
CODEPAR_REDUCE(min, int, a < b ? a : b)
CODEPAR_REDUCE(max, unsigned, a > b ? a : b)
CODEPAR_REDUCE(max, int, a > b ? a : b)
CODEPAR_REDUCE(and, unsigned, a& b)
CODEPAR_REDUCE(or, unsigned, a | b)
CODEPAR_REDUCE(xor, unsigned, a ^ b)
#undef CODEPAR_REDUCE
#undef CODEPAR_CALLER

inline unsigned __lane_id() { return codepar_cuda::lane_number(); }
