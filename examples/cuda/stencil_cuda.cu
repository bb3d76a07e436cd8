#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern "C" void diffuse_cuda(const double *old, double *new_, int ny, int nx, double rate);

static inline unsigned diffuse_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

// Line 10: a thread for each turn of `i`, `j`.
__global__ void diffuse_kernel_1(const double *__restrict__ old, double *__restrict__ new_2, int nx, double rate, int i_first, long long i_count, int j_first, long long j_count) {
    for (long long i_turn = blockIdx.y * (long long)blockDim.y + threadIdx.y; i_turn < i_count; i_turn += (long long)gridDim.y * blockDim.y) {
        for (long long j_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; j_turn < j_count; j_turn += (long long)gridDim.x * blockDim.x) {
            const int i = i_first + (int)i_turn;
            const int j = j_first + (int)j_turn;
            double around = old[(i - 1) * nx + j] + old[(i + 1) * nx + j] + old[i * nx + (j - 1)] + old[i * nx + (j + 1)];
            new_2[i * nx + j] = old[i * nx + j] + rate * (around - 4 * old[i * nx + j]);
        }
    }
}

void diffuse_launch(const double *old, double *new_2, int ny, int nx, double rate) {
    {
        const long long i_first = (long long)1;
        const long long i_count = (long long)(ny - 1) > i_first ? ((long long)(ny - 1) - i_first) : 0;
        const long long j_first = (long long)1;
        const long long j_count = (long long)(nx - 1) > j_first ? ((long long)(nx - 1) - j_first) : 0;
        if (i_count > 0 && j_count > 0) {
            const dim3 block(16, 16);
            const dim3 grid(diffuse_blocks(j_count, 16, 2147483647LL), diffuse_blocks(i_count, 16, 65535));
            diffuse_kernel_1<<<grid, block>>>(old, new_2, nx, rate, (int)i_first, i_count, (int)j_first, j_count);
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

static long long diffuse_cuda_count_old(const double *old, double *new_, long long ny, long long nx, double rate) {
    return ny >= 3 && nx >= 3 ? nx * ny - 1 : 0;
}

static long long diffuse_cuda_count_new(const double *old, double *new_, long long ny, long long nx, double rate) {
    return ny >= 3 && nx >= 3 ? nx * ny - nx - 1 : 0;
}

void diffuse_cuda(const double *old, double *new_, int ny, int nx, double rate) {
    const long long count_old_ = diffuse_cuda_count_old(old, new_, ny, nx, rate);
    const size_t bytes_old_ = count_old_ > 0 ? count_old_ * sizeof(double) : 0;
    const long long count_new_ = diffuse_cuda_count_new(old, new_, ny, nx, rate);
    const size_t bytes_new_ = count_new_ > 0 ? count_new_ * sizeof(double) : 0;
    buffers_apart("`old` and `new`", old, bytes_old_, new_, bytes_new_);
    double *device_old_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_old_, bytes_old_ > 0 ? bytes_old_ : sizeof(double)));
    if (bytes_old_ > 0) HOST_CHECK(cudaMemcpy(device_old_, old, bytes_old_, cudaMemcpyHostToDevice));
    double *device_new_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_new_, bytes_new_ > 0 ? bytes_new_ : sizeof(double)));
    if (bytes_new_ > 0) HOST_CHECK(cudaMemcpy(device_new_, new_, bytes_new_, cudaMemcpyHostToDevice));
    diffuse_launch(device_old_, device_new_, ny, nx, rate);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_new_ > 0) HOST_CHECK(cudaMemcpy(new_, device_new_, bytes_new_, cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_old_));
    HOST_CHECK(cudaFree(device_new_));
}
