// The buffers of the test case that runs, as the driver named them (codepar_cuda/probe.h).
// Limits: known between codepar_cuda_watch and codepar_cuda_leave.
#pragma once

#include <cstddef>

namespace codepar_cuda {

struct WatchedBuffer {
    const char* name = nullptr;  // nullptr: none
    const char* base = nullptr;
    std::size_t bytes = 0;
};

// The watched buffer that holds the address.
WatchedBuffer find_watched(const void* address);

}  // namespace codepar_cuda
