#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdio.h>
#include <stdlib.h>
extern "C" void saxpy_cuda(int n, float a, const float *x, int incx, float *y, int incy);

static inline unsigned saxpy_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

// Line 7: a thread for each turn of `i`.
__global__ void saxpy_kernel_1(float a, const float *__restrict__ x, int incx, float *__restrict__ y, int incy, int i_first, long long i_count) {
    for (long long i_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; i_turn < i_count; i_turn += (long long)gridDim.x * blockDim.x) {
        const int i = i_first + (int)i_turn;
        y[i * incy] += a * x[i * incx];
    }
}

// Line 7: the loop in its own order, where its turns may touch the same elements.
__global__ void saxpy_kernel_1_serial(int n, float a, const float *__restrict__ x, int incx, float *__restrict__ y, int incy) {
    for (int i = 0; i < n; i++) {
        y[i * incy] += a * x[i * incx];
    }
}

void saxpy_launch(int n, float a, const float *x, int incx, float *y, int incy) {
    {
        const long long i_first = (long long)0;
        const long long i_count = (long long)n > i_first ? ((long long)n - i_first) : 0;
        if (i_count > 0) {
            if ((long long)incy != 0) {
                const dim3 block(256);
                const dim3 grid(saxpy_blocks(i_count, 256, 2147483647LL));
                saxpy_kernel_1<<<grid, block>>>(a, x, incx, y, incy, (int)i_first, i_count);
            } else {
                saxpy_kernel_1_serial<<<1, 1>>>(n, a, x, incx, y, incy);
            }
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

static long long saxpy_cuda_count_x(long long n, float a, const float *x, long long incx, float *y, long long incy) {
    not_negative("incx", incx);
    return n > 0 ? incx * n + 1 - incx : 0;
}

static long long saxpy_cuda_count_y(long long n, float a, const float *x, long long incx, float *y, long long incy) {
    not_negative("incy", incy);
    return n > 0 ? incy * n + 1 - incy : 0;
}

void saxpy_cuda(int n, float a, const float *x, int incx, float *y, int incy) {
    const long long count_x_ = saxpy_cuda_count_x(n, a, x, incx, y, incy);
    const size_t bytes_x_ = count_x_ > 0 ? count_x_ * sizeof(float) : 0;
    const long long count_y_ = saxpy_cuda_count_y(n, a, x, incx, y, incy);
    const size_t bytes_y_ = count_y_ > 0 ? count_y_ * sizeof(float) : 0;
    buffers_apart("`x` and `y`", x, bytes_x_, y, bytes_y_);
    float *device_x_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_x_, bytes_x_ > 0 ? bytes_x_ : sizeof(float)));
    if (bytes_x_ > 0) HOST_CHECK(cudaMemcpy(device_x_, x, bytes_x_, cudaMemcpyHostToDevice));
    float *device_y_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_y_, bytes_y_ > 0 ? bytes_y_ : sizeof(float)));
    if (bytes_y_ > 0) HOST_CHECK(cudaMemcpy(device_y_, y, bytes_y_, cudaMemcpyHostToDevice));
    saxpy_launch(n, a, device_x_, incx, device_y_, incy);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_y_ > 0) HOST_CHECK(cudaMemcpy(y, device_y_, bytes_y_, cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_x_));
    HOST_CHECK(cudaFree(device_y_));
}
