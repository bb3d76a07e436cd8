#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>
static const int n = 1 << 20;
static double now(clockid_t clock) { timespec t; clock_gettime(clock, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
__attribute__((noinline)) static float loop_sum(const float* x) { float s = 0; for (int i = 0; i < n; ++i) s += x[i]; return s; }
__attribute__((noinline)) static void loop_saxpy(float a, const float* x, float* y) {
    for (int i = 0; i < n; ++i) y[i] += a * x[i]; }
__attribute__((noinline)) static void loop_count(const int* keys, int* bins) { for (int i = 0; i < n; ++i) ++bins[keys[i]]; }
__global__ void reduce(const float* in, float* out) {
    __shared__ float s[256];
    int t = threadIdx.x;
    s[t] = in[blockIdx.x * 256 + t];
    __syncthreads();
    for (int d = 128; d > 0; d /= 2) { if (t < d) s[t] += s[t + d]; __syncthreads(); }
    if (t == 0) atomicAdd(out, s[0]);
}
__global__ void shuffle(const float* in, float* out) {
    float v = in[blockIdx.x * blockDim.x + threadIdx.x];
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffff, v, d);
    if (threadIdx.x % 32 == 0) atomicAdd(out, v);
}
__global__ void saxpy(float a, const float* x, float* y) { int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i]; }
__global__ void count(const int* keys, int* bins) { atomicAdd(&bins[keys[blockIdx.x * blockDim.x + threadIdx.x]], 1); }
__global__ void nothing() {}
template <class F> static void measure(const char* name, int rounds, int times, F run) {
    double wall = 1e9, cpu = 1e9;
    for (int r = 0; r < rounds; ++r) {
        double w = now(CLOCK_MONOTONIC), c = now(CLOCK_PROCESS_CPUTIME_ID);
        for (int k = 0; k < times; ++k) run();
        w = (now(CLOCK_MONOTONIC) - w) / times; c = (now(CLOCK_PROCESS_CPUTIME_ID) - c) / times;
        if (w < wall) wall = w;
        if (c < cpu) cpu = c;
    }
    printf("{\"name\": \"%s\", \"wall\": %.9f, \"cpu\": %.9f}\n", name, wall, cpu);
}
static void must(bool right, const char* what) { if (!right) { fprintf(stderr, "wrong result: %s\n", what); exit(1); } }
int main(int argc, char** argv) {
    const int rounds = atoi(argv[1]);
    std::vector<float> hx(n, 1), hy(n, 2); std::vector<int> keys(n), bins(256);
    for (int i = 0; i < n; ++i) keys[i] = (i * 7919u) % 256;
    float *x, *y, *sum; int *k, *b; cudaMalloc(&x, n * 4); cudaMalloc(&y, n * 4); cudaMalloc(&sum, 4); cudaMalloc(&k, n * 4);
        cudaMalloc(&b, 1024);
    cudaMemcpy(x, hx.data(), n * 4, cudaMemcpyHostToDevice); cudaMemcpy(y, hy.data(), n * 4, cudaMemcpyHostToDevice);
    cudaMemcpy(k, keys.data(), n * 4, cudaMemcpyHostToDevice);
    volatile float sink; float result; int first;
    measure("loop reduce", rounds, 5, [&] { sink = loop_sum(hx.data()); });
    measure("reduce", rounds, 1, [&] { cudaMemset(sum, 0, 4); reduce<<<n / 256, 256>>>(x, sum); });
    cudaMemcpy(&result, sum, 4, cudaMemcpyDeviceToHost); must(result == n, "reduce");
    measure("shuffle", rounds, 1, [&] { cudaMemset(sum, 0, 4); shuffle<<<n / 256, 256>>>(x, sum); });
    cudaMemcpy(&result, sum, 4, cudaMemcpyDeviceToHost); must(result == n, "shuffle");
    measure("loop saxpy", rounds, 5, [&] { loop_saxpy(0.5f, hx.data(), hy.data()); });
    measure("saxpy", rounds, 1, [&] { saxpy<<<n / 256, 256>>>(0.5f, x, y); });
    cudaMemcpy(&result, y + n - 1, 4, cudaMemcpyDeviceToHost); must(result == 2 + 0.5f * rounds, "saxpy");
    measure("loop count", rounds, 5, [&] { loop_count(keys.data(), bins.data()); });
    measure("count", rounds, 1, [&] { cudaMemset(b, 0, 1024); count<<<n / 256, 256>>>(k, b); });
    cudaMemcpy(&first, b, 4, cudaMemcpyDeviceToHost); must(first == n / 256, "count");
    measure("launch", rounds, 1000, [&] { nothing<<<1, 1>>>(); });
    return cudaGetLastError() != cudaSuccess;
}
