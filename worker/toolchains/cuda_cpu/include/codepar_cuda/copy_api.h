// cudaMemcpy, cudaMemset and symbols. Every range is checked against the registry of memory.h before a byte moves: the
// direction must fit the pointers, and the range must lie in one live allocation.
// Limits: a host range that is not registered cannot be checked; copies are done when the call returns, the asynchronous
// ones too.
#pragma once

#include "codepar_cuda/memory_api.h"

enum cudaMemcpyKind {
    cudaMemcpyHostToHost = 0,
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3,
    cudaMemcpyDefault = 4
};
typedef struct cudaArray* cudaArray_t;
typedef const struct cudaArray* cudaArray_const_t;
struct cudaMemcpy3DParms {
    cudaArray_t srcArray;
    cudaPos srcPos;
    cudaPitchedPtr srcPtr;
    cudaArray_t dstArray;
    cudaPos dstPos;
    cudaPitchedPtr dstPtr;
    cudaExtent extent;
    enum cudaMemcpyKind kind;
};

cudaError_t cudaMemcpy(void* to, const void* from, size_t count, cudaMemcpyKind kind, CODEPAR_HERE);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t count, cudaMemcpyKind kind, cudaStream_t stream = nullptr,
                            CODEPAR_HERE);
cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device, size_t count, CODEPAR_HERE);
cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, size_t count,
                                cudaStream_t stream = nullptr, CODEPAR_HERE);
cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                         cudaMemcpyKind kind, CODEPAR_HERE);
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height,
                              cudaMemcpyKind kind, cudaStream_t stream = nullptr, CODEPAR_HERE);
cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* parameters, CODEPAR_HERE);
cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* parameters, cudaStream_t stream = nullptr, CODEPAR_HERE);

cudaError_t cudaMemset(void* pointer, int value, size_t count, CODEPAR_HERE);
cudaError_t cudaMemsetAsync(void* pointer, int value, size_t count, cudaStream_t stream = nullptr, CODEPAR_HERE);
cudaError_t cudaMemset2D(void* pointer, size_t pitch, int value, size_t width, size_t height, CODEPAR_HERE);
cudaError_t cudaMemset2DAsync(void* pointer, size_t pitch, int value, size_t width, size_t height,
                              cudaStream_t stream = nullptr, CODEPAR_HERE);
cudaError_t cudaMemset3D(cudaPitchedPtr pitched, int value, cudaExtent extent, CODEPAR_HERE);

namespace codepar_cuda {

// A `__constant__` or `__device__` variable: a global of the program, known by its address and size.
cudaError_t copy_to_symbol(const void* symbol, size_t size, const void* from, size_t count, size_t offset,
                           cudaMemcpyKind kind, cudaStream_t stream, Location where);
cudaError_t copy_from_symbol(void* to, const void* symbol, size_t size, size_t count, size_t offset, cudaMemcpyKind kind,
                             cudaStream_t stream, Location where);
cudaError_t symbol_address(void** pointer, const void* symbol, size_t size, Location where);

// The symbol's own address, volatile or not and whatever its type's operator& does.
template <class T>
inline const void* address_of(const T& symbol) {
    return const_cast<const void*>(static_cast<const volatile void*>(std::addressof(symbol)));
}

}  // namespace codepar_cuda

template <class T>
inline cudaError_t cudaMemcpyToSymbol(const T& symbol, const void* from, size_t count, size_t offset = 0,
                                      cudaMemcpyKind kind = cudaMemcpyHostToDevice, CODEPAR_HERE) {
    return codepar_cuda::copy_to_symbol(codepar_cuda::address_of(symbol), sizeof(T), from, count, offset, kind, nullptr, where);
}
template <class T>
inline cudaError_t cudaMemcpyToSymbolAsync(const T& symbol, const void* from, size_t count, size_t offset,
                                           cudaMemcpyKind kind, cudaStream_t stream = nullptr, CODEPAR_HERE) {
    return codepar_cuda::copy_to_symbol(codepar_cuda::address_of(symbol), sizeof(T), from, count, offset, kind, stream, where);
}
template <class T>
inline cudaError_t cudaMemcpyFromSymbol(void* to, const T& symbol, size_t count, size_t offset = 0,
                                        cudaMemcpyKind kind = cudaMemcpyDeviceToHost, CODEPAR_HERE) {
    const void* const from = codepar_cuda::address_of(symbol);
    return codepar_cuda::copy_from_symbol(to, from, sizeof(T), count, offset, kind, nullptr, where);
}
template <class T>
inline cudaError_t cudaMemcpyFromSymbolAsync(void* to, const T& symbol, size_t count, size_t offset, cudaMemcpyKind kind,
                                             cudaStream_t stream = nullptr, CODEPAR_HERE) {
    const void* const from = codepar_cuda::address_of(symbol);
    return codepar_cuda::copy_from_symbol(to, from, sizeof(T), count, offset, kind, stream, where);
}
template <class P, class T>
inline cudaError_t cudaGetSymbolAddress(P** pointer, const T& symbol, CODEPAR_HERE) {
    return codepar_cuda::symbol_address((void**)(void*)pointer, codepar_cuda::address_of(symbol), sizeof(T), where);
}
template <class T>
inline cudaError_t cudaGetSymbolSize(size_t* size, const T&) {
    *size = sizeof(T);
    return cudaSuccess;
}
