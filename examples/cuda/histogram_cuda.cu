#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#define BINS 256
extern "C" void histogram_cuda(const uint8_t *pixels, const uint8_t *mask, int height, int width, unsigned int *counts);

static inline unsigned histogram_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

// Line 10: a thread for each turn of `b`.
__global__ void histogram_kernel_1(unsigned int *__restrict__ counts, int b_first, long long b_count) {
    for (long long b_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; b_turn < b_count; b_turn += (long long)gridDim.x * blockDim.x) {
        const int b = b_first + (int)b_turn;
        counts[b] = 0;
    }
}

// Line 12: a thread for each turn of `y`, `x`.
__global__ void histogram_kernel_2(const uint8_t *__restrict__ pixels, const uint8_t *__restrict__ mask, int width, unsigned int *__restrict__ counts, int y_first, long long y_count, int x_first, long long x_count) {
    for (long long y_turn = blockIdx.y * (long long)blockDim.y + threadIdx.y; y_turn < y_count; y_turn += (long long)gridDim.y * blockDim.y) {
        for (long long x_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; x_turn < x_count; x_turn += (long long)gridDim.x * blockDim.x) {
            const int y = y_first + (int)y_turn;
            const int x = x_first + (int)x_turn;
            if (mask[y * width + x]) {
                atomicAdd((unsigned int *)&counts[pixels[y * width + x]], (unsigned int)(1));
            }
        }
    }
}

void histogram_launch(const uint8_t *pixels, const uint8_t *mask, int height, int width, unsigned int *counts) {
    {
        const long long b_first = (long long)0;
        const long long b_count = (long long)BINS > b_first ? ((long long)BINS - b_first) : 0;
        if (b_count > 0) {
            const dim3 block(256);
            const dim3 grid(histogram_blocks(b_count, 256, 2147483647LL));
            histogram_kernel_1<<<grid, block>>>(counts, (int)b_first, b_count);
        }
    }
    {
        const long long y_first = (long long)0;
        const long long y_count = (long long)height > y_first ? ((long long)height - y_first) : 0;
        const long long x_first = (long long)0;
        const long long x_count = (long long)width > x_first ? ((long long)width - x_first) : 0;
        if (y_count > 0 && x_count > 0) {
            const dim3 block(16, 16);
            const dim3 grid(histogram_blocks(x_count, 16, 2147483647LL), histogram_blocks(y_count, 16, 65535));
            histogram_kernel_2<<<grid, block>>>(pixels, mask, width, counts, (int)y_first, y_count, (int)x_first, x_count);
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

static long long histogram_cuda_count_pixels(const uint8_t *pixels, const uint8_t *mask, long long height, long long width, unsigned int *counts) {
    return height > 0 && width > 0 ? height * width : 0;
}

static long long histogram_cuda_count_mask(const uint8_t *pixels, const uint8_t *mask, long long height, long long width, unsigned int *counts) {
    return height > 0 && width > 0 ? height * width : 0;
}

static long long histogram_cuda_count_counts(const uint8_t *pixels, const uint8_t *mask, long long height, long long width, unsigned int *counts) {
    return 256;
}

void histogram_cuda(const uint8_t *pixels, const uint8_t *mask, int height, int width, unsigned int *counts) {
    const long long count_pixels_ = histogram_cuda_count_pixels(pixels, mask, height, width, counts);
    const size_t bytes_pixels_ = count_pixels_ > 0 ? count_pixels_ * sizeof(uint8_t) : 0;
    const long long count_mask_ = histogram_cuda_count_mask(pixels, mask, height, width, counts);
    const size_t bytes_mask_ = count_mask_ > 0 ? count_mask_ * sizeof(uint8_t) : 0;
    const long long count_counts_ = histogram_cuda_count_counts(pixels, mask, height, width, counts);
    const size_t bytes_counts_ = count_counts_ > 0 ? count_counts_ * sizeof(unsigned int) : 0;
    buffers_apart("`pixels` and `counts`", pixels, bytes_pixels_, counts, bytes_counts_);
    buffers_apart("`mask` and `counts`", mask, bytes_mask_, counts, bytes_counts_);
    uint8_t *device_pixels_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_pixels_, bytes_pixels_ > 0 ? bytes_pixels_ : sizeof(uint8_t)));
    if (bytes_pixels_ > 0) HOST_CHECK(cudaMemcpy(device_pixels_, pixels, bytes_pixels_, cudaMemcpyHostToDevice));
    uint8_t *device_mask_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_mask_, bytes_mask_ > 0 ? bytes_mask_ : sizeof(uint8_t)));
    if (bytes_mask_ > 0) HOST_CHECK(cudaMemcpy(device_mask_, mask, bytes_mask_, cudaMemcpyHostToDevice));
    unsigned int *device_counts_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_counts_, bytes_counts_ > 0 ? bytes_counts_ : sizeof(unsigned int)));
    if (bytes_counts_ > 0) HOST_CHECK(cudaMemcpy(device_counts_, counts, bytes_counts_, cudaMemcpyHostToDevice));
    histogram_launch(device_pixels_, device_mask_, height, width, device_counts_);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_counts_ > 0) HOST_CHECK(cudaMemcpy(counts, device_counts_, bytes_counts_, cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_pixels_));
    HOST_CHECK(cudaFree(device_mask_));
    HOST_CHECK(cudaFree(device_counts_));
}
