// The words and the end of a bad access; see check_memory.h.
#include "check_memory.h"

#include <algorithm>

#include "check_access.h"
#include "check_pages.h"
#include "check_report.h"
#include "codepar_cuda/launch.h"
#include "codepar_cuda/memory.h"
#include "codepar_cuda/report.h"

namespace codepar_cuda {
namespace check {
namespace {

constexpr int illegal_address = 700;
constexpr int misaligned_address = 716;
constexpr std::uintptr_t null_reach = 1 << 16;
// A bad address that far from an allocation is not called an overrun of it.
constexpr std::uintptr_t near = std::uintptr_t{1} << 26;

std::string action(const Touch& touch) {
    const char* const verb = touch.kind == AccessKind::read ? "read" : touch.kind == AccessKind::write ? "write" : "atomic";
    return std::string(verb) + " of " + std::to_string(touch.bytes) + " bytes ";
}

std::string hex(std::uintptr_t address) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
    return text;
}

std::string title(const Region& region) {
    const Allocation* const known = find_allocation(reinterpret_cast<const void*>(region.low));
    if (known != nullptr && known->kind == MemoryKind::heap)
        return "the " + std::to_string(known->size) + "-byte malloc or new of a kernel at " + text_of(region.where);
    const char* const kind = region.space == Space::managed ? "managed memory" : region.space == Space::device ? "cudaMalloc" : "host memory";
    return "the " + std::to_string(region.high - region.low) + "-byte " + kind + " at " + text_of(region.where);
}

std::string distance(std::uintptr_t address, std::size_t bytes, std::uintptr_t end) {
    if (address < end) return std::to_string(address + bytes - end) + " bytes across";
    return address == end ? "just past" : std::to_string(address - end) + " bytes past";
}

// Where a bad address lies, from the nearest thing that is known.
std::string surroundings(const Touch& touch) {
    const std::uintptr_t address = touch.address;
    if (address < null_reach) return address == 0 ? "at NULL" : "at " + hex(address) + ", from a NULL pointer";
    if (const Allocation* const freed = find_freed(reinterpret_cast<const void*>(address)))
        return "in the " + std::to_string(freed->size) + "-byte allocation of " + text_of(freed->where) + ", freed at " + text_of(freed->freed);
    const Region *before = nullptr, *after = nullptr;
    nearest_regions(address, before, after);
    const std::uintptr_t past = before != nullptr ? address - before->high : near;
    const std::uintptr_t ahead = after != nullptr ? after->low - address : near;
    if (before != nullptr && (address < before->high || (past < near && past <= ahead)))
        return distance(address, touch.bytes, before->high) + " the end of " + title(*before);
    if (ahead < near) return std::to_string(ahead) + " bytes before the start of " + title(*after);
    return "at " + hex(address) + ": a host pointer or a wild one, not memory of the device";
}

}  // namespace

bool inside_shared(const Touch& touch) {
    const auto& variables = current.block->variables;
    static std::size_t last = 0;  // the variable of the previous access
    if (last < variables.size() && touch.address - variables[last].low < variables[last].bytes)
        return touch.address + touch.bytes <= variables[last].low + variables[last].bytes;
    for (std::size_t index = 0; index < variables.size(); ++index) {
        if (touch.address - variables[index].low >= variables[index].bytes) continue;
        last = index;
        return touch.address + touch.bytes <= variables[index].low + variables[index].bytes;
    }
    return variables.empty();
}

void fail_launch(const std::string& message, Site site, int error) {
    report_at("memory_error", message + ", " + text_of_thread(current.thread), site);
    abort_kernel(error);
}

void fail_shared(const Touch& touch) {
    const SharedVariable *before = nullptr, *after = nullptr;
    for (const SharedVariable& variable : current.block->variables) {
        if (variable.low <= touch.address && (before == nullptr || variable.low > before->low)) before = &variable;
        if (variable.low > touch.address && (after == nullptr || variable.low < after->low)) after = &variable;
    }
    std::string message = action(touch);
    const auto title = [](const SharedVariable& variable) {
        return "the " + std::to_string(variable.bytes) + "-byte shared variable " + variable.name + " (" + text_of(variable.where) + ")";
    };
    if (before != nullptr) {
        const std::uintptr_t end = before->low + before->bytes;
        message += distance(touch.address, touch.bytes, end) + " the end of " + title(*before);
    } else if (after != nullptr) {
        message += std::to_string(after->low - touch.address) + " bytes before the start of " + title(*after);
    } else {
        message += "outside every shared variable";
    }
    fail_launch(message, touch.site, illegal_address);
}

void fail_global(const Touch& touch) {
    if (!options().memory) return;
    if (launch.argument_bytes != 0 && touch.address - launch.arguments < launch.argument_bytes) return;
    if (const Allocation* const known = find_allocation(reinterpret_cast<const void*>(touch.address)))
        if (touch.address + touch.bytes <= reinterpret_cast<std::uintptr_t>(known->base) + known->size) return;
    fail_launch(action(touch) + surroundings(touch), touch.site, illegal_address);
}

void fail_misaligned(const Touch& touch, std::size_t alignment) {
    if (!options().memory) return;
    fail_launch(action(touch) + "at an address that is no multiple of " + std::to_string(alignment) + ", in " + name_of(touch.address), touch.site,
                misaligned_address);
}

void note_uninitialised(const Touch& touch) {
    if (!options().memory) return;
    report_at("note", action(touch) + "never written, neither by the host nor by a kernel: " + name_of(touch.address) + ", " +
              text_of_thread(current.thread), touch.site);
}

}  // namespace check
}  // namespace codepar_cuda
