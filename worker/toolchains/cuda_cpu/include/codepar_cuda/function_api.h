// The calls about kernels: attributes, occupancy, and launches by pointer. They are templates, because a kernel's
// parameters are known from its type only: `cudaLaunchKernel(kernel, ...)`; the rewriter takes a cast to `void*` away.
// Limits: register counts are fictive, and a kernel is not asked for its static shared memory: occupancy follows from
// threads and dynamic shared memory alone.
#pragma once

#include "codepar_cuda/device_api.h"
#include "codepar_cuda/launch.h"
#include "codepar_cuda/stream.h"

enum cudaFuncAttribute {
    cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
    cudaFuncAttributePreferredSharedMemoryCarveout = 9
};
enum cudaSharedCarveout {
    cudaSharedmemCarveoutDefault = -1,
    cudaSharedmemCarveoutMaxL1 = 0,
    cudaSharedmemCarveoutMaxShared = 100
};
struct cudaFuncAttributes {
    size_t sharedSizeBytes, constSizeBytes, localSizeBytes;
    int maxThreadsPerBlock, numRegs, ptxVersion, binaryVersion, cacheModeCA, maxDynamicSharedSizeBytes, preferredShmemCarveout;
};

#define cudaOccupancyDefault 0x00
#define cudaOccupancyDisableCachingOverride 0x01

namespace codepar_cuda {

cudaError_t function_attributes(cudaFuncAttributes* attributes, const void* kernel, Location where);
cudaError_t set_function_attribute(const void* kernel, cudaFuncAttribute attribute, int value, Location where);
cudaError_t blocks_per_multiprocessor(int* blocks, int block_size, size_t shared_bytes, Location where);

template <class F>
inline const void* kernel_address(F* kernel) {
    return reinterpret_cast<const void*>(kernel);
}

// Calls the kernel with the parameters that `arguments` points at, one after the other.
template <class... P, std::size_t... I>
inline cudaError_t launch_with(Location where, const LaunchConfig& config, void (*kernel)(P...), void** arguments,
                               std::index_sequence<I...>) {
    return static_cast<cudaError_t>(
        launch(where, "cudaLaunchKernel", config, kernel, *static_cast<std::decay_t<P>*>(arguments[I])...));
}

template <class... P>
inline cudaError_t launch_kernel_call(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments, size_t shared_bytes,
                                      cudaStream_t stream, bool cooperative, Location where) {
    LaunchConfig config(grid, block, shared_bytes, stream);
    config.cooperative = cooperative;
    return launch_with(where, config, kernel, arguments, std::index_sequence_for<P...>{});
}

}  // namespace codepar_cuda

template <class... P>
inline cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments, size_t shared_bytes = 0,
                                    cudaStream_t stream = nullptr, CODEPAR_HERE) {
    return codepar_cuda::launch_kernel_call(kernel, grid, block, arguments, shared_bytes, stream, false, where);
}
template <class... P>
inline cudaError_t cudaLaunchCooperativeKernel(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments,
                                               size_t shared_bytes = 0, cudaStream_t stream = nullptr, CODEPAR_HERE) {
    return codepar_cuda::launch_kernel_call(kernel, grid, block, arguments, shared_bytes, stream, true, where);
}
inline cudaError_t cudaLaunchKernel(const void*, dim3, dim3, void**, size_t = 0, cudaStream_t = nullptr, CODEPAR_HERE) {
    return codepar_cuda::unsupported(where, "cudaLaunchKernel of a pointer without the kernel's type");
}
inline cudaError_t cudaLaunchCooperativeKernel(const void*, dim3, dim3, void**, size_t = 0, cudaStream_t = nullptr,
                                               CODEPAR_HERE) {
    return codepar_cuda::unsupported(where, "cudaLaunchCooperativeKernel of a pointer without the kernel's type");
}

template <class F>
inline cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, F* kernel, CODEPAR_HERE) {
    return codepar_cuda::function_attributes(attributes, codepar_cuda::kernel_address(kernel), where);
}
template <class F>
inline cudaError_t cudaFuncSetAttribute(F* kernel, cudaFuncAttribute attribute, int value, CODEPAR_HERE) {
    return codepar_cuda::set_function_attribute(codepar_cuda::kernel_address(kernel), attribute, value, where);
}
template <class F>
inline cudaError_t cudaFuncSetCacheConfig(F*, cudaFuncCache) {
    return codepar_cuda::poisoned();
}
template <class F>
inline cudaError_t cudaFuncSetSharedMemConfig(F*, cudaSharedMemConfig) {
    return codepar_cuda::poisoned();
}

template <class F>
inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, F*, int block_size, size_t shared_bytes,
                                                                 CODEPAR_HERE) {
    return codepar_cuda::blocks_per_multiprocessor(blocks, block_size, shared_bytes, where);
}
template <class F>
inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, F*, int block_size,
                                                                          size_t shared_bytes, unsigned int, CODEPAR_HERE) {
    return codepar_cuda::blocks_per_multiprocessor(blocks, block_size, shared_bytes, where);
}

// The block size, up to `limit`, that keeps most threads resident, and the grid that fills the device with it.
template <class S, class F>
inline cudaError_t cudaOccupancyMaxPotentialBlockSizeVariableSMem(int* grid_size, int* block_size, F*, S shared_of_block,
                                                                  int limit = 0, CODEPAR_HERE) {
    int most_threads = 0;
    const int largest = limit > 0 && limit < 1024 ? limit : 1024;
    for (int size = (largest + 31) / 32 * 32; size > 0; size -= 32) {
        const int threads = size < largest ? size : largest;
        int blocks = 0;
        const cudaError_t error = codepar_cuda::blocks_per_multiprocessor(&blocks, threads, shared_of_block(threads), where);
        if (error != cudaSuccess) return error;
        if (blocks * threads <= most_threads) continue;
        most_threads = blocks * threads;
        *block_size = threads;
        *grid_size = blocks * static_cast<int>(codepar_cuda::multiprocessors);
    }
    return cudaSuccess;
}
template <class F>
inline cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid_size, int* block_size, F* kernel, size_t shared_bytes = 0,
                                                      int limit = 0, CODEPAR_HERE) {
    auto constant = [shared_bytes](int) { return shared_bytes; };
    return cudaOccupancyMaxPotentialBlockSizeVariableSMem(grid_size, block_size, kernel, constant, limit, where);
}
