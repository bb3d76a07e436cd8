// Cooperative groups: blocks, tiles and the grid as a whole.
#include <cooperative_groups.h>

#include "corpus.h"

namespace cg = cooperative_groups;
__global__ void tiles(int* a, int width) {
    __shared__ int s[512];
    cg::thread_block block = cg::this_thread_block();
    auto tile = cg::tiled_partition<8>(block);
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    s[t] = a[i];
    tile.sync();
    a[i] = s[t / width * width + (t + 1) % width];
}
CASE(tile_of_eight, "cooperative groups", "clean") { tiles<<<s.blocks, s.threads>>>(ramp<int>(s.size()), 8); }
CASE(tile_too_narrow, "cooperative groups", "race") { tiles<<<s.blocks, s.threads>>>(ramp<int>(s.size()), 16); }
__global__ void group_sync(int* a, bool wait) {
    __shared__ int s[512];
    cg::thread_block block = cg::this_thread_block();
    s[block.thread_rank()] = a[blockIdx.x * blockDim.x + threadIdx.x];
    if (wait) block.sync();
    a[blockIdx.x * blockDim.x + threadIdx.x] = s[blockDim.x - 1 - block.thread_rank()];
}
CASE(group_barrier, "cooperative groups", "clean") { group_sync<<<s.blocks, s.threads>>>(ramp<int>(s.size()), true); }
CASE(group_barrier_missing, "cooperative groups", "race") { group_sync<<<s.blocks, s.threads>>>(ramp<int>(s.size()), false); }
__global__ void grid_phase(int* a, int* b, int n, bool wait) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    a[i] = i;
    if (wait) cg::this_grid().sync(); else __syncthreads();
    b[i] = a[(i + blockDim.x) % n];
}
static void cooperative(Shape s, bool wait) {
    int *a = zeros<int>(s.size()), *b = zeros<int>(s.size()), n = s.size();
    void* arguments[] = {&a, &b, &n, &wait};
    cudaLaunchCooperativeKernel((void*)grid_phase, dim3(s.blocks), dim3(s.threads), arguments, 0, 0);
}
CASE(grid_barrier, "cooperative groups", "clean") { cooperative(s, true); }
CASE(grid_barrier_missing, "cooperative groups", "race") { cooperative(s, false); }
