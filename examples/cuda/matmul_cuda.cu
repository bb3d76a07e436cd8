#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdio.h>
#include <stdlib.h>
extern "C" void matmul_cuda(int n, int m, int k, const float *a, const float *b, float *c);

static inline unsigned matmul_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

// Line 7: a thread for each turn of `i`, `j`.
__global__ void matmul_kernel_1(int m, int k, const float *__restrict__ a, const float *__restrict__ b, float *__restrict__ c, int i_first, long long i_count, int j_first, long long j_count) {
    for (long long i_turn = blockIdx.y * (long long)blockDim.y + threadIdx.y; i_turn < i_count; i_turn += (long long)gridDim.y * blockDim.y) {
        for (long long j_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; j_turn < j_count; j_turn += (long long)gridDim.x * blockDim.x) {
            const int i = i_first + (int)i_turn;
            const int j = j_first + (int)j_turn;
            float sum = 0;
            for (int l = 0; l < k; l++) {
                sum += a[i * k + l] * b[l * m + j];
            }
            c[i * m + j] = sum;
        }
    }
}

void matmul_launch(int n, int m, int k, const float *a, const float *b, float *c) {
    {
        const long long i_first = (long long)0;
        const long long i_count = (long long)n > i_first ? ((long long)n - i_first) : 0;
        const long long j_first = (long long)0;
        const long long j_count = (long long)m > j_first ? ((long long)m - j_first) : 0;
        if (i_count > 0 && j_count > 0) {
            const dim3 block(16, 16);
            const dim3 grid(matmul_blocks(j_count, 16, 2147483647LL), matmul_blocks(i_count, 16, 65535));
            matmul_kernel_1<<<grid, block>>>(m, k, a, b, c, (int)i_first, i_count, (int)j_first, j_count);
        }
    }
}

#ifndef TRANSLATION_HOST_CHECKS
#define TRANSLATION_HOST_CHECKS
static inline void host_check(cudaError_t status, const char *call) {
    if (status != cudaSuccess) {
        fprintf(stderr, "%s failed: %s\n", call, cudaGetErrorString(status));
        abort();
    }
}
#define HOST_CHECK(call) host_check((call), #call)
static inline void buffers_apart(const char *names, const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
    const char *a_start = (const char *)a, *b_start = (const char *)b;
    if (a_bytes > 0 && b_bytes > 0 && a_start < b_start + b_bytes && b_start < a_start + a_bytes) {
        fprintf(stderr, "%s overlap, this translation needs them apart\n", names);
        abort();
    }
}
static inline void not_negative(const char *name, long long value) {
    if (value < 0) {
        fprintf(stderr, "`%s` is %lld, this translation needs it not to be negative\n", name, value);
        abort();
    }
}
#endif

static long long matmul_cuda_count_a(long long n, long long m, long long k, const float *a, const float *b, float *c) {
    return n > 0 && m > 0 && k > 0 ? k * n : 0;
}

static long long matmul_cuda_count_b(long long n, long long m, long long k, const float *a, const float *b, float *c) {
    return n > 0 && m > 0 && k > 0 ? k * m : 0;
}

static long long matmul_cuda_count_c(long long n, long long m, long long k, const float *a, const float *b, float *c) {
    return n > 0 && m > 0 ? m * n : 0;
}

void matmul_cuda(int n, int m, int k, const float *a, const float *b, float *c) {
    const long long count_a_ = matmul_cuda_count_a(n, m, k, a, b, c);
    const size_t bytes_a_ = count_a_ > 0 ? count_a_ * sizeof(float) : 0;
    const long long count_b_ = matmul_cuda_count_b(n, m, k, a, b, c);
    const size_t bytes_b_ = count_b_ > 0 ? count_b_ * sizeof(float) : 0;
    const long long count_c_ = matmul_cuda_count_c(n, m, k, a, b, c);
    const size_t bytes_c_ = count_c_ > 0 ? count_c_ * sizeof(float) : 0;
    buffers_apart("`a` and `c`", a, bytes_a_, c, bytes_c_);
    buffers_apart("`b` and `c`", b, bytes_b_, c, bytes_c_);
    float *device_a_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_a_, bytes_a_ > 0 ? bytes_a_ : sizeof(float)));
    if (bytes_a_ > 0) HOST_CHECK(cudaMemcpy(device_a_, a, bytes_a_, cudaMemcpyHostToDevice));
    float *device_b_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_b_, bytes_b_ > 0 ? bytes_b_ : sizeof(float)));
    if (bytes_b_ > 0) HOST_CHECK(cudaMemcpy(device_b_, b, bytes_b_, cudaMemcpyHostToDevice));
    float *device_c_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_c_, bytes_c_ > 0 ? bytes_c_ : sizeof(float)));
    matmul_launch(n, m, k, device_a_, device_b_, device_c_);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_c_ > 0) HOST_CHECK(cudaMemcpy(c, device_c_, bytes_c_, cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_a_));
    HOST_CHECK(cudaFree(device_b_));
    HOST_CHECK(cudaFree(device_c_));
}
