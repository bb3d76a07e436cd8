#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdio.h>
#include <string.h>
static __host__ __device__ inline int same(const char *text, const char *word, int length)
{
    for (int k = 0; k < length; k++)
        if (text[k] != word[k])
            return 0;
    return 1;
}

extern "C" int find_all_cuda(const char *text, int n, const char *word, int m, unsigned char *found);

#include <cstdio>
#include <cstdlib>

static inline unsigned find_all_blocks(long long count, long long threads, long long most) {
    const long long blocks = (count + threads - 1) / threads;
    return (unsigned)(blocks < most ? blocks : most);
}

static inline void find_all_check(cudaError_t status) {
    if (status != cudaSuccess) {
        fprintf(stderr, "find_all: %s\n", cudaGetErrorString(status));
        abort();
    }
}

// Line 15: one thread.
__global__ void find_all_kernel_1(int *__restrict__ count) {
    (*count) = 0;
}

// Line 16: a thread for each turn of `i`.
__global__ void find_all_kernel_2(unsigned char *__restrict__ found, int i_first, long long i_count) {
    for (long long i_turn = blockIdx.x * (long long)blockDim.x + threadIdx.x; i_turn < i_count; i_turn += (long long)gridDim.x * blockDim.x) {
        const int i = i_first + (int)i_turn;
        found[i] = 0;
    }
}

// Line 19: one thread.
__global__ void find_all_kernel_3(int *__restrict__ result) {
    (*result) = 0;
}

// Line 20: each thread combines turns of `i_2`, each block its threads.
__global__ void find_all_kernel_4(const char *__restrict__ text, const char *__restrict__ word, int m, unsigned char *__restrict__ found, const int *__restrict__ count, int i_2_first, long long i_2_count, int *__restrict__ count_partials) {
    int count_part = 0;
    for (long long place = blockIdx.x * (long long)blockDim.x + threadIdx.x; place < i_2_count; place += (long long)gridDim.x * blockDim.x) {
        const long long i_2_turn = place;
        const int i_2 = i_2_first + (int)i_2_turn;
        if (same(&text[i_2], &word[0], m)) {
            found[i_2] = 1;
            ++count_part;
        }
    }
    __shared__ int count_shared[256];
    count_shared[threadIdx.x] = count_part;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            count_shared[threadIdx.x] = count_shared[threadIdx.x] + count_shared[threadIdx.x + half];
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        count_partials[blockIdx.x] = count_shared[0];
    }
}

__global__ void find_all_kernel_4_final(int *__restrict__ count, unsigned blocks, const int *__restrict__ count_partials) {
    int count_part = 0;
    for (unsigned at = threadIdx.x; at < blocks; at += blockDim.x) {
        count_part = count_part + count_partials[at];
    }
    __shared__ int count_shared[256];
    count_shared[threadIdx.x] = count_part;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            count_shared[threadIdx.x] = count_shared[threadIdx.x] + count_shared[threadIdx.x + half];
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        (*count) = (*count) + count_shared[0];
    }
}

// Line 25: one thread.
__global__ void find_all_kernel_5(const int *__restrict__ count, int *__restrict__ result) {
    (*result) = (*count);
}

void find_all_launch(const char *text, int n, const char *word, int m, unsigned char *found, int *result) {
    int *count = nullptr;
    find_all_check(cudaMalloc((void **)&count, (1) * sizeof(int)));
    find_all_kernel_1<<<1, 1>>>(count);
    {
        const long long i_first = (long long)0;
        const long long i_count = (long long)n > i_first ? ((long long)n - i_first) : 0;
        if (i_count > 0) {
            const dim3 block(256);
            const dim3 grid(find_all_blocks(i_count, 256, 2147483647LL));
            find_all_kernel_2<<<grid, block>>>(found, (int)i_first, i_count);
        }
    }
    if (m <= 0) {
        find_all_kernel_3<<<1, 1>>>(result);
    } else {
        {
            const long long i_2_first = (long long)0;
            const long long i_2_count = (long long)(n - m) >= i_2_first ? ((long long)(n - m) - i_2_first + 1) : 0;
            if (i_2_count > 0) {
                const long long total = i_2_count;
                const unsigned blocks = find_all_blocks(total, 256, 1024);
                int *count_partials = nullptr;
                find_all_check(cudaMalloc((void **)&count_partials, blocks * sizeof(int)));
                find_all_kernel_4<<<blocks, 256>>>(text, word, m, found, count, (int)i_2_first, i_2_count, count_partials);
                find_all_kernel_4_final<<<1, 256>>>(count, blocks, count_partials);
                find_all_check(cudaFree(count_partials));
            }
        }
        find_all_kernel_5<<<1, 1>>>(count, result);
    }
    find_all_check(cudaFree(count));
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

static long long find_all_cuda_count_text(const char *text, long long n, const char *word, long long m, unsigned char *found) {
    return n >= m && m > 0 ? n : 0;
}

static long long find_all_cuda_count_word(const char *text, long long n, const char *word, long long m, unsigned char *found) {
    return n >= m && m > 0 ? m : 0;
}

static long long find_all_cuda_count_found(const char *text, long long n, const char *word, long long m, unsigned char *found) {
    return n;
}

int find_all_cuda(const char *text, int n, const char *word, int m, unsigned char *found) {
    const long long count_text_ = find_all_cuda_count_text(text, n, word, m, found);
    const size_t bytes_text_ = count_text_ > 0 ? count_text_ * sizeof(char) : 0;
    const long long count_word_ = find_all_cuda_count_word(text, n, word, m, found);
    const size_t bytes_word_ = count_word_ > 0 ? count_word_ * sizeof(char) : 0;
    const long long count_found_ = find_all_cuda_count_found(text, n, word, m, found);
    const size_t bytes_found_ = count_found_ > 0 ? count_found_ * sizeof(unsigned char) : 0;
    buffers_apart("`text` and `found`", text, bytes_text_, found, bytes_found_);
    buffers_apart("`word` and `found`", word, bytes_word_, found, bytes_found_);
    char *device_text_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_text_, bytes_text_ > 0 ? bytes_text_ : sizeof(char)));
    if (bytes_text_ > 0) HOST_CHECK(cudaMemcpy(device_text_, text, bytes_text_, cudaMemcpyHostToDevice));
    char *device_word_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_word_, bytes_word_ > 0 ? bytes_word_ : sizeof(char)));
    if (bytes_word_ > 0) HOST_CHECK(cudaMemcpy(device_word_, word, bytes_word_, cudaMemcpyHostToDevice));
    unsigned char *device_found_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_found_, bytes_found_ > 0 ? bytes_found_ : sizeof(unsigned char)));
    int *device_result_ = nullptr;
    HOST_CHECK(cudaMalloc((void **)&device_result_, sizeof(*device_result_)));
    HOST_CHECK(cudaMemset(device_result_, 0, sizeof(*device_result_)));
    find_all_launch(device_text_, n, device_word_, m, device_found_, device_result_);
    HOST_CHECK(cudaGetLastError());
    HOST_CHECK(cudaDeviceSynchronize());
    if (bytes_found_ > 0) HOST_CHECK(cudaMemcpy(found, device_found_, bytes_found_, cudaMemcpyDeviceToHost));
    int result_{};
    HOST_CHECK(cudaMemcpy(&result_, device_result_, sizeof(result_), cudaMemcpyDeviceToHost));
    HOST_CHECK(cudaFree(device_result_));
    HOST_CHECK(cudaFree(device_text_));
    HOST_CHECK(cudaFree(device_word_));
    HOST_CHECK(cudaFree(device_found_));
    return result_;
}
