// cudaMalloc, cudaFree and their relatives: the rules of each call; memory.cc has the memory.
// Limits: pools, prefetches and advice are checked and change nothing.
#include <cstdint>

#include "codepar_cuda/memory.h"
#include "codepar_cuda/memory_api.h"

using codepar_cuda::Allocation;
using codepar_cuda::Location;
using codepar_cuda::MemoryKind;

namespace {

constexpr size_t pitch_unit = 512;

cudaError_t allocate(void** pointer, size_t size, MemoryKind kind, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!pointer) return codepar_cuda::fail(cudaErrorInvalidValue, where, call, "the place for the pointer is NULL");
    *pointer = nullptr;
    if (size == 0) {
        if (kind != MemoryKind::managed) return cudaSuccess;
        return codepar_cuda::fail(cudaErrorInvalidValue, where, call, "managed memory of 0 bytes");
    }
    *pointer = codepar_cuda::allocate(size, kind, where);
    if (*pointer) return cudaSuccess;
    return codepar_cuda::fail(cudaErrorMemoryAllocation, where, call,
                              std::to_string(size) + " bytes asked for, " +
                                  std::to_string(codepar_cuda::device_memory_size() - codepar_cuda::device_memory_used()) +
                                  " of the emulated device's " + std::to_string(codepar_cuda::device_memory_size()) +
                                  " free (CODEPAR_CUDA_MEMORY)");
}

cudaError_t not_an_allocation(void* pointer, Location where, const char* call) {
    std::string message;
    if (const Allocation* const live = codepar_cuda::find_allocation(pointer)) {
        message = codepar_cuda::describe(pointer);
        message += live->base == pointer ? " is not freed by this call"
                                         : " is freed by its start, not " +
                                               std::to_string(static_cast<char*>(pointer) - live->base) + " bytes in";
    } else if (codepar_cuda::find_freed(pointer)) {
        message = "double free of " + codepar_cuda::describe(pointer);
    } else {
        message = "a pointer that no CUDA call allocated (host memory, or not a pointer)";
    }
    return codepar_cuda::fail(cudaErrorInvalidValue, where, call, message, "memory_error");
}

cudaError_t release(void* pointer, bool pinned, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!pointer || codepar_cuda::release(pointer, pinned, where)) return cudaSuccess;
    return not_an_allocation(pointer, where, call);
}

cudaError_t managed_only(const void* pointer, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    const Allocation* const found = codepar_cuda::find_allocation(pointer);
    if (found && found->kind == MemoryKind::managed) return cudaSuccess;
    return codepar_cuda::fail(cudaErrorInvalidValue, where, call, codepar_cuda::describe(pointer) + " is not managed memory");
}

cudaError_t give_pool(cudaMemPool_t* pool, int device) {
    static char the_pool;
    if (!pool) return codepar_cuda::set_last_error(cudaErrorInvalidValue);
    if (device != 0) return codepar_cuda::set_last_error(cudaErrorInvalidDevice);
    *pool = reinterpret_cast<cudaMemPool_t>(&the_pool);
    return cudaSuccess;
}

}  // namespace

cudaError_t cudaMalloc(void** pointer, size_t size, Location where) {
    return allocate(pointer, size, MemoryKind::device, where, "cudaMalloc");
}

cudaError_t cudaMallocManaged(void** pointer, size_t size, unsigned int flags, Location where) {
    if (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost)
        return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaMallocManaged", "unknown flags");
    return allocate(pointer, size, MemoryKind::managed, where, "cudaMallocManaged");
}

cudaError_t cudaMallocHost(void** pointer, size_t size, unsigned int, Location where) {
    return allocate(pointer, size, MemoryKind::pinned, where, "cudaMallocHost");
}

cudaError_t cudaHostAlloc(void** pointer, size_t size, unsigned int, Location where) {
    return allocate(pointer, size, MemoryKind::pinned, where, "cudaHostAlloc");
}

cudaError_t cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t height, Location where) {
    if (!pitch) return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaMallocPitch", "the place for the pitch is NULL");
    *pitch = (width + pitch_unit - 1) / pitch_unit * pitch_unit;
    size_t bytes = 0;
    if (__builtin_mul_overflow(*pitch, height, &bytes)) bytes = SIZE_MAX;
    return allocate(pointer, bytes, MemoryKind::device, where, "cudaMallocPitch");
}

cudaError_t cudaMalloc3D(cudaPitchedPtr* pitched, cudaExtent extent, Location where) {
    if (!pitched) return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaMalloc3D", "the place for the pointer is NULL");
    pitched->xsize = extent.width;
    pitched->ysize = extent.height;
    return cudaMallocPitch(&pitched->ptr, &pitched->pitch, extent.width, extent.height * extent.depth, where);
}

cudaError_t cudaMallocAsync(void** pointer, size_t size, cudaStream_t stream, Location where) {
    if (const cudaError_t bad = codepar_cuda::check_stream(stream, where, "cudaMallocAsync")) return bad;
    return allocate(pointer, size, MemoryKind::device, where, "cudaMallocAsync");
}

cudaError_t cudaMallocFromPoolAsync(void** pointer, size_t size, cudaMemPool_t, cudaStream_t stream, Location where) {
    return cudaMallocAsync(pointer, size, stream, where);
}

cudaError_t cudaFree(void* pointer, Location where) { return release(pointer, false, where, "cudaFree"); }

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream, Location where) {
    if (const cudaError_t bad = codepar_cuda::check_stream(stream, where, "cudaFreeAsync")) return bad;
    return release(pointer, false, where, "cudaFreeAsync");
}

cudaError_t cudaFreeHost(void* pointer, Location where) { return release(pointer, true, where, "cudaFreeHost"); }

cudaError_t cudaHostRegister(void* pointer, size_t size, unsigned int, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!pointer || size == 0)
        return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaHostRegister", "NULL, or 0 bytes");
    if (codepar_cuda::add_range(pointer, size, MemoryKind::registered, where)) return cudaSuccess;
    return codepar_cuda::fail(cudaErrorHostMemoryAlreadyRegistered, where, "cudaHostRegister", codepar_cuda::describe(pointer));
}

cudaError_t cudaHostUnregister(void* pointer, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (codepar_cuda::remove_range(pointer, MemoryKind::registered)) return cudaSuccess;
    return codepar_cuda::fail(cudaErrorHostMemoryNotRegistered, where, "cudaHostUnregister", codepar_cuda::describe(pointer));
}

cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned int flags, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    const Allocation* const found = codepar_cuda::find_allocation(host);
    if (device && flags == 0 && found && found->host_may_touch()) {
        *device = host;
        return cudaSuccess;
    }
    return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaHostGetDevicePointer",
                              codepar_cuda::describe(host) + " is neither pinned nor registered");
}

cudaError_t cudaHostGetFlags(unsigned int* flags, void* host, Location where) {
    const Allocation* const found = codepar_cuda::find_allocation(host);
    if (!flags || !found || !found->host_may_touch())
        return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaHostGetFlags", codepar_cuda::describe(host));
    *flags = cudaHostAllocMapped;
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!attributes) return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaPointerGetAttributes", "NULL attributes");
    *attributes = cudaPointerAttributes{cudaMemoryTypeUnregistered, -2, nullptr, const_cast<void*>(pointer)};
    const Allocation* const found = codepar_cuda::find_allocation(pointer);
    if (!found) return cudaSuccess;
    const bool host = found->kind == MemoryKind::pinned || found->kind == MemoryKind::registered;
    const bool managed = found->kind == MemoryKind::managed;
    attributes->type = host ? cudaMemoryTypeHost : managed ? cudaMemoryTypeManaged : cudaMemoryTypeDevice;
    attributes->device = 0;
    attributes->devicePointer = const_cast<void*>(pointer);
    attributes->hostPointer = host || managed ? const_cast<void*>(pointer) : nullptr;
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!free || !total) return codepar_cuda::fail(cudaErrorInvalidValue, where, "cudaMemGetInfo", "NULL");
    *total = codepar_cuda::device_memory_size();
    *free = *total - codepar_cuda::device_memory_used();
    return cudaSuccess;
}

cudaError_t cudaMemPrefetchAsync(const void* pointer, size_t, int device, cudaStream_t stream, Location where) {
    if (const cudaError_t bad = codepar_cuda::check_stream(stream, where, "cudaMemPrefetchAsync")) return bad;
    if (device != 0 && device != cudaCpuDeviceId)
        return codepar_cuda::fail(cudaErrorInvalidDevice, where, "cudaMemPrefetchAsync", "device " + std::to_string(device));
    return managed_only(pointer, where, "cudaMemPrefetchAsync");
}

cudaError_t cudaMemAdvise(const void* pointer, size_t, cudaMemoryAdvise, int, Location where) {
    return managed_only(pointer, where, "cudaMemAdvise");
}

cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void* pointer, size_t, unsigned int, Location where) {
    if (const cudaError_t bad = codepar_cuda::check_stream(stream, where, "cudaStreamAttachMemAsync")) return bad;
    return managed_only(pointer, where, "cudaStreamAttachMemAsync");
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device, Location) { return give_pool(pool, device); }
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device, Location) { return give_pool(pool, device); }
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*, Location) { return codepar_cuda::poisoned(); }
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t, Location) { return codepar_cuda::poisoned(); }
