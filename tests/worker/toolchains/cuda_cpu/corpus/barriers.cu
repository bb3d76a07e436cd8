// Shared memory with barriers: missing, in the wrong place, in the wrong branch; each beside its correct sibling.
#include "corpus.h"

__global__ void tree(const int* in, int* out, int leave_out) {
    __shared__ int s[512];
    int t = threadIdx.x;
    s[t] = in[blockIdx.x * blockDim.x + t];
    if (leave_out != 1) __syncthreads();
    for (int d = blockDim.x / 2; d > 0; d /= 2) {
        if (t < d) s[t] += s[t + d];
        if (leave_out != 2) __syncthreads();
    }
    if (t == 0) out[blockIdx.x] = s[0];
}
CASE(tree_reduction, "missing barrier", "clean") { tree<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), 0); }
CASE(tree_without_first_barrier, "missing barrier", "race") { tree<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), 1); }
CASE(tree_without_loop_barrier, "missing barrier", "race") { tree<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), 2); }

__global__ void reverse_bad(int* a) {
    __shared__ int s[512];
    int t = threadIdx.x, base = blockIdx.x * blockDim.x;
    s[t] = a[base + t];
    a[base + t] = s[blockDim.x - 1 - t];
}
__global__ void reverse_good(int* a) {
    __shared__ int s[512];
    int t = threadIdx.x, base = blockIdx.x * blockDim.x;
    s[t] = a[base + t];
    __syncthreads();
    a[base + t] = s[blockDim.x - 1 - t];
}
CASE(reverse_without_barrier, "missing barrier", "race") { reverse_bad<<<s.blocks, s.threads>>>(ramp<int>(s.size())); }
CASE(reverse_with_barrier, "missing barrier", "clean") { reverse_good<<<s.blocks, s.threads>>>(ramp<int>(s.size())); }

// Twice through the same buffer: the second write must wait for the first reads.
__global__ void reuse(int* a, bool wait) {
    __shared__ int s[512];
    int t = threadIdx.x, n = blockDim.x, i = blockIdx.x * n + t;
    s[t] = a[i];
    __syncthreads();
    int left = s[(t + 1) % n];
    if (wait) __syncthreads();
    s[t] = left * 2;
    __syncthreads();
    a[i] = s[(t + 1) % n];
}
CASE(buffer_reused_too_early, "missing barrier", "race") { reuse<<<s.blocks, s.threads>>>(ramp<int>(s.size()), false); }
CASE(buffer_reused_in_time, "missing barrier", "clean") { reuse<<<s.blocks, s.threads>>>(ramp<int>(s.size()), true); }

// The barrier stands before the write instead of after it.
__global__ void misplaced(int* a) {
    __shared__ int s[512];
    int t = threadIdx.x, n = blockDim.x, i = blockIdx.x * n + t;
    __syncthreads();
    s[t] = a[i];
    a[i] = s[(t + 1) % n];
}
CASE(barrier_before_the_write, "wrong barrier place", "race") { misplaced<<<s.blocks, s.threads>>>(ramp<int>(s.size())); }

// Hillis-Steele scan in one buffer: reads and writes of a round must be apart.
__global__ void scan(int* a, int barriers) {
    __shared__ int s[512];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    s[t] = a[i];
    __syncthreads();
    for (int d = 1; d < blockDim.x; d *= 2) {
        int add = t >= d ? s[t - d] : 0;
        if (barriers == 2) __syncthreads();
        s[t] += add;
        __syncthreads();
    }
    a[i] = s[t];
}
CASE(scan_with_one_barrier, "wrong barrier place", "race") { scan<<<s.blocks, s.threads>>>(ramp<int>(s.size()), 1); }
CASE(scan_with_two_barriers, "wrong barrier place", "clean") { scan<<<s.blocks, s.threads>>>(ramp<int>(s.size()), 2); }

// Double-buffered scan: one barrier a round is enough.
__global__ void scan_double(int* a, bool swap) {
    __shared__ int s[2][512];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t, from = 0;
    s[0][t] = a[i];
    __syncthreads();
    for (int d = 1; d < blockDim.x; d *= 2) {
        int to = swap ? 1 - from : from;
        s[to][t] = s[from][t] + (t >= d ? s[from][t - d] : 0);
        __syncthreads();
        from = to;
    }
    a[i] = s[from][t];
}
CASE(scan_double_buffer, "double buffering", "clean") { scan_double<<<s.blocks, s.threads>>>(ramp<int>(s.size()), true); }
CASE(scan_buffer_not_swapped, "double buffering", "race") { scan_double<<<s.blocks, s.threads>>>(ramp<int>(s.size()), false); }

// A pipeline of two tiles: load the next while the present one is used.
__global__ void pipeline(const int* in, int* out, int rounds, bool wait) {
    __shared__ int tile[2][512];
    int t = threadIdx.x, n = blockDim.x, sum = 0;
    tile[0][t] = in[t];
    __syncthreads();
    for (int r = 0; r < rounds; ++r) {
        if (r + 1 < rounds) tile[(r + 1) % 2][t] = in[(r + 1) * n + t];
        sum += tile[r % 2][(t + 1) % n];
        if (wait || r % 2 == 0) __syncthreads();
    }
    out[blockIdx.x * n + t] = sum;
}
CASE(pipeline_two_tiles, "double buffering", "clean") { pipeline<<<s.blocks, s.threads>>>(ramp<int>(4 * s.threads), zeros<int>(s.size()), 4, true); }
CASE(pipeline_barrier_every_other_round, "double buffering", "race") { pipeline<<<s.blocks, s.threads>>>(ramp<int>(4 * s.threads), zeros<int>(s.size()), 4, false); }

__global__ void transpose(const float* in, float* out, int width, bool wait) {
    __shared__ float tile[8][9];
    int x = threadIdx.x, y = threadIdx.y;
    tile[y][x] = in[(blockIdx.y * 8 + y) * width + blockIdx.x * 8 + x];
    if (wait) __syncthreads();
    out[(blockIdx.x * 8 + y) * width + blockIdx.y * 8 + x] = tile[x][y];
}
CASE(transpose_tiled, "missing barrier", "clean") { transpose<<<dim3(s.blocks, s.blocks), dim3(8, 8)>>>(ramp<float>(64 * s.blocks * s.blocks), zeros<float>(64 * s.blocks * s.blocks), 8 * s.blocks, true); }
CASE(transpose_without_barrier, "missing barrier", "race") { transpose<<<dim3(s.blocks, s.blocks), dim3(8, 8)>>>(ramp<float>(64 * s.blocks * s.blocks), zeros<float>(64 * s.blocks * s.blocks), 8 * s.blocks, false); }

// Tiled product: the second barrier keeps a fast thread from overwriting the tile.
__global__ void product(const float* a, const float* b, float* c, int n, bool second) {
    __shared__ float as[8][8], bs[8][8];
    int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * 8 + y, col = blockIdx.x * 8 + x;
    float sum = 0;
    for (int k = 0; k < n; k += 8) {
        as[y][x] = a[row * n + k + x];
        bs[y][x] = b[(k + y) * n + col];
        __syncthreads();
        for (int j = 0; j < 8; ++j) sum += as[y][j] * bs[j][x];
        if (second) __syncthreads();
    }
    c[row * n + col] = sum;
}
CASE(product_tiled, "missing barrier", "clean") { int n = 8 * s.blocks; product<<<dim3(s.blocks, s.blocks), dim3(8, 8)>>>(ramp<float>(n * n), ramp<float>(n * n), zeros<float>(n * n), n, true); }
CASE(product_without_second_barrier, "missing barrier", "race") { int n = 8 * s.blocks; product<<<dim3(s.blocks, s.blocks), dim3(8, 8)>>>(ramp<float>(n * n), ramp<float>(n * n), zeros<float>(n * n), n, false); }

// The broadcast of one thread's value.
__global__ void broadcast(const int* in, int* out, bool wait) {
    __shared__ int first;
    if (threadIdx.x == 0) first = in[blockIdx.x];
    if (wait) __syncthreads();
    out[blockIdx.x * blockDim.x + threadIdx.x] = first;
}
CASE(broadcast_with_barrier, "missing barrier", "clean") { broadcast<<<s.blocks, s.threads>>>(ramp<int>(s.blocks), zeros<int>(s.size()), true); }
CASE(broadcast_without_barrier, "missing barrier", "race") { broadcast<<<s.blocks, s.threads>>>(ramp<int>(s.blocks), zeros<int>(s.size()), false); }

// The same broadcast in a loop: the barrier at the end of the body matters too.
__global__ void broadcast_loop(const int* in, int* out, bool both) {
    __shared__ int item;
    int sum = 0;
    for (int r = 0; r < 3; ++r) {
        if (threadIdx.x == 0) item = in[r];
        __syncthreads();
        sum += item;
        if (both) __syncthreads();
    }
    out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}
CASE(broadcast_loop_both_barriers, "wrong barrier place", "clean") { broadcast_loop<<<s.blocks, s.threads>>>(ramp<int>(4), zeros<int>(s.size()), true); }
CASE(broadcast_loop_one_barrier, "wrong barrier place", "race") { broadcast_loop<<<s.blocks, s.threads>>>(ramp<int>(4), zeros<int>(s.size()), false); }

extern __shared__ int dynamic[];
__global__ void dynamic_halves(int* a, bool wait) {
    int *low = dynamic, *high = dynamic + blockDim.x, t = threadIdx.x, n = blockDim.x;
    low[t] = a[blockIdx.x * n + t];
    high[t] = 2 * low[t];
    if (wait) __syncthreads();
    a[blockIdx.x * n + t] = low[n - 1 - t] + high[(t + 1) % n];
}
CASE(dynamic_shared_halves, "missing barrier", "clean") { dynamic_halves<<<s.blocks, s.threads, 2 * s.threads * sizeof(int)>>>(ramp<int>(s.size()), true); }
CASE(dynamic_shared_without_barrier, "missing barrier", "race") { dynamic_halves<<<s.blocks, s.threads, 2 * s.threads * sizeof(int)>>>(ramp<int>(s.size()), false); }

// A fence is no barrier.
__global__ void fence_only(int* a, bool barrier) {
    __shared__ int s[512];
    int t = threadIdx.x, n = blockDim.x;
    s[t] = a[blockIdx.x * n + t];
    __threadfence_block();
    if (barrier) __syncthreads();
    a[blockIdx.x * n + t] = s[(t + 7) % n];
}
CASE(fence_instead_of_barrier, "missing barrier", "race") { fence_only<<<s.blocks, s.threads>>>(ramp<int>(s.size()), false); }
CASE(fence_and_barrier, "missing barrier", "clean") { fence_only<<<s.blocks, s.threads>>>(ramp<int>(s.size()), true); }

// Bytes that lie side by side are not the same place.
__global__ void bytes(unsigned char* out, int shift) {
    __shared__ unsigned char s[513];
    int t = threadIdx.x;
    s[t] = static_cast<unsigned char>(t);
    if (shift) s[t + 1] = static_cast<unsigned char>(t + 100);
    __syncthreads();
    out[blockIdx.x * blockDim.x + t] = s[t];
}
CASE(neighbouring_bytes, "index collision", "clean") { bytes<<<s.blocks, s.threads>>>(zeros<unsigned char>(s.size()), 0); }
CASE(overlapping_bytes, "index collision", "race") { bytes<<<s.blocks, s.threads>>>(zeros<unsigned char>(s.size()), 1); }

// A vote is a barrier too.
__global__ void voting(int* a, bool vote) {
    __shared__ int s[512];
    int t = threadIdx.x, n = blockDim.x, any = 1;
    s[t] = a[blockIdx.x * n + t];
    if (vote) any = __syncthreads_or(s[t] > 0);
    a[blockIdx.x * n + t] = any ? s[(t + 5) % n] : 0;
}
CASE(barrier_with_vote, "missing barrier", "clean") { voting<<<s.blocks, s.threads>>>(ramp<int>(s.size()), true); }
CASE(vote_left_out, "missing barrier", "race") { voting<<<s.blocks, s.threads>>>(ramp<int>(s.size()), false); }
