// Sixteen-bit floating point: coding a double into sign, exponent and fraction with one rounding, and back. Shared by
// cuda_fp16.h (5 bits of exponent) and cuda_bf16.h (8 bits).
// Limits: every operation is computed in double and rounded once, which is what the hardware's result is; nothing is fast.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "codepar_cuda/qualifiers.h"

namespace codepar_cuda {

enum class Rounding { nearest_even, zero, down, up };

inline bool rounds_up(Rounding mode, bool negative, bool odd, std::uint64_t rest, std::uint64_t half) {
    if (rest == 0) return false;
    switch (mode) {
        case Rounding::nearest_even: return rest > half || (rest == half && odd);
        case Rounding::zero: return false;
        case Rounding::down: return negative;
        case Rounding::up: return !negative;
    }
    return false;
}

// The 16 bits of `value` with this many bits of exponent; NaN is 0x7fff, as the device writes it.
template <int ExponentBits>
inline std::uint16_t encode16(double value, Rounding mode = Rounding::nearest_even) {
    constexpr int fraction_bits = 15 - ExponentBits;
    constexpr int smallest_exponent = 2 - (1 << (ExponentBits - 1));
    constexpr std::uint32_t infinity = ((1u << ExponentBits) - 1) << fraction_bits;
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const bool negative = bits >> 63;
    const std::uint16_t sign = negative ? 0x8000 : 0;
    const std::uint64_t magnitude = bits & 0x7fffffffffffffffull;
    if (magnitude > 0x7ff0000000000000ull) return 0x7fff;
    if (magnitude == 0x7ff0000000000000ull) return static_cast<std::uint16_t>(sign | infinity);
    if (magnitude == 0) return sign;
    const int exponent = static_cast<int>(magnitude >> 52) - 1023;
    const std::uint64_t significand = (magnitude & 0xfffffffffffffull) | (1ull << 52);
    const bool normal = exponent >= smallest_exponent;
    const int shift = 52 - fraction_bits + (normal ? 0 : smallest_exponent - exponent);
    const bool tiny = shift > 60;  // below half of the smallest number: only its sign and that it is not 0 matter
    std::uint64_t kept = tiny ? 0 : significand >> shift;
    const std::uint64_t rest = tiny ? 1 : significand & ((1ull << shift) - 1);
    const std::uint64_t half = tiny ? 2 : 1ull << (shift - 1);
    if (rounds_up(mode, negative, kept & 1, rest, half)) ++kept;
    std::uint64_t result = kept;
    if (normal) result += static_cast<std::uint64_t>(exponent - smallest_exponent) << fraction_bits;
    if (result >= infinity) {
        const bool to_infinity = mode == Rounding::nearest_even || mode == (negative ? Rounding::down : Rounding::up);
        result = to_infinity ? infinity : infinity - 1;
    }
    return static_cast<std::uint16_t>(sign | result);
}

template <int ExponentBits>
inline float decode16(std::uint16_t bits) {
    constexpr int fraction_bits = 15 - ExponentBits;
    constexpr int bias = (1 << (ExponentBits - 1)) - 1;
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
    const std::uint32_t exponent = (bits & 0x7fffu) >> fraction_bits;
    const std::uint32_t fraction = bits & ((1u << fraction_bits) - 1);
    std::uint32_t word;
    float result;
    if (exponent == (1u << ExponentBits) - 1) {
        word = sign | 0x7f800000u | fraction << (23 - fraction_bits);
    } else if (exponent == 0 && ExponentBits < 8) {
        result = std::ldexp(static_cast<float>(fraction), 1 - bias - fraction_bits);
        return sign ? -result : result;
    } else {
        word = sign | (exponent == 0 ? 0 : exponent + 127 - bias) << 23 | fraction << (23 - fraction_bits);
    }
    std::memcpy(&result, &word, sizeof result);
    return result;
}

// a * b + c for values of at most 11 bits, so that rounding it again to 16 bits is right: rounded to odd.
inline double odd_fma(double a, double b, double c) {
    const double product = a * b;
    const double sum = product + c;
    const double share = sum - product;
    const double error = (product - (sum - share)) + (c - share);
    if (!std::isfinite(sum) || error == 0 || std::isnan(error)) return sum;
    std::uint64_t bits;
    std::memcpy(&bits, &sum, sizeof bits);
    if (bits & 1) return sum;
    return std::nextafter(sum, error > 0 ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity());
}

}  // namespace codepar_cuda
