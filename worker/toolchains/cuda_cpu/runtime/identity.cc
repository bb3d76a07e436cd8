// The storage of threadIdx and its fellows; user code sees them as const, the scheduler writes them.
// Limits: identity.h is not included here, because its declarations are const.
#include "identity.h"

__thread uint3 threadIdx;
__thread uint3 blockIdx;
__thread dim3 blockDim{1, 1, 1};
__thread dim3 gridDim{1, 1, 1};

namespace codepar_cuda {

__thread std::uint64_t current_block_serial;
__thread Thread* current_thread;
__thread int spin_turns;
__thread volatile int RuntimeSection::depth;

}  // namespace codepar_cuda
