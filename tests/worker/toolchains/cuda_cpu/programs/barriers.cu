#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
#define CHECK(condition) do { if (!(condition)) { printf("wrong: %s at line %d\n", #condition, __LINE__); exit(1); } } while (0)
template <class T> T* device(int n) { T* p; cudaMalloc(&p, n * sizeof(T)); cudaMemset(p, 0, n * sizeof(T)); return p; }
template <class T> std::vector<T> host(const T* p, int n) {
    std::vector<T> v(n); CHECK(cudaMemcpy(v.data(), p, n * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess); return v;
}

__global__ void reduce(const int* in, unsigned long long* out, int n) {
    __shared__ unsigned long long s[256];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    s[t] = i < n ? in[i] : 0;
    __syncthreads();
    for (int d = blockDim.x / 2; d > 0; d /= 2) { if (t < d) s[t] += s[t + d]; __syncthreads(); }
    if (t == 0) atomicAdd(out, s[0]);
}
__global__ void reverse_dynamic(int* a, int n) {
    extern __shared__ int s[];
    int t = threadIdx.x;
    s[t] = a[t]; __syncthreads(); a[t] = s[n - 1 - t];
}
__global__ void votes(int* out) {
    int t = threadIdx.x;
    int count = __syncthreads_count(t % 3 == 0), all = __syncthreads_and(t < 100), none = __syncthreads_and(t < 99);
    int any = __syncthreads_or(t == 57), no = __syncthreads_or(t > 1000);
    out[t] = count * 10000 + all * 1000 + none * 100 + any * 10 + no;
}
__global__ void scan(int* a) {  // a Hillis-Steele scan over 1024 threads
    __shared__ int s[2][1024];
    int t = threadIdx.x, now = 0;
    s[0][t] = a[t]; __syncthreads();
    for (int d = 1; d < 1024; d *= 2) { s[1 - now][t] = t >= d ? s[now][t] + s[now][t - d] : s[now][t]; now = 1 - now;
        __syncthreads(); }
    a[t] = s[now][t];
}
__global__ void transpose(const float* in, float* out, int n) {
    __shared__ float tile[16][17];
    int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
    if (x < n && y < n) tile[threadIdx.y][threadIdx.x] = in[y * n + x];
    __syncthreads();
    x = blockIdx.y * 16 + threadIdx.x; y = blockIdx.x * 16 + threadIdx.y;
    if (x < n && y < n) out[y * n + x] = tile[threadIdx.x][threadIdx.y];
}
template <class T> __global__ void shuffles(T* out, int width) {
    int t = threadIdx.x; T v = (T)(t + 100);
    out[0 * 64 + t] = __shfl_sync(0xffffffff, v, t + 3, width);
    out[1 * 64 + t] = __shfl_up_sync(0xffffffff, v, 2, width);
    out[2 * 64 + t] = __shfl_down_sync(0xffffffff, v, 5, width);
    out[3 * 64 + t] = __shfl_xor_sync(0xffffffff, v, 5, width);
}
struct Wide { double x, y; int z; };
__global__ void wide_shuffle(int* out) {
    Wide w = {threadIdx.x * 1.0, threadIdx.x * 2.0, (int)threadIdx.x};
    w.x = __shfl_xor_sync(~0u, w.x, 1);
    double2 d = make_double2(threadIdx.x, -1.0 * threadIdx.x);
    d.y = __shfl_down_sync(~0u, d.y, 1);
    out[threadIdx.x] = (int)w.x * 100 - (int)d.y;
}
__global__ void warp_votes(unsigned* out) {
    int t = threadIdx.x;
    out[t] = __ballot_sync(~0u, t % 2);
    out[32 + t] = (__any_sync(~0u, t == 31) << 2) | (__all_sync(~0u, t < 32) << 1) | __all_sync(~0u, t < 31);
    out[64 + t] = __match_any_sync(~0u, t / 8);
    int same; unsigned m = __match_all_sync(~0u, t / 32, &same); out[96 + t] = m + same;
    out[128 + t] = __reduce_add_sync(~0u, (unsigned)t) * 1000 + __reduce_max_sync(~0u, (unsigned)t);
    unsigned half = t < 16 ? 0x0000ffffu : 0xffff0000u;
    out[160 + t] = __reduce_add_sync(half, (unsigned)t);
    out[192 + t] = __popc(__activemask());
    if (t % 4 == 1) out[192 + t] = __activemask();
}
__global__ void diverged(int* out) {  // the halves of a warp take different ways, each with its own mask
    int t = threadIdx.x, v = t;
    if (t % 32 < 16) { v += __shfl_down_sync(0x0000ffffu, v, 1); __syncwarp(0x0000ffffu);
        v += __shfl_xor_sync(0x0000ffffu, v, 8); }
    else v = __shfl_sync(0xffff0000u, v, 20);
    __syncwarp();
    out[t] = v;
}
__global__ void partial_block(int* out) {  // 40 threads: the second warp has 8 lanes
    int v = 1;
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(~0u, v, d);
    if (threadIdx.x % 32 == 0) out[threadIdx.x / 32] = v;
}
__global__ void early_return(int* out, int n) {
    int i = threadIdx.x;
    if (i >= n) return;
    __shared__ int s[128];
    s[i] = i; __syncthreads(); out[i] = s[n - 1 - i];
}
__device__ int helper(int v) { __shared__ int h[64]; h[threadIdx.x] = v; __syncthreads(); int r = h[63 - threadIdx.x];
    __syncthreads(); return r; }
__global__ void in_function(int* out) { out[blockIdx.x * 64 + threadIdx.x] = helper(helper(threadIdx.x) + 1) + blockIdx.x; }
__global__ void identity(int* out) {
    int i = ((blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x) * (blockDim.x * blockDim.y * blockDim.z)
          + (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    atomicAdd(&out[i], 1);
}
__global__ void order(int* next, int* out) { out[atomicAdd(next, 1)] = blockIdx.x * blockDim.x + threadIdx.x; }
__global__ void fresh(int* out) { __shared__ int s[1]; extern __shared__ int d[]; out[0] = s[0]; out[1] = d[0]; }
__global__ void pass_by_value(int* out, Wide w, const int k) { w.z += threadIdx.x; out[threadIdx.x] = w.z + k; }
__global__ void legacy(int* out) { int v = threadIdx.x; v += __shfl_down(v, 1);
    out[threadIdx.x] = v + 1000 * __any(threadIdx.x == 3) + 10000 * (__ballot(1) == 0xffffffffu); }

int main(int argc, char** argv) {
    const char* what = argv[1];
    if (!strcmp(what, "order")) {
        int *next = device<int>(1), *out = device<int>(64);
        order<<<4, 16>>>(next, out);
        for (int v : host(out, 64)) printf("%d ", v);
        printf("\n"); return 0;
    }
    if (!strcmp(what, "fresh")) {
        int* out = device<int>(2); fresh<<<1, 1, 16>>>(out);
        for (int v : host(out, 2)) printf("%08x\n", v);
        return 0;
    }
    const int n = 100000;
    std::vector<int> in(n); unsigned long long sum = 0;
    for (int i = 0; i < n; ++i) { in[i] = i * 7 % 1000; sum += in[i]; }
    int* a = device<int>(n); cudaMemcpy(a, in.data(), n * 4, cudaMemcpyHostToDevice);
    unsigned long long* total = device<unsigned long long>(1);
    reduce<<<(n + 255) / 256, 256>>>(a, total, n); CHECK(host(total, 1)[0] == sum);
    reverse_dynamic<<<1, 500, 500 * sizeof(int)>>>(a, 500);
    for (int i = 0; i < 500; ++i) CHECK(host(a, 500)[i] == in[499 - i]);
    int* out = device<int>(4096);
    votes<<<1, 100>>>(out); for (int v : host(out, 100)) CHECK(v == 34 * 10000 + 1000 + 0 + 10 + 0);
    std::vector<int> ones(1024, 1); cudaMemcpy(a, ones.data(), 4096, cudaMemcpyHostToDevice);
    scan<<<1, 1024>>>(a); { auto v = host(a, 1024); for (int i = 0; i < 1024; ++i) CHECK(v[i] == i + 1); }
    { const int m = 50; float *p = device<float>(m * m), *q = device<float>(m * m); std::vector<float> f(m * m);
        for (int i = 0; i < m * m; ++i) f[i] = i;
      cudaMemcpy(p, f.data(), m * m * 4, cudaMemcpyHostToDevice); transpose<<<dim3(4, 4), dim3(16, 16)>>>(p, q, m);
      auto g = host(q, m * m); for (int y = 0; y < m; ++y) for (int x = 0; x < m; ++x) CHECK(g[y * m + x] == f[x * m + y]); }
    for (int width : {32, 16, 8}) {
        double* d = device<double>(256); short* s = device<short>(256); shuffles<<<1, 64>>>(d, width);
            shuffles<<<1, 64>>>(s, width);
        auto v = host(d, 256); auto w = host(s, 256);
        for (int t = 0; t < 64; ++t) {
            int base = t / width * width, lane = t % width, last = base + width - 1, x = (t % 32 ^ 5) + t / 32 * 32;
            CHECK(v[t] == base + (lane + 3) % width + 100 + 0); CHECK(v[64 + t] == (lane < 2 ? t : t - 2) + 100);
            CHECK(v[128 + t] == (t + 5 > last ? t : t + 5) + 100); CHECK(v[192 + t] == (x > last ? t : x) + 100);
            for (int k = 0; k < 4; ++k) CHECK(w[k * 64 + t] == v[k * 64 + t]);
        }
    }
    wide_shuffle<<<1, 32>>>(out); { auto v = host(out, 32); CHECK(v[0] == 101 && v[1] == 2 && v[30] == 31 * 100 + 31); }
    { unsigned* u = device<unsigned>(256); warp_votes<<<1, 32>>>(u); auto v = host(u, 224);
      for (int t = 0; t < 32; ++t) {
        CHECK(v[t] == 0xaaaaaaaau); CHECK(v[32 + t] == 6); CHECK(v[64 + t] == 0xffu << t / 8 * 8);
            CHECK(v[96 + t] == 0xffffffffu + 1);
        CHECK(v[128 + t] == 496 * 1000 + 31); CHECK(v[160 + t] == (t < 16 ? 120u : 376u));
            CHECK(v[192 + t] == (t % 4 == 1 ? 0x22222222u : 32u)); } }
    diverged<<<1, 64>>>(out); { auto v = host(out, 64); CHECK(v[0] == 1 + 17); CHECK(v[16] == 20 && v[63] == 52);
        CHECK(v[32] == 65 + 81); }
    partial_block<<<1, 40>>>(out); { auto v = host(out, 2); CHECK(v[0] == 32); CHECK(v[1] != 8); }
    early_return<<<1, 128>>>(out, 100); { auto v = host(out, 100); for (int i = 0; i < 100; ++i) CHECK(v[i] == 99 - i); }
    in_function<<<3, 64>>>(out); { auto v = host(out, 192); for (int i = 0; i < 192; ++i) CHECK(v[i] == i % 64 + 1 + i / 64); }
    cudaMemset(out, 0, 4096 * 4); identity<<<dim3(3, 4, 5), dim3(2, 3, 4)>>>(out);
    { auto v = host(out, 1441); for (int i = 0; i < 1440; ++i) CHECK(v[i] == 1); CHECK(v[1440] == 0); }
    pass_by_value<<<1, 32>>>(out, Wide{1, 2, 3}, 4.9); { auto v = host(out, 32); CHECK(v[0] == 7 && v[31] == 38); }
    legacy<<<1, 32>>>(out); { auto v = host(out, 32); CHECK(v[0] == 11001); CHECK(v[31] == 11062); }
    CHECK(cudaGetLastError() == cudaSuccess);
    printf("right\n");
}
