// Places of __shared__ variables in the arena of the running block.
// Limits: a variable is looked up in a list; kernels have a handful.
#include "codepar_cuda/shared.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "arena.h"
#include "codepar_cuda/error.h"
#include "codepar_cuda/hooks.h"
#include "codepar_cuda/report.h"
#include "codepar_cuda/schedule.h"
#include "worker.h"

namespace codepar_cuda {
namespace {

void* place_variable(BlockRun& block, std::size_t size, std::size_t alignment, Location where, const char* name) {
    const std::size_t offset = (block.shared_offset + alignment - 1) / alignment * alignment;
    block.shared_used += size;
    if (block.shared_used > max_shared_per_block || offset + size > static_bytes) {
        report_here("cuda_error", "shared variable " + std::string(name) + " brings the block to " +
                                      std::to_string(block.shared_used) + " bytes of static shared memory; 49152 are the limit",
                    where);
        block.run->abort(cudaErrorInvalidValue);
        leave_for_good();
    }
    block.shared_offset = offset + size + shared_gap;
    void* place = block.arena + offset;
    std::memset(place, schedule().fill, size);
    CODEPAR_HOOK(shared_declared(block.linear, place, size, name, where));
    return place;
}

}  // namespace

void* shared_place(const void* key, std::size_t size, std::size_t alignment, Location where, const char* name) {
    const RuntimeSection section;
    if (current_thread == nullptr) {
        report_here("cuda_error", "host code uses the shared variable " + std::string(name), where);
        return std::calloc(1, size);
    }
    BlockRun& block = current_block();
    for (const SharedEntry& entry : block.shared) {
        if (entry.key == key) return entry.place;
    }
    void* place = place_variable(block, size, alignment, where, name);
    block.shared.push_back({key, place});
    return place;
}

void* shared_slot_place(SharedSlot& slot, std::size_t size, std::size_t alignment, Location where, const char* name) {
    const RuntimeSection section;
    slot.place = shared_place(&slot, size, alignment, where, name);
    slot.block_serial = current_block_serial;
    return slot.place;
}

void* dynamic_shared() { return current_thread->block_state->dynamic; }

std::size_t dynamic_shared_size() { return current_thread->block_state->launch->shared_bytes; }

}  // namespace codepar_cuda
