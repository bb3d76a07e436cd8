// The compiler's own bounds and alignment checks (-fsanitize=bounds,alignment), reported by us, and what waits for the next hook.
//
// The compiler reports an index beyond an array's type before the access. Where the access that follows shows that it stays inside the
// same variable (a row of a two-dimensional array run through as one), it does no harm and nothing is reported.
// Limits: a local array is judged by its type alone, so running through the rows of a local two-dimensional array is called an error.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codepar_cuda {
namespace check {

// A plain write to compare, or an index to judge, waits for the next hook of the thread.
extern bool something_pending;
// `address`, `bytes`: of the access that comes next; 0: another event.
void settle(std::uintptr_t address, std::size_t bytes);

}  // namespace check
}  // namespace codepar_cuda
