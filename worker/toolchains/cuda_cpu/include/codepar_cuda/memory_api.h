// cudaMalloc and its relatives. Device memory is ordinary memory of the process, so managed, pinned and mapped memory
// are what they are on a GPU with one address space.
// Limits: pools, prefetches and advice are accepted and change nothing; arrays and IPC are in unsupported.h.
#pragma once

#include "codepar_cuda/error.h"
#include "codepar_cuda/stream.h"

enum cudaMemoryType {
    cudaMemoryTypeUnregistered = 0,
    cudaMemoryTypeHost = 1,
    cudaMemoryTypeDevice = 2,
    cudaMemoryTypeManaged = 3
};
enum cudaMemoryAdvise {
    cudaMemAdviseSetReadMostly = 1,
    cudaMemAdviseUnsetReadMostly = 2,
    cudaMemAdviseSetPreferredLocation = 3,
    cudaMemAdviseUnsetPreferredLocation = 4,
    cudaMemAdviseSetAccessedBy = 5,
    cudaMemAdviseUnsetAccessedBy = 6
};
struct cudaPointerAttributes {
    enum cudaMemoryType type;
    int device;
    void* devicePointer;
    void* hostPointer;
};
struct cudaExtent {
    size_t width, height, depth;
};
struct cudaPos {
    size_t x, y, z;
};
struct cudaPitchedPtr {
    void* ptr;
    size_t pitch, xsize, ysize;
};
typedef struct CUmemPoolHandle_st* cudaMemPool_t;
enum cudaMemPoolAttr {
    cudaMemPoolReuseFollowEventDependencies = 1,
    cudaMemPoolReuseAllowOpportunistic = 2,
    cudaMemPoolReuseAllowInternalDependencies = 3,
    cudaMemPoolAttrReleaseThreshold = 4
};

#define cudaHostAllocDefault 0x00
#define cudaHostAllocPortable 0x01
#define cudaHostAllocMapped 0x02
#define cudaHostAllocWriteCombined 0x04
#define cudaHostRegisterDefault 0x00
#define cudaHostRegisterPortable 0x01
#define cudaHostRegisterMapped 0x02
#define cudaHostRegisterIoMemory 0x04
#define cudaHostRegisterReadOnly 0x08
#define cudaMemAttachGlobal 0x01
#define cudaMemAttachHost 0x02
#define cudaMemAttachSingle 0x04
#define cudaCpuDeviceId ((int)-1)
#define cudaInvalidDeviceId ((int)-2)

cudaError_t cudaMalloc(void** pointer, size_t size, CODEPAR_HERE);
cudaError_t cudaMallocManaged(void** pointer, size_t size, unsigned int flags = cudaMemAttachGlobal, CODEPAR_HERE);
cudaError_t cudaMallocHost(void** pointer, size_t size, unsigned int flags = cudaHostAllocDefault, CODEPAR_HERE);
cudaError_t cudaHostAlloc(void** pointer, size_t size, unsigned int flags, CODEPAR_HERE);
cudaError_t cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t height, CODEPAR_HERE);
cudaError_t cudaMalloc3D(cudaPitchedPtr* pitched, cudaExtent extent, CODEPAR_HERE);
cudaError_t cudaMallocAsync(void** pointer, size_t size, cudaStream_t stream, CODEPAR_HERE);
cudaError_t cudaMallocFromPoolAsync(void** pointer, size_t size, cudaMemPool_t pool, cudaStream_t stream, CODEPAR_HERE);
cudaError_t cudaFree(void* pointer, CODEPAR_HERE);
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream, CODEPAR_HERE);
cudaError_t cudaFreeHost(void* pointer, CODEPAR_HERE);

cudaError_t cudaHostRegister(void* pointer, size_t size, unsigned int flags, CODEPAR_HERE);
cudaError_t cudaHostUnregister(void* pointer, CODEPAR_HERE);
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned int flags, CODEPAR_HERE);
cudaError_t cudaHostGetFlags(unsigned int* flags, void* host, CODEPAR_HERE);
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer, CODEPAR_HERE);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total, CODEPAR_HERE);
cudaError_t cudaMemPrefetchAsync(const void* pointer, size_t size, int device, cudaStream_t stream = nullptr, CODEPAR_HERE);
cudaError_t cudaMemAdvise(const void* pointer, size_t size, cudaMemoryAdvise advice, int device, CODEPAR_HERE);
cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void* pointer, size_t size = 0,
                                     unsigned int flags = cudaMemAttachSingle, CODEPAR_HERE);

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device, CODEPAR_HERE);
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device, CODEPAR_HERE);
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value, CODEPAR_HERE);
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t keep, CODEPAR_HERE);

inline cudaExtent make_cudaExtent(size_t width, size_t height, size_t depth) { return cudaExtent{width, height, depth}; }
inline cudaPos make_cudaPos(size_t x, size_t y, size_t z) { return cudaPos{x, y, z}; }
inline cudaPitchedPtr make_cudaPitchedPtr(void* p, size_t pitch, size_t xsize, size_t ysize) {
    return cudaPitchedPtr{p, pitch, xsize, ysize};
}

// CUDA C++ takes the address of any pointer type.
template <class T>
inline cudaError_t cudaMalloc(T** pointer, size_t size, CODEPAR_HERE) {
    return cudaMalloc((void**)(void*)pointer, size, where);
}
template <class T>
inline cudaError_t cudaMallocManaged(T** pointer, size_t size, unsigned int flags = cudaMemAttachGlobal, CODEPAR_HERE) {
    return cudaMallocManaged((void**)(void*)pointer, size, flags, where);
}
template <class T>
inline cudaError_t cudaMallocHost(T** pointer, size_t size, unsigned int flags = cudaHostAllocDefault, CODEPAR_HERE) {
    return cudaMallocHost((void**)(void*)pointer, size, flags, where);
}
template <class T>
inline cudaError_t cudaHostAlloc(T** pointer, size_t size, unsigned int flags, CODEPAR_HERE) {
    return cudaHostAlloc((void**)(void*)pointer, size, flags, where);
}
template <class T>
inline cudaError_t cudaMallocPitch(T** pointer, size_t* pitch, size_t width, size_t height, CODEPAR_HERE) {
    return cudaMallocPitch((void**)(void*)pointer, pitch, width, height, where);
}
template <class T>
inline cudaError_t cudaMallocAsync(T** pointer, size_t size, cudaStream_t stream, CODEPAR_HERE) {
    return cudaMallocAsync((void**)(void*)pointer, size, stream, where);
}
template <class T>
inline cudaError_t cudaHostGetDevicePointer(T** device, void* host, unsigned int flags, CODEPAR_HERE) {
    return cudaHostGetDevicePointer((void**)(void*)device, host, flags, where);
}
