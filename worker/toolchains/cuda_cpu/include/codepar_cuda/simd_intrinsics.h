// The video intrinsics: two 16-bit or four 8-bit lanes in one unsigned int, lane by lane. Exact.
// Limits: the DPX combinations (__vibmax..., __viaddmax...) are not offered.
#pragma once

#include "codepar_cuda/qualifiers.h"

namespace codepar_cuda {

// Lane i of a word, as the type L reads it; and a word built from lanes.
template <class L>
inline int lane_of(unsigned int word, unsigned int i) {
    return static_cast<int>(static_cast<L>(word >> (i * 8 * sizeof(L))));
}

template <class L, class Operation>
inline unsigned int by_lane(unsigned int a, unsigned int b, Operation operation) {
    constexpr unsigned int bits = 8 * sizeof(L);
    constexpr unsigned int mask = (1u << bits) - 1;
    unsigned int result = 0;
    for (unsigned int i = 0; i < 4 / sizeof(L); ++i) {
        const int value = operation(lane_of<L>(a, i), lane_of<L>(b, i));
        result |= (static_cast<unsigned int>(value) & mask) << (i * bits);
    }
    return result;
}

template <class L, class Operation>
inline unsigned int sum_of_lanes(unsigned int a, unsigned int b, Operation operation) {
    unsigned int sum = 0;
    for (unsigned int i = 0; i < 4 / sizeof(L); ++i)
        sum += static_cast<unsigned int>(operation(lane_of<L>(a, i), lane_of<L>(b, i)));
    return sum;
}

template <class L>
inline int clamped(int value) {
    constexpr int bits = 8 * sizeof(L);
    constexpr bool is_signed = static_cast<L>(-1) < static_cast<L>(0);
    constexpr int low = is_signed ? -(1 << (bits - 1)) : 0;
    constexpr int high = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
    return value < low ? low : value > high ? high : value;
}

inline int distance(int a, int b) { return a > b ? a - b : b - a; }

}  // namespace codepar_cuda

// name(a, b), lane by lane from an expression in int a and int b, of 16-bit (2) and 8-bit (4) lanes, signed or unsigned.
#define CODEPAR_LANES(name, L, expression)                                                                    \
    inline unsigned int name(unsigned int x, unsigned int y) {                                                \
        return codepar_cuda::by_lane<L>(x, y, [](int a, int b) { return static_cast<int>(expression); });     \
    }
#define CODEPAR_SIGNED(stem, ending, expression)              \
    CODEPAR_LANES(stem##ending##2, short, expression)         \
    CODEPAR_LANES(stem##ending##4, signed char, expression)
#define CODEPAR_UNSIGNED(stem, ending, expression)            \
    CODEPAR_LANES(stem##ending##2, unsigned short, expression) \
    CODEPAR_LANES(stem##ending##4, unsigned char, expression)

CODEPAR_UNSIGNED(__vadd, , a + b)
CODEPAR_UNSIGNED(__vsub, , a - b)
CODEPAR_UNSIGNED(__vavg, u, (a + b + 1) >> 1)
CODEPAR_UNSIGNED(__vhadd, u, (a + b) >> 1)
CODEPAR_SIGNED(__vmax, s, a > b ? a : b)
CODEPAR_UNSIGNED(__vmax, u, a > b ? a : b)
CODEPAR_SIGNED(__vmin, s, a < b ? a : b)
CODEPAR_UNSIGNED(__vmin, u, a < b ? a : b)
CODEPAR_SIGNED(__vabsdiff, s, codepar_cuda::distance(a, b))
CODEPAR_UNSIGNED(__vabsdiff, u, codepar_cuda::distance(a, b))
// The mean of signed lanes rounds halves away from zero.
CODEPAR_SIGNED(__vavg, s, a + b >= 0 ? (a + b + 1) >> 1 : -((1 - a - b) >> 1))

#define CODEPAR_SATURATED(stem, ending, L2, L4, expression)                   \
    CODEPAR_LANES(stem##ending##2, L2, codepar_cuda::clamped<L2>(expression)) \
    CODEPAR_LANES(stem##ending##4, L4, codepar_cuda::clamped<L4>(expression))
CODEPAR_SATURATED(__vadd, ss, short, signed char, a + b)
CODEPAR_SATURATED(__vsub, ss, short, signed char, a - b)
CODEPAR_SATURATED(__vadd, us, unsigned short, unsigned char, a + b)
CODEPAR_SATURATED(__vsub, us, unsigned short, unsigned char, a - b)
#undef CODEPAR_SATURATED

// Comparisons: __vcmp... gives all ones a lane, __vset... gives 1.
#define CODEPAR_COMPARE(op, ending, symbol, ASK)             \
    ASK(__vcmp##op, ending, a symbol b ? -1 : 0)             \
    ASK(__vset##op, ending, a symbol b ? 1 : 0)
CODEPAR_COMPARE(eq, , ==, CODEPAR_UNSIGNED)
CODEPAR_COMPARE(ne, , !=, CODEPAR_UNSIGNED)
CODEPAR_COMPARE(gt, s, >, CODEPAR_SIGNED)
CODEPAR_COMPARE(gt, u, >, CODEPAR_UNSIGNED)
CODEPAR_COMPARE(ge, s, >=, CODEPAR_SIGNED)
CODEPAR_COMPARE(ge, u, >=, CODEPAR_UNSIGNED)
CODEPAR_COMPARE(lt, s, <, CODEPAR_SIGNED)
CODEPAR_COMPARE(lt, u, <, CODEPAR_UNSIGNED)
CODEPAR_COMPARE(le, s, <=, CODEPAR_SIGNED)
CODEPAR_COMPARE(le, u, <=, CODEPAR_UNSIGNED)
#undef CODEPAR_COMPARE

#define CODEPAR_OF_ONE(name, L, expression)                                                                   \
    inline unsigned int name(unsigned int x) {                                                                \
        return codepar_cuda::by_lane<L>(x, x, [](int a, int) { return static_cast<int>(expression); });       \
    }
CODEPAR_OF_ONE(__vabs2, short, a < 0 ? -a : a)
CODEPAR_OF_ONE(__vabs4, signed char, a < 0 ? -a : a)
CODEPAR_OF_ONE(__vabsss2, short, codepar_cuda::clamped<short>(a < 0 ? -a : a))
CODEPAR_OF_ONE(__vabsss4, signed char, codepar_cuda::clamped<signed char>(a < 0 ? -a : a))
CODEPAR_OF_ONE(__vneg2, short, -a)
CODEPAR_OF_ONE(__vneg4, signed char, -a)
CODEPAR_OF_ONE(__vnegss2, short, codepar_cuda::clamped<short>(-a))
CODEPAR_OF_ONE(__vnegss4, signed char, codepar_cuda::clamped<signed char>(-a))
#undef CODEPAR_OF_ONE

#define CODEPAR_SUM(name, L) \
    inline unsigned int name(unsigned int x, unsigned int y) { return codepar_cuda::sum_of_lanes<L>(x, y, codepar_cuda::distance); }
CODEPAR_SUM(__vsads2, short)
CODEPAR_SUM(__vsads4, signed char)
CODEPAR_SUM(__vsadu2, unsigned short)
CODEPAR_SUM(__vsadu4, unsigned char)
#undef CODEPAR_SUM

#undef CODEPAR_UNSIGNED
#undef CODEPAR_SIGNED
#undef CODEPAR_LANES
