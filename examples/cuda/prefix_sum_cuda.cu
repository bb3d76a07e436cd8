#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdio.h>
#include <stdlib.h>
extern "C" long prefix_sum_cuda(const int *lengths, long *starts, int n);

#include <cstdio>
#include <cstdlib>

static inline unsigned prefix_sum_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

static inline void prefix_sum_check(cudaError_t status) {
    if (status != cudaSuccess) {
        fprintf(stderr, "prefix_sum: %s\n", cudaGetErrorString(status));
        abort();
    }
}

// Line 7: one thread.
__global__ void prefix_sum_kernel_1(long *__restrict__ total) {
    (*total) = 0;
}

// Line 8: what each turn of `i` adds.
__global__ void prefix_sum_kernel_2_parts(const int *__restrict__ lengths, int i_first, long long i_count, long *__restrict__ total_parts) {
    for (long long i_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; i_turn < i_count; i_turn += (long long)gridDim.x * blockDim.x) {
        const int i = i_first + (int)i_turn;
        long total = 0;
        total += lengths[i];
        total_parts[i_turn] = total;
    }
}

// Running values of `total` within each block, and the block's total.
__global__ void prefix_sum_kernel_2_total_blocks(long *parts, long *sums, long long count) {
    __shared__ long cells[256];
    const long long at = blockIdx.x * 256LL + threadIdx.x;
    cells[threadIdx.x] = parts[at < count ? at : count - 1];
    __syncthreads();
    for (unsigned by = 1; by < 256; by *= 2) {
        const long own = cells[threadIdx.x];
        const long left = threadIdx.x >= by ? cells[threadIdx.x - by] : own;
        __syncthreads();
        if (threadIdx.x >= by) {
            cells[threadIdx.x] = left + own;
        }
        __syncthreads();
    }
    if (at < count) {
        parts[at] = cells[threadIdx.x];
        if (threadIdx.x == 255 || at == count - 1) {
            sums[blockIdx.x] = cells[threadIdx.x];
        }
    }
}

// What stands before each block, and `total` at the end: one block.
__global__ void prefix_sum_kernel_2_total_total(long *sums, long long blocks, long *value) {
    __shared__ long cells[256];
    __shared__ long held;
    if (threadIdx.x == 0) {
        held = *value;
    }
    for (long long first = 0; first < blocks; first += 256) {
        const long long at = first + threadIdx.x;
        cells[threadIdx.x] = sums[at < blocks ? at : blocks - 1];
        __syncthreads();
        for (unsigned by = 1; by < 256; by *= 2) {
            const long own = cells[threadIdx.x];
            const long left = threadIdx.x >= by ? cells[threadIdx.x - by] : own;
            __syncthreads();
            if (threadIdx.x >= by) {
                cells[threadIdx.x] = left + own;
            }
            __syncthreads();
        }
        const long start = held;
        if (at < blocks) {
            sums[at] = start;
            if (threadIdx.x > 0) {
                sums[at] = start + cells[threadIdx.x - 1];
            }
        }
        __syncthreads();
        if (threadIdx.x == 0) {
            held = start + cells[blocks - first < 256 ? blocks - first - 1 : 255];
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        *value = held;
    }
}

// Line 8: a thread for each turn of `i`.
__global__ void prefix_sum_kernel_2(const int *__restrict__ lengths, long *__restrict__ starts, int i_first, long long i_count, const long *__restrict__ total_parts, const long *__restrict__ total_sums) {
    for (long long i_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; i_turn < i_count; i_turn += (long long)gridDim.x * blockDim.x) {
        const int i = i_first + (int)i_turn;
        long total = total_sums[i_turn / 256];
        if (i_turn % 256 != 0) {
            total = total + total_parts[i_turn - 1];
        }
        starts[i] = total;
        total += lengths[i];
    }
}

// Line 12: one thread.
__global__ void prefix_sum_kernel_3(long *__restrict__ result, const long *__restrict__ total) {
    (*result) = (*total);
}

void prefix_sum_launch(const int *lengths, long *starts, int n, long *result) {
    long *total = nullptr;
    prefix_sum_check(cudaMalloc((void **)&total, (1) * sizeof(long)));
    prefix_sum_kernel_1<<<1, 1>>>(total);
    {
        const long long i_first = (long long)0;
        const long long i_count = (long long)n > i_first ? ((long long)n - i_first) : 0;
        if (i_count > 0) {
            const unsigned parts_blocks = (unsigned)((i_count + 255) / 256);
            long *total_parts = nullptr;
            prefix_sum_check(cudaMalloc((void **)&total_parts, i_count * sizeof(long)));
            long *total_sums = nullptr;
            prefix_sum_check(cudaMalloc((void **)&total_sums, parts_blocks * sizeof(long)));
            prefix_sum_kernel_2_parts<<<parts_blocks, 256>>>(lengths, (int)i_first, i_count, total_parts);
            prefix_sum_kernel_2_total_blocks<<<parts_blocks, 256>>>(total_parts, total_sums, i_count);
            prefix_sum_kernel_2_total_total<<<1, 256>>>(total_sums, parts_blocks, total);
            const dim3 block(256);
            const dim3 grid(prefix_sum_blocks(i_count, 256, 2147483647LL));
            prefix_sum_kernel_2<<<grid, block>>>(lengths, starts, (int)i_first, i_count, total_parts, total_sums);
            prefix_sum_check(cudaFree(total_parts));
            prefix_sum_check(cudaFree(total_sums));
        }
    }
    prefix_sum_kernel_3<<<1, 1>>>(result, total);
    prefix_sum_check(cudaFree(total));
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

static long long prefix_sum_cuda_count_lengths(const int *lengths, long *starts, long long n) {
    return n;
}

static long long prefix_sum_cuda_count_starts(const int *lengths, long *starts, long long n) {
    return n;
}

long prefix_sum_cuda(const int *lengths, long *starts, int n) {
    const long long count_lengths_ = prefix_sum_cuda_count_lengths(lengths, starts, n);
    const size_t bytes_lengths_ = count_lengths_ > 0 ? count_lengths_ * sizeof(int) : 0;
    const long long count_starts_ = prefix_sum_cuda_count_starts(lengths, starts, n);
    const size_t bytes_starts_ = count_starts_ > 0 ? count_starts_ * sizeof(long) : 0;
    buffers_apart("`lengths` and `starts`", lengths, bytes_lengths_, starts, bytes_starts_);
    int *device_lengths_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_lengths_, bytes_lengths_ > 0 ? bytes_lengths_ : sizeof(int)));
    if (bytes_lengths_ > 0) HOST_CHECK(cudaMemcpy(device_lengths_, lengths, bytes_lengths_, cudaMemcpyHostToDevice));
    long *device_starts_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_starts_, bytes_starts_ > 0 ? bytes_starts_ : sizeof(long)));
    long *device_result_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_result_, sizeof(*device_result_)));
    HOST_CHECK(cudaMemset(device_result_, 0, sizeof(*device_result_)));
    prefix_sum_launch(device_lengths_, device_starts_, n, device_result_);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_starts_ > 0) HOST_CHECK(cudaMemcpy(starts, device_starts_, bytes_starts_, cudaMemcpyDeviceToHost));
    long result_{};
    HOST_CHECK(cudaMemcpy(&result_, device_result_, sizeof(result_), cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_result_));
    HOST_CHECK(cudaFree(device_lengths_));
    HOST_CHECK(cudaFree(device_starts_));
    return result_;
}
