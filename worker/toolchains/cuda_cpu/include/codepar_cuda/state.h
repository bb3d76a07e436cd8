// The launch, block and thread that are running, as the checks and the device library may see them.
// Limits: read only outside the core, except Thread::check and Block::check, which belong to the checks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vector_types.h"
#include "codepar_cuda/location.h"

// Runtime code that is inlined into user units and must not be watched by the race check.
#if defined(CODEPAR_CUDA_CHECKED)
#define CODEPAR_UNCHECKED __attribute__((no_sanitize("thread")))
#else
#define CODEPAR_UNCHECKED
#endif

namespace codepar_cuda {

struct Launch {
    std::uint64_t serial = 0;  // 1, 2, 3... in this process
    const char* name = nullptr;
    Location where;
    dim3 grid, block;
    std::size_t shared_bytes = 0;
    bool cooperative = false;
};

struct Block {
    const Launch* launch = nullptr;
    std::uint64_t serial = 0;  // unique in this process, never 0
    std::uint64_t linear = 0;  // number in the grid, x fastest
    uint3 index{0, 0, 0};
    unsigned threads = 0;      // at launch
    unsigned live = 0;         // not yet returned
    unsigned barrier_epoch = 0;
    char* arena = nullptr;     // shared memory: [arena, arena + arena_size)
    std::size_t arena_size = 0;
    char* dynamic = nullptr;   // start of the dynamic part
    void* check = nullptr;
};

struct Thread {
    Block* block_state = nullptr;
    uint3 index{0, 0, 0};
    unsigned linear = 0;  // number in the block, x fastest
    char* stack_low = nullptr;   // the stack it runs on: [stack_low, stack_high)
    char* stack_high = nullptr;
    void* check = nullptr;
    std::uint64_t check_word = 0;

    unsigned warp() const { return linear / 32; }
    unsigned lane() const { return linear % 32; }
};

// The running CUDA thread; nullptr in host code.
extern __thread Thread* current_thread;

// Marks code of the runtime that holds a lock or calls the C library on behalf of device code: the thread is not
// preempted inside. Put one at the top of every such function in runtime/*.cc.
class RuntimeSection {
public:
    RuntimeSection() { depth = depth + 1; }
    ~RuntimeSection() { depth = depth - 1; }
    RuntimeSection(const RuntimeSection&) = delete;
    RuntimeSection& operator=(const RuntimeSection&) = delete;

    static __thread volatile int depth;
};

}  // namespace codepar_cuda
