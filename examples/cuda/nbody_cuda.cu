#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#define SOFTENING 1e-3
typedef struct {
    double x, y, z, mass;
} body;
typedef struct {
    double x, y, z;
} vector;
static __host__ __device__ inline double inverse_cube(double dx, double dy, double dz)
{
    double square = dx * dx + dy * dy + dz * dz + SOFTENING;
    return 1 / (square * sqrt(square));
}

extern "C" void accelerate_cuda(int n, const body *bodies, vector *force);

static inline unsigned accelerate_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

// Line 24: a thread for each turn of `i`.
__global__ void accelerate_kernel_1(int n, const body *__restrict__ bodies, vector *__restrict__ force, int i_first, long long i_count) {
    for (long long i_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; i_turn < i_count; i_turn += (long long)gridDim.x * blockDim.x) {
        const int i = i_first + (int)i_turn;
        vector sum = {0, 0, 0};
        for (int j = 0; j < n; j++) {
            double dx = bodies[j].x - bodies[i].x;
            double dy = bodies[j].y - bodies[i].y;
            double dz = bodies[j].z - bodies[i].z;
            double pull = bodies[j].mass * inverse_cube(dx, dy, dz);
            sum.x += pull * dx;
            sum.y += pull * dy;
            sum.z += pull * dz;
        }
        force[i] = sum;
    }
}

void accelerate_launch(int n, const body *bodies, vector *force) {
    {
        const long long i_first = (long long)0;
        const long long i_count = (long long)n > i_first ? ((long long)n - i_first) : 0;
        if (i_count > 0) {
            const dim3 block(256);
            const dim3 grid(accelerate_blocks(i_count, 256, 2147483647LL));
            accelerate_kernel_1<<<grid, block>>>(n, bodies, force, (int)i_first, i_count);
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

static long long accelerate_cuda_count_bodies(long long n, const body *bodies, vector *force) {
    return n;
}

static long long accelerate_cuda_count_force(long long n, const body *bodies, vector *force) {
    return n;
}

void accelerate_cuda(int n, const body *bodies, vector *force) {
    const long long count_bodies_ = accelerate_cuda_count_bodies(n, bodies, force);
    const size_t bytes_bodies_ = count_bodies_ > 0 ? count_bodies_ * sizeof(body) : 0;
    const long long count_force_ = accelerate_cuda_count_force(n, bodies, force);
    const size_t bytes_force_ = count_force_ > 0 ? count_force_ * sizeof(vector) : 0;
    buffers_apart("`bodies` and `force`", bodies, bytes_bodies_, force, bytes_force_);
    body *device_bodies_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_bodies_, bytes_bodies_ > 0 ? bytes_bodies_ : sizeof(body)));
    if (bytes_bodies_ > 0) HOST_CHECK(cudaMemcpy(device_bodies_, bodies, bytes_bodies_, cudaMemcpyHostToDevice));
    vector *device_force_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_force_, bytes_force_ > 0 ? bytes_force_ : sizeof(vector)));
    accelerate_launch(n, device_bodies_, device_force_);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_force_ > 0) HOST_CHECK(cudaMemcpy(force, device_force_, bytes_force_, cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_bodies_));
    HOST_CHECK(cudaFree(device_force_));
}
