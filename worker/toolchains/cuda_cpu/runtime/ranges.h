// How a range of memory that an API call is given is judged: NULL, the wrong side, freed, or past its allocation's end.
#pragma once

#include <cstddef>

#include "codepar_cuda/copy_api.h"
#include "codepar_cuda/memory.h"

namespace codepar_cuda {

enum class Side { host, device, either };

// One side of a copy or a fill: `bytes` from `address`, as the call `call` at `where` names them.
struct Range {
    const void* address;
    std::size_t bytes;
    Side side;
    const char* role;  // "destination", "source"
};

// Success, or the failure that has been reported. Nothing is checked of 0 bytes.
cudaError_t check_range(const Range& range, Location where, const char* call);

// Tells the checks that the host or the copy engine wrote (read) the range; nothing for memory that is not registered.
void note_written(const void* address, std::size_t bytes);
void note_read(const void* address, std::size_t bytes);

}  // namespace codepar_cuda
