// The settings of a run, read once from the environment: the order in which blocks and threads run, the byte that fresh
// memory holds, and how many threads of the operating system run blocks.
//   CODEPAR_CUDA_SCHEDULE  forward (default) | reverse | random:SEED
//   CODEPAR_CUDA_FILL      byte, decimal or 0x..; default 0x7f: large in every type (float 3.4e38, int 2139062143)
//   CODEPAR_CUDA_WORKERS   default: the cores of this process; the checked build always uses 1
//   CODEPAR_CUDA_SKIP      1: launches are checked and counted, but no kernel runs: what is then still right, the host computed
// Limits: an order is one legal interleaving at the granularity of barriers and warp operations, not of instructions.
#pragma once

#include <cstdint>

namespace codepar_cuda {

enum class Order { forward, reverse, random };

struct Schedule {
    Order order = Order::forward;
    std::uint64_t seed = 0;
    unsigned char fill = 0x7f;
    int workers = 1;
    bool skip = false;
    const char* text = "forward";
};

const Schedule& schedule();

}  // namespace codepar_cuda
