#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cstdio>
#include <cstdlib>
namespace cg = cooperative_groups;
#define CHECK(condition) \
    do { if (!(condition)) { printf("wrong: %s at line %d\n", #condition, __LINE__); exit(1); } } while (0)
__shared__ int of_file[64];
extern __shared__ int dynamic_of_file[];
struct Pair { double sum; long long count; };
__device__ int block_sum(cg::thread_group g, int* scratch, int v) {  // the size is known only when it runs
    int lane = g.thread_rank();
    for (int i = g.size() / 2; i > 0; i /= 2) { scratch[lane] = v; g.sync(); if (lane < i) v += scratch[lane + i]; g.sync(); }
    return v;
}
__global__ void groups(int* out, const int* in) {
    cg::thread_block block = cg::this_thread_block();
    int t = block.thread_rank(), *mine = out + t;
    auto tile = cg::tiled_partition<8>(block);
    mine[0 * 64] = tile.shfl(t, 3) * 100 + tile.meta_group_rank() * 10 + tile.thread_rank();
    mine[1 * 64] = cg::reduce(tile, t, cg::plus<int>()) * 100 + cg::reduce(tile, t, cg::greater<int>());
    mine[2 * 64] = cg::inclusive_scan(tile, 1) * 10 + cg::exclusive_scan(tile, 1);
    mine[3 * 64] = tile.shfl_xor(t, 1) + tile.shfl_down(t, 2) * 100;
    mine[4 * 64] = tile.ballot(t % 2) + tile.any(t == 13) * 1000 + tile.all(t < 60) * 10000;
    mine[5 * 64] = -1;
    if (t % 3 == 0) {
        auto active = cg::coalesced_threads();
        int first = active.shfl(t, 0), last = active.shfl(t, active.size() - 1);
        mine[5 * 64] = active.size() * 10000 + first * 100 + last;
        int ticket = 0;
        if (active.thread_rank() == 0) ticket = atomicAdd(&out[12 * 64], active.size());
        atomicAdd(&out[12 * 64 + 1], active.shfl(ticket, 0) + active.thread_rank());
    }
    __shared__ int scratch[64];
    int sum = block_sum(block, scratch, t);
    if (t == 0) out[6 * 64] = sum;
    auto quarter = cg::tiled_partition(cg::tiled_partition<32>(block), 16);
    sum = block_sum(quarter, scratch + t / 16 * 16, t);
    if (quarter.thread_rank() == 0) out[6 * 64 + 1 + t / 16] = sum;
    auto half = cg::binary_partition(cg::tiled_partition<32>(block), t % 4 == 0);
    mine[7 * 64] = half.size() * 100 + half.thread_rank();
    Pair pair = cg::reduce(tile, Pair{0.5 * t, 1}, [](Pair a, Pair b) { return Pair{a.sum + b.sum, a.count + b.count}; });
    mine[8 * 64] = (int)(pair.sum * 2) * 100 + (int)pair.count;
    cg::memcpy_async(block, &dynamic_of_file[0], in, 64 * sizeof(int));
    cg::wait(block);
    of_file[t] = dynamic_of_file[63 - t];
    block.sync();
    mine[9 * 64] = of_file[(t + 1) % 64];
}
int main() {
    int *out, *in, v[13 * 64], h[64];
    cudaMalloc(&out, sizeof v); cudaMemset(out, 0, sizeof v); cudaMalloc(&in, sizeof h);
    for (int i = 0; i < 64; ++i) h[i] = i * i;
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice);
    groups<<<1, 64, 256>>>(out, in);
    CHECK(cudaMemcpy(v, out, sizeof v, cudaMemcpyDeviceToHost) == cudaSuccess);
    for (int t = 0; t < 64; ++t) {
        int base = t / 8 * 8, lane = t % 8;
        CHECK(v[t] == (base + 3) * 100 + base / 8 * 10 + lane);
        CHECK(v[64 + t] == (8 * base + 28) * 100 + base + 7);
        CHECK(v[128 + t] == (lane + 1) * 10 + lane);
        CHECK(v[192 + t] == (t ^ 1) + (lane < 6 ? t + 2 : t) * 100);
        CHECK(v[256 + t] == 0xaa + (base == 8) * 1000 + (base < 56) * 10000);
        CHECK(v[320 + t] == (t % 3 ? -1 : t < 32 ? 110030 : 113363));
        CHECK(v[448 + t] == (t % 4 ? 2400 + t % 32 - t % 32 / 4 - 1 : 800 + t % 32 / 4));
        CHECK(v[512 + t] == (8 * base + 28) * 100 + 8);
        int from = 63 - (t + 1) % 64;
        CHECK(v[576 + t] == from * from);
    }
    CHECK(v[384] == 2016);
    for (int q = 0; q < 4; ++q) CHECK(v[385 + q] == q * 256 + 120);
    CHECK(v[768] == 22 && v[769] == 231);
    printf("right\n");
}
