// The registry of device memory: which allocation an address belongs to, live or freed. Every copy of the API and the
// memory check ask it. Device, managed and pinned memory lie page by page in one reserved range of addresses, with an
// unmapped page behind each allocation; freed addresses are used again as late as possible.
// What kernels allocate lies on pages of its own in a second range, without unmapped pages between.
// Limits: memory that the host allocated itself is known only after cudaHostRegister; variables only after their address
// was asked for (kind symbol).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "codepar_cuda/location.h"

namespace codepar_cuda {

// heap: of malloc and new in kernels.
enum class MemoryKind { device, managed, pinned, registered, symbol, heap };

struct Allocation {
    char* base = nullptr;
    std::size_t size = 0;
    MemoryKind kind = MemoryKind::device;
    Location where;            // of the call that allocated it
    Location freed;            // of the call that freed it; file nullptr while it lives
    std::size_t reserved = 0;  // bytes of address space, guard included; 0: not ours

    bool contains(const void* address) const {
        const char* p = static_cast<const char*>(address);
        return p >= base && p < base + (size ? size : 1);
    }
    bool host_may_touch() const { return kind != MemoryKind::device && kind != MemoryKind::heap; }
};

// The live allocation that holds the address, or nullptr. The pointer is good until that allocation is freed.
const Allocation* find_allocation(const void* address);
// The freed allocation whose addresses have not been used again, or nullptr.
const Allocation* find_freed(const void* address);

// True for every address of the range that allocations are cut from, in use or not.
bool in_device_range(const void* address);

// Fresh memory of a kind, filled with schedule().fill; nullptr when the device's memory or the machine's is used up.
void* allocate(std::size_t size, MemoryKind kind, Location where);
// Frees the allocation that starts at `base`; false when none of these kinds does.
bool release(void* base, bool pinned, Location where);
// The same for what a kernel allocated.
bool release_heap(void* base, Location where);
// Makes memory that is not ours known, and forgets it; false: part of it is known already (or not at all).
bool add_range(void* base, std::size_t size, MemoryKind kind, Location where);
bool remove_range(void* base, MemoryKind kind);
// Frees everything but symbols: cudaDeviceReset.
void release_all();

// Bytes of the emulated device: CODEPAR_CUDA_MEMORY, default 2 GiB; and those in use.
std::size_t device_memory_size();
std::size_t device_memory_used();
// cudaLimitMallocHeapSize.
std::size_t device_heap_limit();

// Words for a message: "the 400-byte device allocation made at k.cu:12"; "a host pointer" for what is not known.
std::string describe(const void* address);

}  // namespace codepar_cuda
