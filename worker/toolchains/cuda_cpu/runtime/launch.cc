#include "codepar_cuda/launch.h"

#include <cstdlib>
#include <cstring>

#include "codepar_cuda/barrier.h"
#include "codepar_cuda/schedule.h"
#include "codepar_cuda/error.h"
#include "codepar_cuda/report.h"
#include "codepar_cuda/shared.h"
#include "codepar_cuda/warp.h"
#include "codepar_cuda/atomics.h"
#include "identity.h"
#include "ledger.h"

namespace codepar_cuda {
int launch_kernel(Location where, const char* name, const LaunchConfig& c, KernelCall kernel) {
    Launch launch{1, name, where, c.grid, c.block, c.shared_bytes, c.cooperative};
    count_launch(name, 1);
    gridDim = c.grid; blockDim = c.block;
    static char arena[65536];
    Block block; block.launch = &launch; block.arena = arena; block.arena_size = 65536; block.dynamic = arena + 49152;
    for (unsigned z = 0; z < c.grid.z; ++z) for (unsigned y = 0; y < c.grid.y; ++y) for (unsigned x = 0; x < c.grid.x; ++x) {
        block.index = blockIdx = uint3{x, y, z}; block.serial = ++current_block_serial;
        Thread thread; thread.block_state = &block; current_thread = &thread;
        for (unsigned k = 0; k < c.block.z; ++k) for (unsigned j = 0; j < c.block.y; ++j) for (unsigned i = 0; i < c.block.x; ++i) {
            thread.index = threadIdx = uint3{i, j, k};
            thread.linear = i + c.block.x * (j + c.block.y * k);
            kernel.call(kernel.context);
        }
        current_thread = nullptr;
    }
    return 0;
}
bool in_kernel() { return current_thread; }
void abort_kernel(int) { std::abort(); }
void unsupported_here(Location where, const char* what) { report_here("unsupported", what, where); std::abort(); }
bool set_dynamic_shared_limit(const void*, std::size_t) { return true; }
std::size_t dynamic_shared_limit(const void*) { return max_shared_per_block; }
void* shared_place(const void*, std::size_t, std::size_t, Location, const char*) { return current_thread->block_state->arena; }
void* dynamic_shared() { return current_thread->block_state->dynamic; }
std::size_t dynamic_shared_size() { return 0; }
void spin_yield() {}
void threadfence(Scope) {}
bool is_cooperative() { return false; }
void syncthreads(Location where) { unsupported_here(where, "__syncthreads"); }
}
