// Global memory between threads and blocks: sums without atomics, stencils in place, neighbours, collisions of indices.
#include "corpus.h"

__global__ void sum_plain(const int* in, int* sum) { *sum += in[blockIdx.x * blockDim.x + threadIdx.x]; }
__global__ void sum_atomic(const int* in, int* sum) { atomicAdd(sum, in[blockIdx.x * blockDim.x + threadIdx.x]); }
CASE(sum_without_atomic, "global read-modify-write", "race") { sum_plain<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1)); }
CASE(sum_with_atomic, "global read-modify-write", "clean") { sum_atomic<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1)); }

// One thread a block adds: blocks race with each other only.
__global__ void block_leaders(const int* in, int* sum, bool atomic) {
    if (threadIdx.x != 0) return;
    if (atomic) atomicAdd(sum, in[blockIdx.x]); else *sum += in[blockIdx.x];
}
CASE(leaders_add_plainly, "global read-modify-write", "race") { block_leaders<<<s.blocks, s.threads>>>(ramp<int>(s.blocks), zeros<int>(1), false); }
CASE(leaders_add_atomically, "global read-modify-write", "clean") { block_leaders<<<s.blocks, s.threads>>>(ramp<int>(s.blocks), zeros<int>(1), true); }

__global__ void count_matches(const int* in, int* count, bool atomic) {
    if (in[blockIdx.x * blockDim.x + threadIdx.x] % 3 != 0) return;
    if (atomic) atomicAdd(count, 1); else (*count)++;
}
CASE(counter_without_atomic, "global read-modify-write", "race") { count_matches<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1), false); }
CASE(counter_with_atomic, "global read-modify-write", "clean") { count_matches<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1), true); }

__global__ void maximum(const int* in, int* best, bool atomic) {
    int v = in[blockIdx.x * blockDim.x + threadIdx.x];
    if (atomic) atomicMax(best, v); else if (v > *best) *best = v;
}
CASE(maximum_without_atomic, "global read-modify-write", "race") { maximum<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1), false); }
CASE(maximum_with_atomic, "global read-modify-write", "clean") { maximum<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(1), true); }

__global__ void histogram(const int* in, int* bins, bool atomic) {
    int b = in[blockIdx.x * blockDim.x + threadIdx.x] % 16;
    if (atomic) atomicAdd(&bins[b], 1); else bins[b] += 1;
}
CASE(histogram_plain, "histogram without atomics", "race") { histogram<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(16), false); }
CASE(histogram_atomic, "histogram without atomics", "clean") { histogram<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(16), true); }

__global__ void private_histogram(const int* in, int* bins, bool atomic, bool wait) {
    __shared__ int mine[16];
    if (threadIdx.x < 16) mine[threadIdx.x] = 0;
    if (wait) __syncthreads();
    int b = in[blockIdx.x * blockDim.x + threadIdx.x] % 16;
    if (atomic) atomicAdd(&mine[b], 1); else mine[b]++;
    __syncthreads();
    if (threadIdx.x < 16) atomicAdd(&bins[threadIdx.x], mine[threadIdx.x]);
}
CASE(histogram_private, "histogram without atomics", "clean") { private_histogram<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(16), true, true); }
CASE(histogram_private_plain, "histogram without atomics", "race") { private_histogram<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(16), false, true); }
CASE(histogram_cleared_late, "histogram without atomics", "race") { private_histogram<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(16), true, false); }

// A bin a thread: no atomics needed.
__global__ void own_bins(const int* in, int* bins, int n) {
    int t = blockIdx.x * blockDim.x + threadIdx.x;
    for (int i = 0; i < 4; ++i) bins[t * 4 + in[(t + i) % n] % 4]++;
}
CASE(histogram_own_bins, "histogram without atomics", "clean") { own_bins<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(4 * s.size()), s.size()); }

__global__ void stencil(const float* in, float* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i > 0 && i < n - 1) out[i] = (in[i - 1] + in[i] + in[i + 1]) / 3;
}
CASE(stencil_in_place, "stencil in place", "race") { float* a = ramp<float>(s.size()); stencil<<<s.blocks, s.threads>>>(a, a, s.size()); }
CASE(stencil_two_arrays, "stencil in place", "clean") {
    float *a = ramp<float>(s.size()), *b = zeros<float>(s.size());
    for (int step = 0; step < 4; ++step) { stencil<<<s.blocks, s.threads>>>(a, b, s.size()); float* c = a; a = b; b = c; }
}

// Red and black points in turn, one colour a launch.
__global__ void red_black(float* a, int n, int colour) {
    int i = 2 * (blockIdx.x * blockDim.x + threadIdx.x) + colour;
    if (i > 0 && i < n - 1) a[i] = (a[i - 1] + a[i + 1]) / 2;
}
CASE(red_black_two_launches, "stencil in place", "clean") { float* a = ramp<float>(2 * s.size()); red_black<<<s.blocks, s.threads>>>(a, 2 * s.size(), 0); red_black<<<s.blocks, s.threads>>>(a, 2 * s.size(), 1); }

__global__ void both_colours(float* a, int n) {
    for (int colour = 0; colour < 2; ++colour) {
        int i = 2 * (blockIdx.x * blockDim.x + threadIdx.x) + colour;
        if (i > 0 && i < n - 1) a[i] = (a[i - 1] + a[i + 1]) / 2;
        __syncthreads();
    }
}
CASE(red_black_one_launch, "stencil in place", "race") { both_colours<<<s.blocks, s.threads>>>(ramp<float>(2 * s.size()), 2 * s.size()); }
CASE(red_black_one_block, "stencil in place", "clean") { both_colours<<<1, s.threads>>>(ramp<float>(2 * s.threads), 2 * s.threads); }

__global__ void shift(int* a, int n, int by) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i + by < n) a[i] = a[i + by];
}
CASE(shift_in_place, "off-by-one neighbours", "race") { shift<<<s.blocks, s.threads>>>(ramp<int>(s.size()), s.size(), 1); }
CASE(shift_by_nothing, "off-by-one neighbours", "clean") { shift<<<s.blocks, s.threads>>>(ramp<int>(s.size()), s.size(), 0); }
CASE(shift_far, "off-by-one neighbours", "clean") { shift<<<s.blocks, s.threads>>>(ramp<int>(2 * s.size()), 2 * s.size(), s.size()); }

// Each thread owns a chunk; one too long reaches into the next.
__global__ void chunks(int* a, int n, int chunk, int extra) {
    int first = (blockIdx.x * blockDim.x + threadIdx.x) * chunk;
    for (int i = first; i < first + chunk + extra && i < n; ++i) a[i] += 1;
}
CASE(chunks_overlap_by_one, "off-by-one neighbours", "race") { chunks<<<s.blocks, s.threads>>>(ramp<int>(4 * s.size()), 4 * s.size(), 4, 1); }
CASE(chunks_apart, "off-by-one neighbours", "clean") { chunks<<<s.blocks, s.threads>>>(ramp<int>(4 * s.size()), 4 * s.size(), 4, 0); }

__global__ void scatter(const int* in, int* out, int n, int divide) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) out[i / divide] = in[i]; }
CASE(scatter_collides, "index collision", "race") { scatter<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), s.size(), 2); }
CASE(scatter_apart, "index collision", "clean") { scatter<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), s.size(), 1); }

// The block's offset is forgotten: blocks write over each other.
__global__ void forgotten(const int* in, int* out, bool offset) {
    int i = threadIdx.x + (offset ? blockIdx.x * blockDim.x : 0);
    out[i] = in[blockIdx.x * blockDim.x + threadIdx.x];
}
CASE(block_offset_forgotten, "index collision", "race") { forgotten<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), false); }
CASE(block_offset_used, "index collision", "clean") { forgotten<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), true); }

__global__ void rows(float* m, int width, int stride) {
    int x = threadIdx.x, y = blockIdx.x;
    m[y * stride + x] = x + 1000 * y + width;
}
CASE(row_stride_too_small, "index collision", "race") { rows<<<s.blocks, s.threads>>>(zeros<float>(s.size()), s.threads, s.threads - 1); }
CASE(row_stride_right, "index collision", "clean") { rows<<<s.blocks, s.threads>>>(zeros<float>(s.size()), s.threads, s.threads); }

__global__ void permute(const int* in, int* out, int n, int step) { int i = blockIdx.x * blockDim.x + threadIdx.x; out[i * step % n] = in[i]; }
CASE(permutation_odd_step, "index collision", "clean") { permute<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), s.size(), 7); }
CASE(permutation_even_step, "index collision", "race") { permute<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), s.size(), 6); }

// A reduction whose second half is another block's first: the tail.
__global__ void pairs(int* a, int n, int half) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < half && i + half < n) a[i] += a[i + half];
}
__global__ void all_rounds(int* a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    for (int half = n / 2; half > 0; half /= 2) {
        if (i < half) a[i] += a[i + half];
        __syncthreads();
    }
}
CASE(reduction_one_launch_a_round, "reduction tail", "clean") { int* a = ramp<int>(s.size()); for (int h = s.size() / 2; h > 0; h /= 2) pairs<<<s.blocks, s.threads>>>(a, s.size(), h); }
CASE(reduction_rounds_in_one_launch, "reduction tail", "race") { all_rounds<<<s.blocks, s.threads>>>(ramp<int>(s.size()), s.size()); }
CASE(reduction_rounds_in_one_block, "reduction tail", "clean") { all_rounds<<<1, s.threads>>>(ramp<int>(s.threads), s.threads); }

__global__ void odd_tree(const int* in, int* out, int n, bool guard) {
    __shared__ int s[512];
    int t = threadIdx.x;
    s[t] = t < n ? in[t] : 0;
    __syncthreads();
    for (int d = (n + 1) / 2, m = n; m > 1; m = d, d = (d + 1) / 2) {
        if (guard ? t + d < m && t < d : t <= d && t + d < n) s[t] += s[t + d];
        __syncthreads();
    }
    if (t == 0) out[blockIdx.x] = s[0];
}
CASE(odd_reduction_guarded, "reduction tail", "clean") { odd_tree<<<s.blocks, s.threads>>>(ramp<int>(s.threads), zeros<int>(s.blocks), s.threads - 3, true); }
CASE(odd_reduction_one_too_many, "reduction tail", "race") { odd_tree<<<s.blocks, s.threads>>>(ramp<int>(s.threads), zeros<int>(s.blocks), s.threads - 3, false); }

__device__ int total;
__device__ int table[512];
__global__ void device_variable(const int* in, bool atomic) {
    int v = in[threadIdx.x];
    if (atomic) atomicAdd(&total, v); else total += v;
    table[threadIdx.x] = v;
}
CASE(device_variable_plain, "global read-modify-write", "race") { device_variable<<<1, s.threads>>>(ramp<int>(s.threads), false); }
CASE(device_variable_atomic, "global read-modify-write", "clean") { device_variable<<<1, s.threads>>>(ramp<int>(s.threads), true); }

__global__ void managed_sum(int* data, bool own) { int i = blockIdx.x * blockDim.x + threadIdx.x; data[own ? i : 0] += i; }
CASE(managed_memory_shared_cell, "global read-modify-write", "race") { int* p; cudaMallocManaged(&p, 4 * s.size()); std::memset(p, 0, 4 * s.size()); managed_sum<<<s.blocks, s.threads>>>(p, false); cudaDeviceSynchronize(); std::printf("%d\n", p[0] != 0); }
CASE(managed_memory_own_cells, "global read-modify-write", "clean") { int* p; cudaMallocManaged(&p, 4 * s.size()); std::memset(p, 0, 4 * s.size()); managed_sum<<<s.blocks, s.threads>>>(p, true); cudaDeviceSynchronize(); std::printf("%d\n", p[1]); }
