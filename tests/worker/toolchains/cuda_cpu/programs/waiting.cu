#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#include <cooperative_groups.h>
namespace cg = cooperative_groups;
#define CHECK(condition) do { if (!(condition)) { printf("wrong: %s at line %d\n", #condition, __LINE__); exit(1); } } while (0)
template <class T> T* device(int n) { T* p; cudaMalloc(&p, n * sizeof(T)); cudaMemset(p, 0, n * sizeof(T)); return p; }
template <class T> std::vector<T> host(const T* p, int n) {
    std::vector<T> v(n); CHECK(cudaMemcpy(v.data(), p, n * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess); return v;
}
__global__ void lock(int* mutex, volatile int* counter) {  // a spin lock that every thread of every block takes
    bool done = false;
    while (!done) {
        if (atomicCAS(mutex, 0, 1) == 0) { *counter = *counter + 1; __threadfence(); done = true; atomicExch(mutex, 0); }
    }
}
__global__ void lock_with_barrier(int* mutex, int* counter) {  // one thread of a block holds the lock while the block works
    __shared__ int seen;
    if (threadIdx.x == 0) while (atomicExch(mutex, 1) != 0) {}
    __syncthreads();
    if (threadIdx.x == 1) seen = *(volatile int*)counter;
    __syncthreads();
    if (threadIdx.x == 2) { *counter = seen + 1; __threadfence(); }
    __syncthreads();
    if (threadIdx.x == 0) atomicExch(mutex, 0);
}
// Decoupled look-back: a block waits for the one before it; tiles are dealt out so that the last block starts first.
__global__ void look_back(const int* in, int* out, volatile int* flags, volatile int* prefix) {
    int tile = gridDim.x - 1 - blockIdx.x;
    __shared__ int before;
    if (threadIdx.x == 0) {
        int sum = 0;
        for (int i = 0; i < (int)blockDim.x; ++i) sum += in[tile * blockDim.x + i];
        before = 0;
        if (tile > 0) { while (atomicAdd((int*)&flags[tile - 1], 0) == 0) {} __threadfence(); before = prefix[tile - 1]; }
        prefix[tile] = before + sum; __threadfence(); atomicExch((int*)&flags[tile], 1);
    }
    __syncthreads();
    int sum = before;
    for (int i = 0; i <= (int)threadIdx.x; ++i) sum += in[tile * blockDim.x + i];
    out[tile * blockDim.x + threadIdx.x] = sum;
}
__global__ void volatile_flag(volatile int* flag, int* out) {  // no atomic, no fence: only preemption helps
    if (blockIdx.x == 0) { while (flag[0] == 0) {} out[threadIdx.x] = flag[1]; }
    else if (threadIdx.x == 0) { flag[1] = 42; flag[0] = 1; }
}
__global__ void in_block_flag(int* out) {  // thread 0 waits for thread 63 of its own block
    __shared__ volatile int flag;
    if (threadIdx.x == 0) flag = 0;
    __syncthreads();
    if (threadIdx.x == 63) flag = 7;
    if (threadIdx.x == 0) { while (flag != 7) {} out[0] = 1; }
}
__device__ unsigned arrived;
__global__ void own_grid_barrier(int* data, int* out, int blocks) {
    data[blockIdx.x] = blockIdx.x + 1; __threadfence(); __syncthreads();
    if (threadIdx.x == 0) { atomicAdd(&arrived, 1u); while (atomicAdd(&arrived, 0u) < (unsigned)blocks) __nanosleep(100); }
    __syncthreads();
    if (threadIdx.x == 0) { int s = 0; for (int i = 0; i < blocks; ++i) s += ((volatile int*)data)[i]; out[blockIdx.x] = s; }
}
__global__ void cooperative(int* data, int* out, int rounds) {
    cg::grid_group grid = cg::this_grid();
    unsigned long long me = grid.thread_rank(), n = grid.size();
    data[me] = me;
    for (int r = 0; r < rounds; ++r) {
        grid.sync();
        int v = data[(me + 1) % n];
        grid.sync();
        data[me] = v;
    }
    out[me] = data[me] + (grid.is_valid() ? 0 : 1000000);
}
__global__ void leaves_grid(int* out) { if (blockIdx.x == 1) return; cg::this_grid().sync(); out[0] = 1; }
__global__ void turns(volatile int* turn, int* out, int n) {  // a token that goes round all threads of all blocks
    int me = blockIdx.x * blockDim.x + threadIdx.x;
    for (int round = 0; round < 3; ++round) {
        while (atomicAdd((int*)turn, 0) != round * n + me) {}
        out[round * n + me] = me; __threadfence();
        atomicAdd((int*)turn, 1);
    }
}
__global__ void for_ever(volatile int* flag) { while (*flag == 0) {} }
__global__ void for_ever_atomic(int* flag) { while (atomicAdd(flag, 0) == 0) {} }

int main(int argc, char** argv) {
    const char* what = argv[1];
    int* out = device<int>(1 << 16); int* work = device<int>(1 << 16); int* more = device<int>(1 << 16);
    if (!strcmp(what, "for_ever")) { for_ever<<<2, 32>>>(work); return 0; }
    if (!strcmp(what, "for_ever_atomic")) { for_ever_atomic<<<2, 32>>>(work); return 0; }
    if (!strcmp(what, "leaves_grid")) {
        void* arguments[] = {&out};
        cudaError_t e = cudaLaunchCooperativeKernel(leaves_grid, 3, 32, arguments);
        if (e == cudaSuccess) e = cudaDeviceSynchronize();
        printf("%d\n", (int)e); return 0;
    }
    lock<<<20, 64>>>(work, more); CHECK(host(more, 1)[0] == 1280);
    cudaMemset(work, 0, 4); cudaMemset(more, 0, 4);
    lock_with_barrier<<<40, 64>>>(work, more); CHECK(host(more, 1)[0] == 40);
    { const int blocks = 50, n = blocks * 64; int *flags = device<int>(blocks), *prefix = device<int>(blocks);
      std::vector<int> in(n); for (int i = 0; i < n; ++i) in[i] = i % 10;
          cudaMemcpy(work, in.data(), n * 4, cudaMemcpyHostToDevice);
      look_back<<<blocks, 64>>>(work, out, flags, prefix); auto v = host(out, n); int s = 0;
      for (int i = 0; i < n; ++i) { s += in[i]; CHECK(v[i] == s); } }
    cudaMemset(work, 0, 8); volatile_flag<<<2, 4>>>(work, out); CHECK(host(out, 4)[3] == 42);
    cudaMemset(out, 0, 4); in_block_flag<<<1, 64>>>(out); CHECK(host(out, 1)[0] == 1);
    own_grid_barrier<<<24, 128>>>(work, out, 24); for (int v : host(out, 24)) CHECK(v == 300);
    { int rounds = 5; void* arguments[] = {&work, &out, &rounds};
      CHECK(cudaLaunchCooperativeKernel(cooperative, dim3(8), dim3(256), arguments) == cudaSuccess);
      auto v = host(out, 2048); for (int i = 0; i < 2048; ++i) CHECK(v[i] == (i + 5) % 2048);
      CHECK(cudaLaunchCooperativeKernel(cooperative, dim3(9), dim3(1024), arguments) == cudaErrorCooperativeLaunchTooLarge);
      cudaGetLastError(); }
    cudaMemset(work, 0, 4); turns<<<6, 40>>>(work, out, 240); { auto v = host(out, 720);
        for (int i = 0; i < 720; ++i) CHECK(v[i] == i % 240); }
    CHECK(cudaGetLastError() == cudaSuccess);
    printf("right\n");
}
