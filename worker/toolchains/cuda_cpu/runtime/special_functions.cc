// Special functions that the C library lacks, in double precision.
// Limits: relative errors of about 1e-15 (inverse functions, after Newton steps) to 1e-14 (Bessel functions, erfcx).
#include <cmath>
#include <limits>

#include "codepar_cuda/math_functions.h"

namespace codepar_cuda {
namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double root_two = 1.41421356237309504880;
constexpr double root_pi = 1.77245385090551602730;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// erfc's asymptotic continued fraction times exp(x * x), for x >= 2 (modified Lentz is not needed: backwards is stable).
double erfc_scaled_fraction(double x) {
    double tail = 0;
    for (int k = 120; k > 0; --k) tail = 0.5 * k / (x + tail);
    return 1 / (root_pi * (x + tail));
}

// x with erfc(x) = p for 0 < p <= 1: Newton's method on log erfc from an asymptotic start, which converges from there.
double erfc_inverse_of_small(double p) {
    double x = p > 0.5 ? root_pi / 2 * (1 - p) : std::sqrt(std::fmax(-std::log(p * root_pi * 1.2), 0.05));
    for (int step = 0; step < 60; ++step) {
        const double scaled = erfc_scaled(x);
        const double slope = -2 / root_pi / scaled;
        const double error = std::log(scaled) - x * x - std::log(p);
        const double next = x - error / slope;
        if (std::fabs(next - x) <= 1e-16 * std::fabs(x)) return next;
        x = next;
    }
    return x;
}

}  // namespace

double erfc_scaled(double x) {
    if (x < 2) return x < -26.7 ? infinity : std::exp(x * x) * std::erfc(x);
    return erfc_scaled_fraction(x);
}

double erf_inverse(double x) {
    if (!(x >= -1 && x <= 1)) return not_a_number;
    if (x == 1 || x == -1) return x * infinity;
    if (std::fabs(x) > 0.5) return x > 0 ? erfc_inverse_of_small(1 - x) : -erfc_inverse_of_small(1 + x);
    double y = root_pi / 2 * x;
    for (int step = 0; step < 12; ++step) y -= (std::erf(y) - x) * root_pi / 2 * std::exp(y * y);
    return y;
}

double erfc_inverse(double p) {
    if (!(p >= 0 && p <= 2)) return not_a_number;
    if (p == 0) return infinity;
    if (p == 2) return -infinity;
    if (p > 0.5 && p < 1.5) return erf_inverse(1 - p);
    return p <= 1 ? erfc_inverse_of_small(p) : -erfc_inverse_of_small(2 - p);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / root_two); }

double normal_cdf_inverse(double p) {
    if (!(p >= 0 && p <= 1)) return not_a_number;
    return -root_two * erfc_inverse(2 * p);
}

// The power series: all terms are positive, so nothing cancels; past 700 the value is given as infinite.
double bessel_i0(double x) {
    x = std::fabs(x);
    if (x > 700) return infinity;
    double term = 1, sum = 1;
    for (int k = 1; k < 2000 && term > sum * 1e-17; ++k) {
        term *= (x / 2) / k * ((x / 2) / k);
        sum += term;
    }
    return sum;
}

double bessel_i1(double x) {
    const double magnitude = std::fabs(x);
    if (magnitude > 700) return std::copysign(infinity, x);
    double term = magnitude / 2, sum = term;
    for (int k = 1; k < 2000 && term > sum * 1e-17; ++k) {
        term *= (magnitude / 2) / k * ((magnitude / 2) / (k + 1));
        sum += term;
    }
    return std::copysign(sum, x);
}

// The argument is reduced exactly, so that whole and half numbers give exact zeros and ones.
double sine_of_pi(double x) {
    if (!std::isfinite(x)) return not_a_number;
    const double rest = std::remainder(x, 2);
    if (rest == std::trunc(rest)) return std::copysign(0.0, x);
    if (std::fabs(rest) > 0.5) return std::sin(pi * (std::copysign(1.0, rest) - rest));
    return std::sin(pi * rest);
}

double cosine_of_pi(double x) {
    if (!std::isfinite(x)) return not_a_number;
    const double rest = std::fabs(std::remainder(x, 2));
    if (rest == 0.5) return 0;
    return rest > 0.25 && rest < 0.75 ? std::sin(pi * (0.5 - rest)) : std::cos(pi * rest);
}

}  // namespace codepar_cuda
