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
#define RADIUS 2
#define SIZE (2 * RADIUS + 1)
static __host__ __device__ inline int clamp(int value, int low, int high)
{
    if (value < low)
        return low;
    if (value > high)
        return high;
    return value;
}

extern "C" void blur_cuda(const uint8_t *in, uint8_t *out, int height, int width, const float weights[SIZE][SIZE]);

static inline unsigned blur_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

// Line 20: a thread for each turn of `y`, `x`.
__global__ void blur_kernel_1(const uint8_t *__restrict__ in, uint8_t *__restrict__ out, int height, int width, const float *__restrict__ weights, int y_first, long long y_count, int x_first, long long x_count) {
    for (long long y_turn = blockIdx.y * (long long)blockDim.y + threadIdx.y; y_turn < y_count; y_turn += (long long)gridDim.y * blockDim.y) {
        for (long long x_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; x_turn < x_count; x_turn += (long long)gridDim.x * blockDim.x) {
            const int y = y_first + (int)y_turn;
            const int x = x_first + (int)x_turn;
            float sum = 0;
            for (int dy = -RADIUS; dy <= RADIUS; dy++) {
                for (int dx = -RADIUS; dx <= RADIUS; dx++) {
                    int row = clamp(y + dy, 0, height - 1);
                    int column = clamp(x + dx, 0, width - 1);
                    sum += weights[(dy + RADIUS) * SIZE + (dx + RADIUS)] * in[row * width + column];
                }
            }
            out[y * width + x] = (uint8_t)(sum + 0.5f);
        }
    }
}

void blur_launch(const uint8_t *in, uint8_t *out, int height, int width, const float *weights) {
    {
        const long long y_first = (long long)0;
        const long long y_count = (long long)height > y_first ? ((long long)height - y_first) : 0;
        const long long x_first = (long long)0;
        const long long x_count = (long long)width > x_first ? ((long long)width - x_first) : 0;
        if (y_count > 0 && x_count > 0) {
            const dim3 block(16, 16);
            const dim3 grid(blur_blocks(x_count, 16, 2147483647LL), blur_blocks(y_count, 16, 65535));
            blur_kernel_1<<<grid, block>>>(in, out, height, width, weights, (int)y_first, y_count, (int)x_first, x_count);
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

static long long blur_cuda_count_in(const uint8_t *in, uint8_t *out, long long height, long long width, const float weights[SIZE][SIZE]) {
    return height > 0 && width > 0 ? height * width : 0;
}

static long long blur_cuda_count_out(const uint8_t *in, uint8_t *out, long long height, long long width, const float weights[SIZE][SIZE]) {
    return height > 0 && width > 0 ? height * width : 0;
}

static long long blur_cuda_count_weights(const uint8_t *in, uint8_t *out, long long height, long long width, const float weights[SIZE][SIZE]) {
    return height > 0 && width > 0 ? 25 : 0;
}

void blur_cuda(const uint8_t *in, uint8_t *out, int height, int width, const float weights[SIZE][SIZE]) {
    const long long count_in_ = blur_cuda_count_in(in, out, height, width, weights);
    const size_t bytes_in_ = count_in_ > 0 ? count_in_ * sizeof(uint8_t) : 0;
    const long long count_out_ = blur_cuda_count_out(in, out, height, width, weights);
    const size_t bytes_out_ = count_out_ > 0 ? count_out_ * sizeof(uint8_t) : 0;
    const long long count_weights_ = blur_cuda_count_weights(in, out, height, width, weights);
    const size_t bytes_weights_ = count_weights_ > 0 ? count_weights_ * sizeof(float) : 0;
    buffers_apart("`in` and `out`", in, bytes_in_, out, bytes_out_);
    buffers_apart("`out` and `weights`", out, bytes_out_, weights, bytes_weights_);
    uint8_t *device_in_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_in_, bytes_in_ > 0 ? bytes_in_ : sizeof(uint8_t)));
    if (bytes_in_ > 0) HOST_CHECK(cudaMemcpy(device_in_, in, bytes_in_, cudaMemcpyHostToDevice));
    uint8_t *device_out_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_out_, bytes_out_ > 0 ? bytes_out_ : sizeof(uint8_t)));
    float *device_weights_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_weights_, bytes_weights_ > 0 ? bytes_weights_ : sizeof(float)));
    if (bytes_weights_ > 0) HOST_CHECK(cudaMemcpy(device_weights_, weights, bytes_weights_, cudaMemcpyHostToDevice));
    blur_launch(device_in_, device_out_, height, width, device_weights_);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_out_ > 0) HOST_CHECK(cudaMemcpy(out, device_out_, bytes_out_, cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_in_));
    HOST_CHECK(cudaFree(device_out_));
    HOST_CHECK(cudaFree(device_weights_));
}
