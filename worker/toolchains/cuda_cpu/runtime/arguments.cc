// Finds pointer arguments that cannot be meant for the device: memory from malloc, new or the stack. On the CPU such a kernel would
// work; on a GPU its first access is an illegal address.
// Limits: pointers inside structures are not seen, nor pointers to variables of the program (they may be device symbols); in
// the checked build the memory check finds the access itself.
#include "arguments.h"

#include <cstdint>

#include "codepar_cuda/memory.h"

extern "C" {
extern char __executable_start;
extern char _end;
}

namespace codepar_cuda {
namespace {

bool known_to_device(const void* pointer) {
    const char* place = static_cast<const char*>(pointer);
    if (place >= &__executable_start && place < &_end) return true;
    // Not only what is allocated: a pointer one past the end, or before the start for arrays counted from 1, is common.
    return in_device_range(pointer) || find_allocation(pointer) != nullptr;
}

}  // namespace

int first_host_pointer(const KernelCall& kernel) {
    for (std::size_t index = 0; index < kernel.argument_count; ++index) {
        const void* pointer = kernel.pointers[index];
        // Small numbers are NULL with an offset: the access will fault.
        if (reinterpret_cast<std::uintptr_t>(pointer) < 65536) continue;
        if (!known_to_device(pointer)) return static_cast<int>(index);
    }
    return -1;
}

}  // namespace codepar_cuda
