// __shared__ memory: the rewriter turns `__shared__ float s[32];` into
//   static thread_local ::codepar_cuda::SharedSlot s__slot;
//   auto& s = ::codepar_cuda::shared<float [32]>(s__slot, {"k.cu", 7}, "s");
// Each block owns an arena; a variable gets its place in it, filled with the fill byte, when the block first comes by.
// Limits: constructors of shared variables do not run (CUDA forbids them). More than 48 KiB of static variables ends the
// launch with an error and a finding: nvcc would refuse to compile it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "codepar_cuda/location.h"
#include "codepar_cuda/state.h"

namespace codepar_cuda {

// The place of one __shared__ variable in the block that asked last on this thread of the operating system.
struct SharedSlot {
    std::uint64_t block_serial;
    void* place;
};

// Number of the running block in this process, never 0 inside a kernel.
extern __thread std::uint64_t current_block_serial;

// `key` names the variable within the process.
void* shared_place(const void* key, std::size_t size, std::size_t alignment, Location where, const char* name);

// Fills the slot for the running block and returns the place.
void* shared_slot_place(SharedSlot& slot, std::size_t size, std::size_t alignment, Location where, const char* name);

// The place is read before the serial: another block that takes the slot over in between changes both.
template <class T>
CODEPAR_UNCHECKED inline T& shared(SharedSlot& slot, Location where, const char* name) {
    void* place = slot.place;
    __atomic_signal_fence(__ATOMIC_ACQUIRE);
    if (slot.block_serial != current_block_serial) place = shared_slot_place(slot, sizeof(T), alignof(T), where, name);
    return *static_cast<T*>(place);
}

// `extern __shared__ T s[];`: the block's dynamic shared memory, aligned to 128 bytes.
void* dynamic_shared();
std::size_t dynamic_shared_size();

// A `__shared__` variable of namespace scope, looked up in the running block at each use.
template <class T>
class SharedVariable {
public:
    constexpr SharedVariable(Location where, const char* name) : where_(where), name_(name) {}
    T& get() const { return *static_cast<T*>(shared_place(this, sizeof(T), alignof(T), where_, name_)); }
    operator T&() const { return get(); }
    T* operator&() const { return &get(); }
    template <class U>
    T& operator=(const U& value) const {
        return get() = value;
    }

private:
    Location where_;
    const char* name_;
};

template <class E, std::size_t N>
class SharedVariable<E[N]> {
public:
    constexpr SharedVariable(Location where, const char* name) : where_(where), name_(name) {}
    using Array = E[N];
    Array& get() const { return *static_cast<Array*>(shared_place(this, sizeof(Array), alignof(E), where_, name_)); }
    operator Array&() const { return get(); }
    Array* operator&() const { return &get(); }

private:
    Location where_;
    const char* name_;
};

// `extern __shared__ T s[];` of namespace scope. An object that converts to T*: templates that deduce from a pointer need &s[0].
template <class T>
class DynamicSharedArray {
public:
    operator T*() const { return static_cast<T*>(dynamic_shared()); }
};

}  // namespace codepar_cuda
