// Places in the program as 28-bit numbers that fit a shadow record.
// Limits: code outside the main program, or beyond its first 256 MiB, has no place.
#pragma once

#include "check_state.h"

namespace codepar_cuda {
namespace check {

extern std::uintptr_t program_base;

inline Site site_of_return(const void* address) {
    const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - 1 - program_base;
    return offset < site_block_scope / 2 ? static_cast<Site>(offset) : 0;
}

}  // namespace check
}  // namespace codepar_cuda
