// Numbers of cuRAND's device generators for chosen seeds, subsequences and offsets (test_math_random.py).
#include <cstdio>
#include <curand_kernel.h>
template <class State> __global__ void draw(unsigned long long seed, unsigned long long subsequence, unsigned long long offset) {
    State s;
    curand_init(seed, subsequence, offset, &s);
    unsigned a = curand(&s), b = curand(&s);
    for (int i = 0; i < 9; ++i) curand(&s);
    float u = curand_uniform(&s);
    double d = curand_uniform_double(&s);
    float n = curand_normal(&s), n2 = curand_normal(&s);
    double m = curand_normal_double(&s), m2 = curand_normal_double(&s);
    skipahead(7ull, &s);
    printf("%u %u %.9g %.17g %.5g %.5g %.9g %.9g %u\n", a, b, u, d, n, n2, m, m2, curand(&s));
}
template <class State> static void rows() {
    draw<State><<<1, 1>>>(1234ull, 0ull, 0ull);
    draw<State><<<1, 1>>>(1234ull, 1ull << 40, 1000003ull);
    draw<State><<<1, 1>>>(0x123456789abcdefull, 1ull << 40, 1ull << 35);
}
int main() { rows<curandState>(); rows<curandStatePhilox4_32_10_t>(); return cudaDeviceSynchronize(); }
