// What the memory check says of an access that no live memory of the device holds, and ends the launch with CUDA's error.
// Limits: an access so far off that it lands inside another live allocation is not seen (nor does the hardware see it).
#pragma once

#include <string>

#include "check_race.h"

namespace codepar_cuda {
namespace check {

// Whether the access, in the arena of the block, lies in one shared variable or in the dynamic part.
bool inside_shared(const Touch& touch);
[[noreturn]] void fail_shared(const Touch& touch);
void fail_global(const Touch& touch);
void fail_misaligned(const Touch& touch, std::size_t alignment);
// An index beyond an array's type, told by the compiler's bounds check.
void note_uninitialised(const Touch& touch);
[[noreturn]] void fail_launch(const std::string& message, Site site, int error);

}  // namespace check
}  // namespace codepar_cuda
