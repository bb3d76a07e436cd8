#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>
__global__ void fine(int* out) { atomicAdd(out, 1); }
__global__ void null_access(int* p) { if (blockIdx.x == 1 && threadIdx.x == 5) *p = 1; }
__global__ void wild_access(long* p) { p[threadIdx.x == 3 ? -(1l << 36) : 0] = 1; }
__global__ void after_barrier(int* p) { __shared__ int s[64]; s[threadIdx.x] = 1; __syncthreads();
    if (threadIdx.x == 9) *(volatile int*)p = s[0]; __syncthreads(); }
__global__ void two_pointers(int* p, const int* q) { if (p == q) p[threadIdx.x] = 1; }
__global__ void divides(int* out, int by) { out[0] = 7 / by; }
__global__ void traps() { if (threadIdx.x == 2) __trap(); }
__global__ void asserts(int n) { assert(n + (int)threadIdx.x < 7); }
__device__ int deeper(volatile int* p, int n) { volatile int here[64]; here[n % 64] = n;
    return deeper(p, n + 1) + here[(n + 1) % 64]; }
__global__ void recurses(int* out) { __syncthreads(); out[0] = deeper(out, 0); }
__global__ void diverges(int* out) {
    if (threadIdx.x < 16) { __syncthreads(); out[0] = 1; }
    else { __shfl_sync(0xffffffffu, 1, 0); }
}
__global__ void two_places(int* out) {
    if (threadIdx.x < 16) { __syncthreads(); }
    else { __syncthreads(); }
    out[threadIdx.x] = 1;
}
__global__ void wrong_mask(int* out) { out[threadIdx.x] = __shfl_sync(0x0000ffffu, (int)threadIdx.x, 0); }
__global__ void never_comes(int* out) {
    int t = threadIdx.x;
    if (t < 8) out[t] = __shfl_down_sync(0x0000ffffu, t, 1);
    else if (t < 16) { __syncwarp(0x00ffff00u); }
    else __syncthreads();
}
__global__ void grid_sync_alone() { codepar_cuda::grid_sync({"x", 1}); }
__global__ void big_shared(int* out) { __shared__ int a[10000]; __shared__ int b[3000]; a[threadIdx.x] = b[threadIdx.x] = 1;
    out[0] = a[0] + b[0]; }
__global__ void big_frame(int* out) { volatile char local[200000]; for (int i = 0; i < 200000; i += 4096) local[i] = 1;
    out[0] = local[4096]; }
__global__ void child() {}
__global__ void parent() { child<<<1, 1>>>(); }
__global__ void loops(volatile int* p, int* q) { if (blockIdx.x == 0) { for (;;) p[1] = p[0] + 1; }
    else if (threadIdx.x == 0) *q = 1; }

static int *counter, *managed;
static void launched(const char* what) {
    cudaError_t launch = cudaGetLastError();
    cudaError_t sync = cudaDeviceSynchronize();
    printf("%s %d %d\n", what, (int)launch, (int)sync);
}
// After a sticky error nothing runs until the device is reset.
static void recover() {
    fine<<<1, 1>>>(counter);
    printf("then %d", (int)cudaGetLastError());
    cudaDeviceReset();
    cudaMalloc(&counter, 4); cudaMemset(counter, 0, 4);
    fine<<<2, 3>>>(counter);
    int n = 0; cudaError_t e = cudaMemcpy(&n, counter, 4, cudaMemcpyDeviceToHost);
    printf(" reset %d %d\n", (int)e, n);
}
int main(int argc, char** argv) {
    const char* what = argv[1];
    cudaMalloc(&counter, 1 << 16);
    if (!strcmp(what, "null")) null_access<<<4, 32>>>(nullptr);
    if (!strcmp(what, "wild")) { long* p; cudaMalloc(&p, 8); wild_access<<<2, 32>>>(p); }
    if (!strcmp(what, "after_barrier")) after_barrier<<<3, 64>>>(nullptr);
    if (!strcmp(what, "division")) divides<<<1, 1>>>(counter, argc - 2);
    if (!strcmp(what, "heap")) { int* p = new int[64]; after_barrier<<<1, 64>>>(p); }
    if (!strcmp(what, "stack")) { int n[64]; two_pointers<<<1, 64>>>(counter, n + 1); }
    if (!strcmp(what, "near")) { int* p; cudaMalloc(&p, 4 * 64); cudaMallocHost(&managed, 4);
        two_pointers<<<1, 64>>>(p - 1, managed); two_pointers<<<1, 64>>>(p + 64, nullptr); }
    if (!strcmp(what, "trap")) traps<<<2, 4>>>();
    if (!strcmp(what, "assert")) asserts<<<1, 4>>>(4);
    if (!strcmp(what, "recursion")) recurses<<<1, 2>>>(counter);
    if (!strcmp(what, "diverge")) diverges<<<1, 32>>>(counter);
    if (!strcmp(what, "never_comes")) never_comes<<<1, 32>>>(counter);
    if (!strcmp(what, "grid_sync")) grid_sync_alone<<<1, 32>>>();
    if (!strcmp(what, "big_shared")) big_shared<<<1, 32>>>(counter);
    if (!strcmp(what, "child")) parent<<<1, 32>>>();
    if (!strcmp(what, "loop")) { static int host_value; loops<<<2, 32>>>(counter, nullptr); }
    if (!strcmp(what, "two_places")) two_places<<<1, 32>>>(counter);
    if (!strcmp(what, "wrong_mask")) wrong_mask<<<1, 32>>>(counter);
    if (!strcmp(what, "big_frame")) big_frame<<<4, 64>>>(counter);
    if (!strcmp(what, "threads")) fine<<<1, 1025>>>(counter);
    if (!strcmp(what, "no_blocks")) { int n = 0; fine<<<(n + 255) / 256, 256>>>(counter); }
    if (!strcmp(what, "no_threads")) fine<<<1, 0>>>(counter);
    if (!strcmp(what, "block_z")) fine<<<1, dim3(1, 1, 65)>>>(counter);
    if (!strcmp(what, "grid_y")) fine<<<dim3(1, 65536), 1>>>(counter);
    if (!strcmp(what, "negative")) fine<<<-1, 32>>>(counter);
    if (!strcmp(what, "dynamic")) fine<<<1, 1, 49153>>>(counter);
    if (!strcmp(what, "opted_in")) {
        printf("%d ", (int)cudaFuncSetAttribute(fine, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536));
            fine<<<1, 1, 65536>>>(counter); }
    if (!strcmp(what, "host")) { volatile int* p = nullptr; *p = 1; }
    if (!strcmp(what, "host_after_kernel")) { fine<<<1, 1>>>(counter); volatile int* p = nullptr; *p = 1; }
    if (!strcmp(what, "exception")) {
        try { fine<<<1, 1>>>(counter); throw std::runtime_error("host"); } catch (const std::exception& e) {
            printf("%s\n", e.what()); }
        thread_local struct Says { ~Says() { printf("destroyed\n"); fflush(stdout); } } says; (void)&says;
        std::thread([] { fine<<<3, 33>>>(counter); }).join();
        fine<<<2, 2>>>(counter); int n; cudaMemcpy(&n, counter, 4, cudaMemcpyDeviceToHost); printf("%d\n", n > 0); exit(3);
    }
    launched(what);
    recover();
    return 0;
}
