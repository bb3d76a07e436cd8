// Memory, copies and symbols, right and wrong; the first argument chooses the part (test_api_memory.py).
#include <cstdio>
#include <cstring>
#include <cstdlib>
#include <vector>
#define SAY(call) do { cudaError_t error_ = (call); printf("%d %s\n", (int)error_, cudaGetErrorName(error_)); } while (0)
__constant__ float table[8];
__device__ int counter = 41;
__device__ float* where;
__device__ volatile int flag;
struct Params { int a; double b; };
__constant__ Params params;
__global__ void read_symbols(float* out) { out[threadIdx.x] = table[threadIdx.x] + params.b; counter += 1; where[threadIdx.x] = 5; }
__global__ void twice(int* p, int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) p[i] *= 2; }

static void round_trip() {
    std::vector<int> in(1000), out(1000);
    for (int i = 0; i < 1000; ++i) in[i] = i;
    int *a, *b;
    cudaMalloc(&a, 4000); cudaMalloc((void**)&b, 4000);
    cudaMemcpy(a, in.data(), 4000, cudaMemcpyHostToDevice);
    twice<<<4, 256>>>(a, 1000);
    cudaMemcpyAsync(b, a, 4000, cudaMemcpyDeviceToDevice);
    cudaMemcpy(out.data(), b, 4000, cudaMemcpyDefault);
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) wrong += out[i] != 2 * i;
    cudaMemset(a, 0x01, 4000); cudaMemcpy(out.data(), a, 4000, cudaMemcpyDeviceToHost);
    printf("%d %x\n", wrong, out[999]);
    SAY(cudaFree(a)); SAY(cudaFree(b)); SAY(cudaFree(nullptr));
}
static void symbols() {
    float values[8] = {1, 2, 3, 4, 5, 6, 7, 8}, *out, *place, got[8];
    cudaMalloc(&out, 32); cudaMalloc(&place, 32);
    cudaMemcpyToSymbol(table, values, 32);
    cudaMemcpyToSymbol(table, values, 8, 24);
    Params p{1, 0.5}; cudaMemcpyToSymbol(params, &p, sizeof p);
    SAY(cudaMemcpyToSymbol(where, &place, sizeof place));
    read_symbols<<<1, 8>>>(out);
    cudaMemcpy(got, out, 32, cudaMemcpyDeviceToHost);
    int count; cudaMemcpyFromSymbol(&count, counter, sizeof count);
    printf("%g %g %g %d\n", got[0], got[6], got[7], count);
    void* address; size_t size; cudaGetSymbolAddress(&address, table); cudaGetSymbolSize(&size, table);
    cudaMemset(address, 0, 8); cudaMemcpyFromSymbol(got, table, 12);
    cudaMemcpy(values, place, 32, cudaMemcpyDeviceToHost);
    printf("%g %g %g %zu %g\n", got[0], got[1], got[2], size, values[7]);
    SAY(cudaMemcpyToSymbol(table, values, 32, 4));
    SAY(cudaMemcpyToSymbol(table, values, 4, 0, cudaMemcpyDeviceToHost));
}
static void pitched() {
    char* p; size_t pitch; cudaMallocPitch(&p, &pitch, 100, 10);
    std::vector<char> in(1000), out(1000);
    for (int i = 0; i < 1000; ++i) in[i] = (char)i;
    cudaMemcpy2D(p, pitch, in.data(), 100, 100, 10, cudaMemcpyHostToDevice);
    cudaMemset2D(p, pitch, 7, 3, 2);
    cudaMemcpy2DAsync(out.data(), 100, p, pitch, 100, 10, cudaMemcpyDeviceToHost, 0);
    for (int i = 0; i < 3; ++i) in[i] = in[100 + i] = 7;
    printf("%d %d\n", in == out, (int)(pitch >= 100 && pitch % 256 == 0));
    SAY(cudaMemcpy2D(p, 50, in.data(), 100, 100, 10, cudaMemcpyHostToDevice));
    SAY(cudaMemcpy2D(p, pitch, in.data(), 100, 100, 11, cudaMemcpyHostToDevice));
    cudaPitchedPtr volume; cudaExtent extent = make_cudaExtent(40, 5, 5);
    SAY(cudaMalloc3D(&volume, extent));
    cudaMemcpy3DParms copy; memset(&copy, 0, sizeof copy);
    copy.srcPtr = make_cudaPitchedPtr(in.data(), 40, 40, 5); copy.dstPtr = volume; copy.extent = extent; copy.kind = cudaMemcpyHostToDevice;
    SAY(cudaMemcpy3D(&copy));
    copy.srcPtr = volume; copy.dstPtr = make_cudaPitchedPtr(out.data(), 40, 40, 5); copy.kind = cudaMemcpyDeviceToHost;
    memset(out.data(), 0, 1000); SAY(cudaMemcpy3D(&copy));
    printf("%d\n", memcmp(in.data(), out.data(), 1000) == 0);
}
static void shared_with_host() {
    int *managed, *pinned, *mapped; std::vector<int> own(64, 3);
    SAY(cudaMallocManaged(&managed, 256)); SAY(cudaHostAlloc(&pinned, 256, cudaHostAllocMapped)); SAY(cudaMallocHost(&mapped, 256));
    for (int i = 0; i < 64; ++i) managed[i] = pinned[i] = i;
    int *device; SAY(cudaHostGetDevicePointer(&device, pinned, 0));
    SAY(cudaHostRegister(own.data(), 256, cudaHostRegisterMapped));
    int* registered; SAY(cudaHostGetDevicePointer((void**)&registered, own.data(), 0));
    twice<<<1, 64>>>(managed, 64); twice<<<1, 64>>>(device, 64); twice<<<1, 64>>>(registered, 64);
    SAY(cudaDeviceSynchronize());
    printf("%d %d %d\n", managed[63], pinned[63], own[63]);
    SAY(cudaHostRegister(own.data(), 256, 0)); SAY(cudaHostUnregister(own.data())); SAY(cudaHostUnregister(own.data()));
    cudaPointerAttributes a; cudaPointerGetAttributes(&a, managed); printf("%d ", a.type);
    cudaPointerGetAttributes(&a, pinned); printf("%d ", a.type); cudaPointerGetAttributes(&a, own.data()); printf("%d\n", a.type);
    SAY(cudaFree(managed)); SAY(cudaFreeHost(pinned)); SAY(cudaFreeHost(mapped));
}
static void wrong(const char* what) {
    int *d, *e; std::vector<int> host(1000); size_t before, after, total;
    cudaMalloc(&d, 400); cudaMalloc(&e, 400);
    if (!strcmp(what, "past")) SAY(cudaMemcpy(d, host.data(), 404, cudaMemcpyHostToDevice));
    if (!strcmp(what, "past2")) SAY(cudaMemcpy(host.data(), d + 50, 400, cudaMemcpyDeviceToHost));
    if (!strcmp(what, "memset")) SAY(cudaMemset(d, 0, 401));
    if (!strcmp(what, "direction")) SAY(cudaMemcpy(d, host.data(), 400, cudaMemcpyDeviceToHost));
    if (!strcmp(what, "direction2")) SAY(cudaMemcpy(host.data(), host.data() + 100, 4, cudaMemcpyDeviceToDevice));
    if (!strcmp(what, "direction3")) SAY(cudaMemcpy(d, e, 4, (cudaMemcpyKind)9));
    if (!strcmp(what, "null")) SAY(cudaMemcpy(d, nullptr, 4, cudaMemcpyHostToDevice));
    if (!strcmp(what, "null2")) SAY(cudaMemset(nullptr, 0, 4));
    if (!strcmp(what, "host")) SAY(cudaMemset(host.data(), 0, 4));
    if (!strcmp(what, "double")) { cudaFree(d); SAY(cudaFree(d)); }
    if (!strcmp(what, "inside")) SAY(cudaFree(d + 1));
    if (!strcmp(what, "hostfree")) SAY(cudaFree(host.data()));
    if (!strcmp(what, "kindfree")) SAY(cudaFreeHost(d));
    if (!strcmp(what, "after")) { cudaFree(d); SAY(cudaMemcpy(host.data(), d, 4, cudaMemcpyDeviceToHost)); }
    if (!strcmp(what, "huge")) SAY(cudaMalloc(&d, 3ull << 30));
    if (!strcmp(what, "endless")) SAY(cudaMalloc(&d, (size_t)-1));
    if (!strcmp(what, "nowhere")) SAY(cudaMalloc((void**)nullptr, 4));
    if (!strcmp(what, "overlap")) SAY(cudaMemcpy(d + 1, d, 40, cudaMemcpyDeviceToDevice));
    if (!strcmp(what, "zero")) {
        SAY(cudaMalloc(&e, 0)); printf("%d\n", e == nullptr); SAY(cudaMemcpy(d, nullptr, 0, cudaMemcpyHostToDevice));
        SAY(cudaMemset(nullptr, 0, 0)); SAY(cudaFree(e));
    }
    if (!strcmp(what, "info")) {
        cudaMemGetInfo(&before, &total); cudaMalloc(&e, 1 << 20); cudaMemGetInfo(&after, &total);
        printf("%d %zu\n", (int)(before - after >= (1 << 20)), total); cudaFree(e);
        cudaMemGetInfo(&after, &total); printf("%d\n", before == after);
    }
    if (!strcmp(what, "many")) {
        for (int i = 0; i < 500; ++i) { cudaMalloc(&e, 300 << 20); e[i] = i; cudaFree(e); }
        SAY(cudaGetLastError());
    }
    SAY(cudaPeekAtLastError());
}
int main(int argc, char** argv) {
    const char* part = argv[1];
    if (!strcmp(part, "round_trip")) round_trip();
    if (!strcmp(part, "symbols")) symbols();
    if (!strcmp(part, "pitched")) pitched();
    if (!strcmp(part, "shared_with_host")) shared_with_host();
    if (argc > 2) wrong(argv[2]);
}
