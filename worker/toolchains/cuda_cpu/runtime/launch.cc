// Launches: what CUDA refuses, then the run, then the error it leaves.
// Limits: a launch returns only when its kernel has ended; one launch runs at a time.
#include "codepar_cuda/launch.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include "arguments.h"
#include "codepar_cuda/error.h"
#include "codepar_cuda/hooks.h"
#include "codepar_cuda/report.h"
#include "codepar_cuda/schedule.h"
#include "crew.h"
#include "ledger.h"

namespace codepar_cuda {
namespace {

std::string extent(dim3 d) {
    return '(' + std::to_string(d.x) + ", " + std::to_string(d.y) + ", " + std::to_string(d.z) + ')';
}

std::uint64_t volume(dim3 d) { return std::uint64_t{d.x} * d.y * d.z; }

struct Refusal {
    cudaError_t error = cudaSuccess;
    std::string message;
};

Refusal refusal(const LaunchConfig& config, const void* kernel) {
    const dim3 grid = config.grid, block = config.block;
    if (volume(grid) == 0) return {cudaErrorInvalidConfiguration, "a grid of " + extent(grid) + " blocks has none"};
    if (volume(block) == 0) return {cudaErrorInvalidConfiguration, "a block of " + extent(block) + " threads has none"};
    if (block.x > max_block_x || block.y > max_block_y || block.z > max_block_z || volume(block) > max_threads_per_block) {
        return {cudaErrorInvalidConfiguration, "a block of " + extent(block) + " threads: at most 1024, and 64 in z"};
    }
    if (grid.x > max_grid_x || grid.y > max_grid_y || grid.z > max_grid_z) {
        return {cudaErrorInvalidConfiguration, "a grid of " + extent(grid) + " blocks: at most 2147483647, 65535 and 65535"};
    }
    if (config.shared_bytes > dynamic_shared_limit(kernel)) {
        return {cudaErrorInvalidValue, std::to_string(config.shared_bytes) + " bytes of dynamic shared memory: at most " +
                                           std::to_string(dynamic_shared_limit(kernel)) + " for this kernel"};
    }
    if (config.cooperative && volume(grid) * volume(block) > multiprocessors * max_threads_per_multiprocessor) {
        return {cudaErrorCooperativeLaunchTooLarge, "a cooperative grid of " + std::to_string(volume(grid) * volume(block)) +
                                                        " threads: at most 8192 are resident at once"};
    }
    return {};
}

// Set by cudaFuncSetAttribute, by kernel.
struct SharedLimits {
    std::mutex lock;
    std::map<const void*, std::size_t> limits;
};

SharedLimits& shared_limits() {
    static SharedLimits* const instance = new SharedLimits;
    return *instance;
}

void refuse(Location where, const char* name, const Refusal& why) {
    Finding finding;
    finding.kind = "cuda_error";
    finding.message = "launch of " + std::string(name) + " refused: " + why.message;
    finding.where = where;
    finding.kernel = name;
    report(finding);
    set_last_error(why.error);
}

#if !defined(CODEPAR_CUDA_CHECKED)
// What the first access would do on a GPU: an illegal address.
int refuse_host_pointer(Location where, const char* name, int argument) {
    Finding finding;
    finding.kind = "memory_error";
    finding.message = "argument " + std::to_string(argument + 1) + " of " + name +
                      " points to memory of the host, which a kernel cannot access: copy it to memory of cudaMalloc";
    finding.where = where;
    finding.kernel = name;
    report(finding);
    poison(cudaErrorIllegalAddress);
    set_last_error(cudaErrorIllegalAddress);
    return cudaErrorIllegalAddress;
}
#endif

// Errors that end the context, as on a GPU; the rest only fail the launch.
bool sticky(int error) { return error >= 700 && error < 720; }

int run(LaunchRun& launch) {
    CODEPAR_HOOK(launch_begin(launch.name, launch.where, launch.grid, launch.block));
    CODEPAR_HOOK(launch_arguments(launch.kernel.arguments, launch.kernel.argument_bytes));
    Crew::instance().run(launch);
    CODEPAR_HOOK(launch_end());
    const int error = launch.error.load();
    if (sticky(error)) poison(static_cast<cudaError_t>(error));
    if (error != 0) set_last_error(static_cast<cudaError_t>(error));
    return error;
}

}  // namespace

int launch_kernel(Location where, const char* name, const LaunchConfig& config, KernelCall kernel) {
    if (in_kernel()) unsupported_here(where, "dynamic parallelism (a kernel that launches a kernel)");
    if (poisoned() != cudaSuccess) return set_last_error(poisoned());
    const Refusal why = refusal(config, kernel.kernel);
    if (why.error != cudaSuccess) {
        refuse(where, name, why);
        return why.error;
    }
#if !defined(CODEPAR_CUDA_CHECKED)
    const int argument = first_host_pointer(kernel);
    if (argument >= 0) return refuse_host_pointer(where, name, argument);
#endif
    static std::atomic<std::uint64_t> launches{0};
    LaunchRun launch;
    launch.serial = ++launches;
    launch.name = name;
    launch.where = where;
    launch.grid = config.grid;
    launch.block = config.block;
    launch.shared_bytes = config.shared_bytes;
    launch.cooperative = config.cooperative;
    launch.kernel = kernel;
    launch.blocks = volume(config.grid);
    launch.block_threads = static_cast<unsigned>(volume(config.block));
    launch.block_order = Permutation(launch.blocks, schedule().order, schedule().seed);
    launch.thread_order = Permutation(launch.block_threads, schedule().order, schedule().seed + 1);
    count_launch(name, config.grid, config.block);
    return schedule().skip ? cudaSuccess : run(launch);
}

bool set_dynamic_shared_limit(const void* kernel, std::size_t bytes) {
    if (bytes > max_shared_per_block_optin) return false;
    SharedLimits& book = shared_limits();
    const std::lock_guard<std::mutex> guard(book.lock);
    book.limits[kernel] = bytes;
    return true;
}

std::size_t dynamic_shared_limit(const void* kernel) {
    SharedLimits& book = shared_limits();
    const std::lock_guard<std::mutex> guard(book.lock);
    const auto found = book.limits.find(kernel);
    return found == book.limits.end() ? max_shared_per_block : std::max(found->second, max_shared_per_block);
}

bool in_kernel() { return current_thread != nullptr; }

void abort_kernel(int error) {
    if (!in_kernel()) std::abort();
    RuntimeSection::depth = 1;
    current_block().run->abort(error);
    leave_for_good();
}

void unsupported_here(Location where, const char* what) {
    report_here("unsupported", what, where);
    abort_kernel(cudaErrorNotSupported);
}

}  // namespace codepar_cuda
