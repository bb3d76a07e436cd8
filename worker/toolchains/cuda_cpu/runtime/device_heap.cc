// malloc and free of kernels; memory.cc has the memory. See codepar_cuda/device_heap.h.
#include "codepar_cuda/device_heap.h"

#include <cstdlib>
#include <new>
#include <string>

#include "codepar_cuda/error.h"
#include "codepar_cuda/memory.h"
#include "codepar_cuda/report.h"
#include "codepar_cuda/state.h"

namespace codepar_cuda {
namespace {

void* take(Location where, std::size_t size) {
    const RuntimeSection section;
    return size == 0 ? nullptr : allocate(size, MemoryKind::heap, where);
}

std::string why_not(const char* pointer) {
    const Allocation* const live = find_allocation(pointer);
    if (live == nullptr) {
        if (find_freed(pointer) != nullptr) return "double free of " + describe(pointer);
        return "free of " + describe(pointer) + ", which no kernel allocated";
    }
    if (live->kind != MemoryKind::heap) return "free in a kernel of " + describe(pointer);
    return "free of a pointer " + std::to_string(pointer - live->base) + " bytes into " + describe(pointer);
}

void give_back(Location where, void* pointer) {
    if (pointer == nullptr) return;
    std::string message;
    {
        const RuntimeSection section;
        if (release_heap(pointer, where)) return;
        message = why_not(static_cast<const char*>(pointer));
        report_here("memory_error", message, where);
    }
    abort_kernel(cudaErrorIllegalAddress);
}

}  // namespace

void* heap_malloc(Location where, std::size_t size) { return in_kernel() ? take(where, size) : std::malloc(size); }

void heap_free(Location where, void* pointer) {
    if (in_kernel()) {
        give_back(where, pointer);
    } else {
        std::free(pointer);
    }
}

void* heap_new(Location where, std::size_t size) {
    return in_kernel() ? take(where, size == 0 ? 1 : size) : ::operator new(size);
}

void heap_delete(Location where, void* pointer) {
    if (in_kernel()) {
        give_back(where, pointer);
    } else {
        ::operator delete(pointer);
    }
}

}  // namespace codepar_cuda
