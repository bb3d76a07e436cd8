// cuRAND's device functions for XORWOW (curandState) and Philox 4x32-10: the same sequences as the device's, bit for bit;
// uniform numbers too, normal ones to the last bits of sin and log.
// Limits: for CUDA sources only (__CUDACC__); no MRG32k3a, no Sobol, no Poisson; cuRAND's host library (curand.h) is not offered.
#pragma once

#include "codepar_cuda/math_functions.h"
#include "codepar_cuda/random.h"
#include "cuda_runtime.h"

struct curandStateXORWOW {
    unsigned int d, v[5];
    int boxmuller_flag, boxmuller_flag_double;
    float boxmuller_extra;
    double boxmuller_extra_double;
};
struct curandStatePhilox4_32_10 {
    uint4 ctr, output;
    uint2 key;
    unsigned int STATE;
    int boxmuller_flag, boxmuller_flag_double;
    float boxmuller_extra;
    double boxmuller_extra_double;
};
typedef curandStateXORWOW curandStateXORWOW_t;
typedef curandStateXORWOW curandState_t;
typedef curandStateXORWOW curandState;
typedef curandStatePhilox4_32_10 curandStatePhilox4_32_10_t;

namespace codepar_cuda {

constexpr float inverse32 = 2.3283064e-10f;
constexpr double inverse53 = 1.1102230246251565e-16;

template <class State>
inline void forget_normals(State* state) {
    state->boxmuller_flag = state->boxmuller_flag_double = 0;
    state->boxmuller_extra = 0;
    state->boxmuller_extra_double = 0;
}

inline float uniform_float(unsigned int x) { return static_cast<float>(x) * inverse32 + inverse32 / 2.0f; }
inline double uniform_double(unsigned int x, unsigned int y) {
    const unsigned long long z = static_cast<unsigned long long>(x) ^ (static_cast<unsigned long long>(y) << (53 - 32));
    return static_cast<double>(z) * inverse53 + inverse53 / 2.0;
}

// Box and Muller's two normal numbers of two uniform ones.
inline float2 normal_pair(unsigned int x, unsigned int y) {
    const float angle = static_cast<float>(y) * (inverse32 * 6.2831855f) + inverse32 * 6.2831855f / 2;
    const float radius = ::sqrtf(-2.0f * ::logf(uniform_float(x)));
    return {::sinf(angle) * radius, ::cosf(angle) * radius};
}
inline double2 normal_pair(unsigned int x0, unsigned int x1, unsigned int y0, unsigned int y1) {
    const unsigned long long z = static_cast<unsigned long long>(y0) ^ (static_cast<unsigned long long>(y1) << (53 - 32));
    const double turn = static_cast<double>(z) * (inverse53 * 2.0) + inverse53;
    const double radius = ::sqrt(-2.0 * ::log(uniform_double(x0, x1)));
    return {sinpi(turn) * radius, cospi(turn) * radius};
}

}  // namespace codepar_cuda

inline void skipahead(unsigned long long n, curandStateXORWOW_t* state) {
    codepar_cuda::xorwow_skip(state->v, n, 0);
    state->d += 362437u * static_cast<unsigned int>(n);
}
inline void skipahead_sequence(unsigned long long n, curandStateXORWOW_t* state) {
    codepar_cuda::xorwow_skip(state->v, n, 67);
}
inline void curand_init(unsigned long long seed, unsigned long long subsequence, unsigned long long offset,
                        curandStateXORWOW_t* state) {
    const unsigned int t0 = 1099087573u * (static_cast<unsigned int>(seed) ^ 0xaad26b49u);
    const unsigned int t1 = 2591861531u * (static_cast<unsigned int>(seed >> 32) ^ 0xf7dcefddu);
    state->d = 6615241u + t1 + t0;
    const unsigned int v[5] = {123456789u + t0, 362436069u ^ t0, 521288629u + t1, 88675123u ^ t1, 5783321u + t0};
    for (int i = 0; i < 5; ++i) state->v[i] = v[i];
    skipahead_sequence(subsequence, state);
    skipahead(offset, state);
    codepar_cuda::forget_normals(state);
}
inline unsigned int curand(curandStateXORWOW_t* state) {
    const unsigned int t = state->v[0] ^ (state->v[0] >> 2);
    for (int i = 0; i < 4; ++i) state->v[i] = state->v[i + 1];
    state->v[4] = (state->v[4] ^ (state->v[4] << 4)) ^ (t ^ (t << 1));
    state->d += 362437;
    return state->v[4] + state->d;
}

inline void skipahead(unsigned long long n, curandStatePhilox4_32_10_t* state) {
    state->STATE += n & 3;
    n /= 4;
    if (state->STATE > 3) {
        ++n;
        state->STATE -= 4;
    }
    codepar_cuda::philox_add(state->ctr, n, false);
    state->output = codepar_cuda::philox4x32_10(state->ctr, state->key);
}
inline void skipahead_sequence(unsigned long long n, curandStatePhilox4_32_10_t* state) {
    codepar_cuda::philox_add(state->ctr, n, true);
    state->output = codepar_cuda::philox4x32_10(state->ctr, state->key);
}
inline void curand_init(unsigned long long seed, unsigned long long subsequence, unsigned long long offset,
                        curandStatePhilox4_32_10_t* state) {
    state->ctr = uint4{0, 0, 0, 0};
    state->key = uint2{static_cast<unsigned int>(seed), static_cast<unsigned int>(seed >> 32)};
    state->STATE = 0;
    skipahead_sequence(subsequence, state);
    skipahead(offset, state);
    codepar_cuda::forget_normals(state);
}
inline unsigned int curand(curandStatePhilox4_32_10_t* state) {
    const unsigned int words[4] = {state->output.x, state->output.y, state->output.z, state->output.w};
    const unsigned int word = words[state->STATE++];
    if (state->STATE == 4) {
        codepar_cuda::philox_add(state->ctr, 1, false);
        state->output = codepar_cuda::philox4x32_10(state->ctr, state->key);
        state->STATE = 0;
    }
    return word;
}
inline uint4 curand4(curandStatePhilox4_32_10_t* state) {
    const unsigned int x = curand(state), y = curand(state), z = curand(state), w = curand(state);
    return uint4{x, y, z, w};
}
inline float4 curand_uniform4(curandStatePhilox4_32_10_t* state) {
    using codepar_cuda::uniform_float;
    const uint4 r = curand4(state);
    return float4{uniform_float(r.x), uniform_float(r.y), uniform_float(r.z), uniform_float(r.w)};
}
inline float4 curand_normal4(curandStatePhilox4_32_10_t* state) {
    const uint4 r = curand4(state);
    const float2 a = codepar_cuda::normal_pair(r.x, r.y), b = codepar_cuda::normal_pair(r.z, r.w);
    return float4{a.x, a.y, b.x, b.y};
}

// Of both generators alike, but for uniform numbers in double precision.
template <class State>
inline float curand_uniform(State* state) {
    return codepar_cuda::uniform_float(curand(state));
}
inline double curand_uniform_double(curandStateXORWOW_t* state) {
    const unsigned int x = curand(state), y = curand(state);
    return codepar_cuda::uniform_double(x, y);
}
// cuRAND makes it of 32 bits here.
inline double curand_uniform_double(curandStatePhilox4_32_10_t* state) {
    constexpr double inverse32 = 2.3283064365386963e-10;
    return static_cast<double>(curand(state)) * inverse32 + inverse32;
}
template <class State>
inline float2 curand_normal2(State* state) {
    const unsigned int x = curand(state), y = curand(state);
    return codepar_cuda::normal_pair(x, y);
}
template <class State>
inline float curand_normal(State* state) {
    if (state->boxmuller_flag == 1) {
        state->boxmuller_flag = 0;
        return state->boxmuller_extra;
    }
    const float2 pair = curand_normal2(state);
    state->boxmuller_extra = pair.y;
    state->boxmuller_flag = 1;
    return pair.x;
}
template <class State>
inline double2 curand_normal2_double(State* state) {
    const unsigned int x0 = curand(state), x1 = curand(state), y0 = curand(state), y1 = curand(state);
    return codepar_cuda::normal_pair(x0, x1, y0, y1);
}
template <class State>
inline double curand_normal_double(State* state) {
    if (state->boxmuller_flag_double == 1) {
        state->boxmuller_flag_double = 0;
        return state->boxmuller_extra_double;
    }
    const double2 pair = curand_normal2_double(state);
    state->boxmuller_extra_double = pair.y;
    state->boxmuller_flag_double = 1;
    return pair.x;
}
template <class State>
inline float curand_log_normal(State* state, float mean, float deviation) {
    return ::expf(mean + deviation * curand_normal(state));
}
template <class State>
inline double curand_log_normal_double(State* state, double mean, double deviation) {
    return ::exp(mean + deviation * curand_normal_double(state));
}
