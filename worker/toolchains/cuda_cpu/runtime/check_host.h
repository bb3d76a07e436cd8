// What host code does itself while a test case runs (codepar_cuda/probe.h): distinct elements that it loads and stores, by buffer.
// Limits: seen is what the compiler hands over, so neither scalars that live in registers nor the C library's own work; addresses outside the
// watched buffers are told apart by where an access starts, at most 2^20 of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codepar_cuda {
namespace check {

extern bool host_is_counted;

void count_host_access(std::uintptr_t address, bool write);
void count_host_copy(std::uintptr_t address, std::size_t bytes);
// Stops counting until count_host_copy; whether it was on.
bool pause_host_count();

}  // namespace check
}  // namespace codepar_cuda
