// Writes of the same value by several threads: a class of their own, beside those that differ and those that are ordered.
#include "corpus.h"

__global__ void any_negative(const int* in, int* found, int mode) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (in[i] > 3) { if (mode == 0) *found = 1; else if (mode == 1) atomicExch(found, 1); else *found = i; }
}
CASE(flag_set_by_many, "same-value writes", "race_same_value") { any_negative<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1), 0); }
CASE(flag_set_atomically, "same-value writes", "clean") { any_negative<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1), 1); }
CASE(index_written_by_many, "same-value writes", "race") { any_negative<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1), 2); }

__global__ void header(float* out, int n) { out[0] = n; if (threadIdx.x == 0 && blockIdx.x == 0) out[1] = 1; }
CASE(header_written_by_all, "same-value writes", "race_same_value") { header<<<s.blocks, s.threads>>>(zeros<float>(2), s.size()); }
__global__ void header_one(float* out, int n) { if (threadIdx.x == 0 && blockIdx.x == 0) out[0] = n; }
CASE(header_written_by_one, "same-value writes", "clean") { header_one<<<s.blocks, s.threads>>>(zeros<float>(2), s.size()); }

__global__ void shared_constant(int* out, bool one) {
    __shared__ int n;
    if (!one || threadIdx.x == 0) n = blockDim.x;
    __syncthreads();
    out[blockIdx.x * blockDim.x + threadIdx.x] = n;
}
CASE(shared_set_by_all, "same-value writes", "race_same_value") { shared_constant<<<s.blocks, s.threads>>>(zeros<int>(s.size()), false); }
CASE(shared_set_by_one, "same-value writes", "clean") { shared_constant<<<s.blocks, s.threads>>>(zeros<int>(s.size()), true); }

__global__ void sieve(unsigned char* composite, int n) {
    int p = blockIdx.x * blockDim.x + threadIdx.x + 2;
    for (int m = 2 * p; m < n; m += p) composite[m] = 1;
}
CASE(sieve_marks_twice, "same-value writes", "race_same_value") { sieve<<<s.blocks, s.threads>>>(zeros<unsigned char>(4 * s.size()), 4 * s.size()); }

__global__ void doubles(double* out) { out[threadIdx.x / 2] = 0.5; }
CASE(doubles_same, "same-value writes", "race_same_value") { doubles<<<1, s.threads>>>(zeros<double>(s.threads)); }
__global__ void doubles_differ(double* out) { out[threadIdx.x / 2] = threadIdx.x; }
CASE(doubles_different, "same-value writes", "race") { doubles_differ<<<1, s.threads>>>(zeros<double>(s.threads)); }

// Two launches are ordered.
__global__ void store(int* out, int v) { if (threadIdx.x == 0 && blockIdx.x == 0) out[0] = v; }
CASE(two_launches_write, "same-value writes", "clean") { int* p = zeros<int>(1); store<<<s.blocks, s.threads>>>(p, 1); store<<<s.blocks, s.threads>>>(p, 2); }
