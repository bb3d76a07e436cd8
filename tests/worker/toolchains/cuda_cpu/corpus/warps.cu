// Threads of one warp: they are not in step since Volta. Shuffles carry values, __syncwarp orders memory.
#include "corpus.h"

__global__ void warp_tail(const int* in, int* out, bool wait) {
    __shared__ int s[512];
    int t = threadIdx.x;
    s[t] = in[blockIdx.x * blockDim.x + t];
    __syncthreads();
    for (int d = blockDim.x / 2; d >= 32; d /= 2) {
        if (t < d) s[t] += s[t + d];
        __syncthreads();
    }
    if (t < 32) {
        for (int d = 16; d > 0; d /= 2) {
            int v = s[t + d];
            if (wait) __syncwarp();
            s[t] += v;
            if (wait) __syncwarp();
        }
    }
    if (t == 0) out[blockIdx.x] = s[0];
}
CASE(warp_synchronous_tail, "warp-synchronous", "race") { warp_tail<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), false); }
CASE(warp_tail_with_syncwarp, "warp-synchronous", "clean") { warp_tail<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks), true); }

// The idiom of old samples: volatile, and no synchronisation.
__device__ void old_warp_reduce(volatile int* s, int t) {
    s[t] += s[t + 32];
    s[t] += s[t + 16];
    s[t] += s[t + 8];
    s[t] += s[t + 4];
    s[t] += s[t + 2];
    s[t] += s[t + 1];
}
__global__ void volatile_tail(const int* in, int* out) {
    __shared__ int s[1024];
    int t = threadIdx.x;
    s[t] = in[blockIdx.x * blockDim.x + t];
    __syncthreads();
    for (int d = blockDim.x / 2; d > 32; d /= 2) {
        if (t < d) s[t] += s[t + d];
        __syncthreads();
    }
    if (t < 32) old_warp_reduce(s, t);
    if (t == 0) out[blockIdx.x] = s[0];
}
CASE(warp_synchronous_volatile, "warp-synchronous", "race") { volatile_tail<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks)); }

__global__ void shuffle_tail(const int* in, int* out) {
    __shared__ int s[16];
    int t = threadIdx.x, v = in[blockIdx.x * blockDim.x + t];
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d);
    if (t % 32 == 0) s[t / 32] = v;
    __syncthreads();
    if (t == 0) {
        for (int w = 1; w < blockDim.x / 32; ++w) v += s[w];
        out[blockIdx.x] = v;
    }
}
CASE(shuffle_reduction, "warp shuffle", "clean") { shuffle_tail<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks)); }

__global__ void shuffle_no_barrier(const int* in, int* out) {
    __shared__ int s[16];
    int t = threadIdx.x, v = in[blockIdx.x * blockDim.x + t];
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d);
    if (t % 32 == 0) s[t / 32] = v;
    if (t == 0) {
        for (int w = 1; w < blockDim.x / 32; ++w) v += s[w];
        out[blockIdx.x] = v;
    }
}
CASE(shuffle_reduction_no_barrier, "warp shuffle", "race") { shuffle_no_barrier<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.blocks)); }

__global__ void warp_scan(int* a) {
    int t = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32, v = a[t];
    for (int d = 1; d < 32; d *= 2) {
        int u = __shfl_up_sync(0xffffffffu, v, d);
        if (lane >= d) v += u;
    }
    a[t] = v;
}
CASE(shuffle_scan, "warp shuffle", "clean") { warp_scan<<<s.blocks, s.threads>>>(ramp<int>(s.size())); }

// A slice of shared memory a warp: __syncwarp is enough within it, not beyond.
__global__ void slices(int* a, int reach, bool wait) {
    __shared__ int s[512];
    int t = threadIdx.x, n = blockDim.x, i = blockIdx.x * n + t;
    s[t] = a[i];
    if (wait) __syncwarp();
    a[i] = s[reach == 32 ? t / 32 * 32 + (t + 1) % 32 : (t + 1) % n];
}
CASE(warp_slice_syncwarp, "warp-synchronous", "clean") { slices<<<s.blocks, s.threads>>>(ramp<int>(s.size()), 32, true); }
CASE(warp_slice_no_sync, "warp-synchronous", "race") { slices<<<s.blocks, s.threads>>>(ramp<int>(s.size()), 32, false); }
CASE(syncwarp_across_warps, "warp-synchronous", "race") { slices<<<s.blocks, s.threads>>>(ramp<int>(s.size()), 512, true); }

// Half a warp synchronised with its own mask; the other half is not in it.
__global__ void halves(int* a, bool across) {
    __shared__ int s[512];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t, half = t % 32 / 16;
    s[t] = a[i];
    __syncwarp(half ? 0xffff0000u : 0x0000ffffu);
    a[i] = s[across ? t ^ 16 : t ^ 8];
}
CASE(half_warp_mask, "warp-synchronous", "clean") { halves<<<s.blocks, s.threads>>>(ramp<int>(s.size()), false); }
CASE(half_warp_mask_across, "warp-synchronous", "race") { halves<<<s.blocks, s.threads>>>(ramp<int>(s.size()), true); }

__global__ void leader(const int* in, int* out, int* slots, bool broadcast) {
    int t = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32, base = 0;
    unsigned positive = __ballot_sync(0xffffffffu, in[t] % 2 == 0);
    if (lane == 0) base = atomicAdd(slots, __popc(positive));
    if (broadcast) base = __shfl_sync(0xffffffffu, base, 0);
    if (in[t] % 2 == 0) out[base + __popc(positive & ((1u << lane) - 1))] = in[t];
}
CASE(warp_aggregated_slots, "warp shuffle", "clean") { leader<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), zeros<int>(1), true); }
CASE(warp_slot_not_broadcast, "warp shuffle", "race") { leader<<<s.blocks, s.threads>>>(ramp<int>(s.size()), zeros<int>(s.size()), zeros<int>(1), false); }
