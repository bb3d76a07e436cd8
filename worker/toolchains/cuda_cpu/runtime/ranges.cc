// The checks of address ranges behind every copy and fill.
// Limits: of a host range only its start is known to be NULL or not; its length is taken on trust unless it is registered,
// or a buffer that a test driver named.
#include "ranges.h"

#include <string>

#include "probe.h"
#ifdef CODEPAR_CUDA_CHECKED
#include "codepar_cuda/hooks.h"
#endif

namespace codepar_cuda {
namespace {

std::string words(const Range& range) { return std::to_string(range.bytes) + " bytes, " + range.role + " "; }

cudaError_t past_the_end(const Range& range, const Allocation& allocation, Location where, const char* call) {
    const std::size_t offset = static_cast<std::size_t>(static_cast<const char*>(range.address) - allocation.base);
    const std::size_t past = offset + range.bytes - allocation.size;
    return fail(cudaErrorInvalidValue, where, call,
                words(range) + std::to_string(offset) + " bytes into " + describe(range.address) + ": " + std::to_string(past) +
                    " bytes past its end",
                "memory_error");
}

// A buffer of the test driver ends where the driver said.
cudaError_t check_watched(const Range& range, Location where, const char* call) {
    const WatchedBuffer buffer = find_watched(range.address);
    if (buffer.name == nullptr) return cudaSuccess;
    const std::size_t offset = static_cast<std::size_t>(static_cast<const char*>(range.address) - buffer.base);
    if (range.bytes <= buffer.bytes - offset) return cudaSuccess;
    return fail(cudaErrorInvalidValue, where, call,
                words(range) + std::to_string(offset) + " bytes into the host buffer " + buffer.name + " of " +
                    std::to_string(buffer.bytes) + " bytes: " + std::to_string(offset + range.bytes - buffer.bytes) + " bytes past its end",
                "memory_error");
}

}  // namespace

cudaError_t check_range(const Range& range, Location where, const char* call) {
    if (range.bytes == 0) return cudaSuccess;
    if (!range.address) return fail(cudaErrorInvalidValue, where, call, words(range) + "is NULL", "memory_error");
    const Allocation* const found = find_allocation(range.address);
    if (!found) {
        if (find_freed(range.address))
            return fail(cudaErrorInvalidValue, where, call, words(range) + "in " + describe(range.address), "memory_error");
        if (range.side != Side::device) return check_watched(range, where, call);
        return fail(cudaErrorInvalidValue, where, call, words(range) + "is a host pointer where a device pointer is due",
                    "memory_error");
    }
    if (found->kind == MemoryKind::heap)
        return fail(cudaErrorInvalidValue, where, call, words(range) + "is " + describe(range.address) + ", which kernels alone may touch",
                    "memory_error");
    if (range.side == Side::host && !found->host_may_touch())
        return fail(cudaErrorInvalidValue, where, call,
                    words(range) + "is " + describe(range.address) + " where a host pointer is due", "memory_error");
    const std::size_t left = found->size - static_cast<std::size_t>(static_cast<const char*>(range.address) - found->base);
    return range.bytes <= left ? cudaSuccess : past_the_end(range, *found, where, call);
}

void note_written(const void* address, std::size_t bytes) {
#ifdef CODEPAR_CUDA_CHECKED
    if (bytes && find_allocation(address)) hooks::copied_to(const_cast<void*>(address), bytes);
#else
    static_cast<void>(address);
    static_cast<void>(bytes);
#endif
}

void note_read(const void* address, std::size_t bytes) {
#ifdef CODEPAR_CUDA_CHECKED
    if (bytes && find_allocation(address)) hooks::copied_from(address, bytes);
#else
    static_cast<void>(address);
    static_cast<void>(bytes);
#endif
}

}  // namespace codepar_cuda
