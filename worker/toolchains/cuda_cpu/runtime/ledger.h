// What the summary counts, told by the core and the checks.
// Limits: threads and writers are the most in one launch; only the checked build counts writers.
#pragma once

#include <cstdint>

namespace codepar_cuda {

void count_launch(const char* kernel, std::uint64_t threads);
// The threads of one launch that wrote to device memory.
void count_writers(const char* kernel, std::uint64_t writers);

}  // namespace codepar_cuda
