// Errors, streams, events, the device; the first argument chooses the part (test_api_errors.py).
#include <cstdio>
#include <cstring>
#define SAY(call) do { cudaError_t error_ = (call); printf("%d %s\n", (int)error_, cudaGetErrorName(error_)); } while (0)
__global__ void store(int* p, int v) { p[threadIdx.x] = v; }
__global__ void dynamic(int* p) { extern __shared__ int s[]; s[threadIdx.x] = 7; __syncthreads(); p[threadIdx.x] = s[threadIdx.x]; }
__global__ void refuses(int n) { assert(threadIdx.x < n); }
__global__ void traps() { __trap(); }
__global__ void fetches(cudaTextureObject_t t, float* p) { *p = tex2D<float>(t, 0.5f, 0.5f); }
template <class T> __global__ void typed(T* p, T v) { p[threadIdx.x] = v; }
static void called(void* data) { ++*(int*)data; }
static void CUDART_CB returned(cudaStream_t, cudaError_t status, void* data) { if (status == cudaSuccess) ++*(int*)data; }

static void last_error() {
    SAY(cudaMalloc((void**)nullptr, 1)); SAY(cudaPeekAtLastError()); SAY(cudaPeekAtLastError());
    SAY(cudaGetLastError()); SAY(cudaGetLastError());
    int* p; SAY(cudaMalloc(&p, 4)); cudaFree((void*)8); SAY(cudaMalloc(&p, 4)); SAY(cudaGetLastError());
    printf("%s|%s|%s\n", cudaGetErrorString(cudaErrorInvalidValue), cudaGetErrorString(cudaErrorMemoryAllocation), cudaGetErrorString((cudaError_t)9999));
}
static void launches() {
    int *p, h[32]; cudaMalloc(&p, 128); cudaMemset(p, 0, 128);
    store<<<1, 2000>>>(p, 1); SAY(cudaGetLastError());
    store<<<0, 32>>>(p, 1); SAY(cudaGetLastError());
    store<<<dim3(1, 70000), 32>>>(p, 1); SAY(cudaGetLastError());
    dynamic<<<1, 32, 60000>>>(p); SAY(cudaGetLastError());
    cudaMemcpy(h, p, 128, cudaMemcpyDeviceToHost); printf("%d\n", h[0]);
    SAY(cudaFuncSetAttribute(dynamic, cudaFuncAttributeMaxDynamicSharedMemorySize, 60000));
    dynamic<<<1, 32, 60000>>>(p); SAY(cudaGetLastError());
    cudaMemcpy(h, p, 128, cudaMemcpyDeviceToHost); printf("%d\n", h[31]);
    int v = 12; void* arguments[] = {&p, &v};
    SAY(cudaLaunchKernel(store, dim3(1), dim3(32), arguments, 0, 0));
    SAY(cudaLaunchKernel((void*)typed<int>, dim3(1), dim3(16), arguments, 0, 0));
    cudaMemcpy(h, p, 128, cudaMemcpyDeviceToHost); printf("%d\n", h[31]);
}
static void sticky(const char* how) {
    int *p, h = 5; cudaMalloc(&p, 4);
    if (!strcmp(how, "assert")) refuses<<<1, 32>>>(8);
    if (!strcmp(how, "trap")) traps<<<1, 1>>>();
    if (!strcmp(how, "null")) store<<<1, 1>>>(nullptr, 1);
    if (!strcmp(how, "host_side")) store<<<1, 1>>>((int*)8, 1);
    SAY(cudaDeviceSynchronize()); SAY(cudaGetLastError()); SAY(cudaGetLastError());
    SAY(cudaMemcpy(&h, p, 4, cudaMemcpyDeviceToHost)); SAY(cudaMalloc(&p, 4)); SAY(cudaFree(p));
    printf("%d\n", h);
    SAY(cudaDeviceReset()); SAY(cudaGetLastError());
    cudaMalloc(&p, 4); store<<<1, 1>>>(p, 9); cudaMemcpy(&h, p, 4, cudaMemcpyDeviceToHost); printf("%d\n", h);
}
static void streams() {
    cudaStream_t a, b; int calls = 0, *p, h[4];
    SAY(cudaStreamCreate(&a)); SAY(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking));
    cudaMallocAsync(&p, 16, a); cudaMemsetAsync(p, 0, 16, a); store<<<1, 4, 0, a>>>(p, 3);
    cudaMemcpyAsync(h, p, 16, cudaMemcpyDeviceToHost, a);
    cudaStreamAddCallback(a, returned, &calls, 0); cudaLaunchHostFunc(b, called, &calls);
    SAY(cudaStreamSynchronize(a)); SAY(cudaStreamQuery(b)); printf("%d %d\n", h[3], calls);
    cudaEvent_t start, stop, untimed; float ms = -1;
    cudaEventCreate(&start); cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming); cudaEventCreate(&stop);
    SAY(cudaEventElapsedTime(&ms, start, stop));
    cudaEventRecord(start); store<<<1, 4>>>(p, 4); cudaEventRecord(stop, b); cudaEventRecord(untimed);
    SAY(cudaEventSynchronize(stop)); SAY(cudaEventElapsedTime(&ms, start, stop)); printf("%d\n", ms >= 0 && ms < 1000);
    SAY(cudaEventElapsedTime(&ms, start, untimed)); SAY(cudaStreamWaitEvent(a, stop, 0));
    SAY(cudaEventDestroy(start)); SAY(cudaEventQuery(start));
    SAY(cudaStreamDestroy(a)); SAY(cudaStreamDestroy(a)); SAY(cudaMemsetAsync(p, 0, 4, a)); SAY(cudaFreeAsync(p, b));
}
static void device() {
    int n = -1, value = 0; cudaDeviceProp p; cudaGetDeviceCount(&n); SAY(cudaGetDeviceProperties(&p, 0));
    printf("%d %s %d %d %zu %d.%d\n", n, p.name, p.maxThreadsPerBlock, p.warpSize, p.sharedMemPerBlock, p.major, p.minor);
    SAY(cudaSetDevice(0)); SAY(cudaSetDevice(1)); SAY(cudaGetDeviceProperties(&p, 3));
    cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0); printf("%d\n", value == p.multiProcessorCount);
    int blocks = 0, grid = 0, size = 0; cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, store, 256, 0);
    cudaOccupancyMaxPotentialBlockSize(&grid, &size, typed<float>, 0, 0); printf("%d %d\n", blocks, (int)(size > 0 && grid > 0));
    cudaFuncAttributes a; SAY(cudaFuncGetAttributes(&a, store)); printf("%d\n", a.maxThreadsPerBlock);
    int version; cudaRuntimeGetVersion(&version); printf("%d\n", version == CUDART_VERSION);
}
static void unsupported() {
    cudaArray_t array; cudaGraph_t graph; cudaTextureObject_t texture = 0; float* p; cudaMalloc(&p, 4);
    SAY(cudaMallocArray(&array, nullptr, 4, 4));
    SAY(cudaGraphCreate(&graph, 0));
    SAY(cudaStreamBeginCapture(0, cudaStreamCaptureModeGlobal));
    fetches<<<1, 1>>>(texture, p);
    printf("%d\n", cudaGetLastError() != cudaSuccess);
}
int main(int argc, char** argv) {
    const char* part = argv[1];
    if (!strcmp(part, "last_error")) last_error();
    if (!strcmp(part, "launches")) launches();
    if (!strcmp(part, "streams")) streams();
    if (!strcmp(part, "device")) device();
    if (!strcmp(part, "unsupported")) unsupported();
    if (argc > 2) sticky(argv[2]);
}
