// Attributes of kernels and occupancy, computed from the device's limits.
// Limits: every kernel is said to use 32 registers and no local memory; its static shared memory is not counted.
#include "codepar_cuda/function_api.h"

#include <algorithm>
#include <cstring>

namespace codepar_cuda {

cudaError_t function_attributes(cudaFuncAttributes* attributes, const void* kernel, Location where) {
    if (const cudaError_t sticky = poisoned()) return sticky;
    if (!attributes || !kernel)
        return fail(kernel ? cudaErrorInvalidValue : cudaErrorInvalidDeviceFunction, where, "cudaFuncGetAttributes", "NULL");
    std::memset(attributes, 0, sizeof *attributes);
    attributes->maxThreadsPerBlock = max_threads_per_block;
    attributes->numRegs = 32;
    attributes->ptxVersion = attributes->binaryVersion = 80;
    attributes->maxDynamicSharedSizeBytes = static_cast<int>(dynamic_shared_limit(kernel));
    attributes->preferredShmemCarveout = cudaSharedmemCarveoutDefault;
    return cudaSuccess;
}

cudaError_t set_function_attribute(const void* kernel, cudaFuncAttribute attribute, int value, Location where) {
    const char* const call = "cudaFuncSetAttribute";
    if (const cudaError_t sticky = poisoned()) return sticky;
    if (!kernel) return fail(cudaErrorInvalidDeviceFunction, where, call, "NULL");
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize)
        return fail(cudaErrorInvalidValue, where, call, "unknown attribute");
    if (value >= 0 && set_dynamic_shared_limit(kernel, static_cast<std::size_t>(value))) return cudaSuccess;
    return fail(cudaErrorInvalidValue, where, call,
                std::to_string(value) + " bytes of dynamic shared memory; at most " +
                    std::to_string(max_shared_per_block_optin));
}

cudaError_t blocks_per_multiprocessor(int* blocks, int block_size, size_t shared_bytes, Location where) {
    const char* const call = "cudaOccupancyMaxActiveBlocksPerMultiprocessor";
    if (const cudaError_t sticky = poisoned()) return sticky;
    if (!blocks || block_size <= 0) return fail(cudaErrorInvalidValue, where, call, "NULL, or no threads");
    *blocks = 0;
    if (block_size > static_cast<int>(max_threads_per_block) || shared_bytes > max_shared_per_block_optin) return cudaSuccess;
    const int warps = (block_size + 31) / 32;
    const int by_threads = static_cast<int>(max_threads_per_multiprocessor) / (warps * 32);
    const std::size_t by_shared = shared_bytes ? max_shared_per_block_optin / shared_bytes : 32;
    *blocks = std::min({by_threads, static_cast<int>(by_shared), 32});
    return cudaSuccess;
}

}  // namespace codepar_cuda
