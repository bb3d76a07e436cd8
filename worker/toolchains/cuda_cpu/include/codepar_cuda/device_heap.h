// The heap of the device: malloc, free, new and delete in code that runs on it, which the rewriter turns into these.
// Called on the host they are the host's own. What a kernel allocates lives until a kernel frees it, or cudaDeviceReset.
// Limits: the heap has cudaLimitMallocHeapSize bytes, alignment and bookkeeping not counted; delete[] of objects that have
// destructors is unsupported.
#pragma once

#include <cstddef>
#include <type_traits>

#include "codepar_cuda/launch.h"
#include "codepar_cuda/location.h"

namespace codepar_cuda {

// NULL for 0 bytes and when the heap is full.
void* heap_malloc(Location where, std::size_t size);
// Nothing for NULL; a finding and the end of the launch for what heap_malloc did not give, or gave back already.
void heap_free(Location where, void* pointer);
// The same for new and delete: on the host operator new and operator delete.
void* heap_new(Location where, std::size_t size);
void heap_delete(Location where, void* pointer);

// `new T` is written `new (HeapPlace{...}) T`, `delete p` is written `HeapDelete{...}->*p`.
struct HeapPlace {
    Location where;
};
struct HeapDelete {
    Location where;
};
struct HeapDeleteArray {
    Location where;
};

template <class T>
CODEPAR_UNCHECKED inline void operator->*(HeapDelete place, T* pointer) {
    if (pointer == nullptr) return;
    pointer->~T();
    heap_delete(place.where, const_cast<void*>(static_cast<const volatile void*>(pointer)));
}

template <class T>
CODEPAR_UNCHECKED inline void operator->*(HeapDeleteArray place, T* pointer) {
    if (!std::is_trivially_destructible<T>::value) unsupported_here(place.where, "delete[] of objects with destructors in a kernel");
    heap_delete(place.where, const_cast<void*>(static_cast<const volatile void*>(pointer)));
}

}  // namespace codepar_cuda

CODEPAR_UNCHECKED inline void* operator new(std::size_t size, ::codepar_cuda::HeapPlace place) noexcept {
    return ::codepar_cuda::heap_new(place.where, size);
}
CODEPAR_UNCHECKED inline void* operator new[](std::size_t size, ::codepar_cuda::HeapPlace place) noexcept {
    return ::codepar_cuda::heap_new(place.where, size);
}
inline void operator delete(void*, ::codepar_cuda::HeapPlace) noexcept {}
inline void operator delete[](void*, ::codepar_cuda::HeapPlace) noexcept {}
