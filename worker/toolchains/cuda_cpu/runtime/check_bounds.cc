// Handlers under UndefinedBehaviorSanitizer's names, and the judgement of an index; see check_bounds.h.
#include "check_bounds.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "check_access.h"
#include "check_memory.h"
#include "check_race.h"
#include "check_report.h"
#include "check_symbols.h"
#include "codepar_cuda/launch.h"

namespace codepar_cuda {
namespace check {

bool something_pending = false;

namespace {

constexpr int illegal_address = 700;
constexpr int launch_failure = 719;

struct SourceLocation {
    const char* file;
    std::uint32_t line, column;
};

struct TypeDescriptor {
    std::uint16_t kind, info;
    char name[1];
};

struct BoundsData {
    SourceLocation where;
    const TypeDescriptor* array;
    const TypeDescriptor* index;
};

struct MismatchData {
    SourceLocation where;
    const TypeDescriptor* type;
    unsigned char log_alignment, kind;
};

struct PendingIndex {
    const BoundsData* data = nullptr;
    std::int64_t index = 0;
};
PendingIndex pending;

struct Extent {
    std::uintptr_t low = 0;
    std::size_t bytes = 0;
};

Extent variable_at(std::uintptr_t address) {
    if (current.block != nullptr && address - current.arena < current.arena_bytes) {
        for (const SharedVariable& variable : current.block->variables)
            if (address - variable.low < variable.bytes) return Extent{variable.low, variable.bytes};
        return Extent();
    }
    const Region* const region = find_region(address);
    if (region == nullptr) return Extent();
    if (region->space != Space::program) return Extent{region->low, region->high - region->low};
    const Symbol symbol = find_symbol(address);
    return Extent{symbol.low, symbol.bytes};
}

std::size_t array_length(const TypeDescriptor& array) {
    const char* const bracket = std::strchr(array.name, '[');
    return bracket == nullptr ? 0 : std::strtoull(bracket + 1, nullptr, 10);
}

// The access is to element `index` of an array that starts inside a variable and the element still lies in it.
bool stays_inside(std::uintptr_t address, std::size_t bytes) {
    if (bytes == 0 || on_own_stack(address)) return false;
    const std::uintptr_t start = address - static_cast<std::uintptr_t>(pending.index) * bytes;
    const Extent variable = variable_at(start);
    const std::size_t row = array_length(*pending.data->array) * bytes;
    if (variable.bytes == 0 || row == 0 || (start - variable.low) % row != 0) return false;
    return address >= variable.low && address + bytes <= variable.low + variable.bytes;
}

void settle_index(std::uintptr_t address, std::size_t bytes) {
    if (pending.data == nullptr) return;
    const BoundsData& data = *pending.data;
    const bool harmless = stays_inside(address, bytes);
    pending.data = nullptr;
    if (harmless || !options().memory) return;
    fail_launch("index " + std::to_string(pending.index) + " is out of bounds of an array of type " + data.array->name,
                site_of(Location(data.where.file, static_cast<int>(data.where.line))), illegal_address);
}

std::int64_t value_of(const TypeDescriptor& type, std::uintptr_t value) {
    const unsigned width = 1u << (type.info >> 1);
    if (width > 64) return *reinterpret_cast<const std::int64_t*>(value);
    if ((type.info & 1) == 0 || width == 64) return static_cast<std::int64_t>(value);
    return static_cast<std::int64_t>(value << (64 - width)) >> (64 - width);
}

void out_of_bounds(const BoundsData* data, std::uintptr_t index) {
    if (!current.active) return;
    if (something_pending) settle(0, 0);
    pending.data = data;
    pending.index = value_of(*data->index, index);
    something_pending = true;
}

void mismatch(const MismatchData* data, std::uintptr_t address) {
    const std::uintptr_t alignment = std::uintptr_t{1} << data->log_alignment;
    if (!current.active || address % alignment == 0 || on_own_stack(address)) return;
    const Site site = site_of(Location(data->where.file, static_cast<int>(data->where.line)));
    fail_misaligned(Touch{address, alignment, data->kind == 1 ? AccessKind::write : AccessKind::read, site, 0}, alignment);
}

[[noreturn]] void no_return(const SourceLocation* where) {
    if (!current.active) std::abort();
    fail_launch("a function that must return a value ran off its end", site_of(Location(where->file, static_cast<int>(where->line))), launch_failure);
}

}  // namespace

void settle(std::uintptr_t address, std::size_t bytes) {
    something_pending = false;
    settle_write();
    settle_index(address, bytes);
}

}  // namespace check
}  // namespace codepar_cuda

extern "C" {

void __ubsan_handle_out_of_bounds(void* data, unsigned long index) {
    codepar_cuda::check::out_of_bounds(static_cast<codepar_cuda::check::BoundsData*>(data), index);
}
void __ubsan_handle_out_of_bounds_abort(void* data, unsigned long index) { __ubsan_handle_out_of_bounds(data, index); }

void __ubsan_handle_type_mismatch_v1(void* data, unsigned long address) {
    codepar_cuda::check::mismatch(static_cast<codepar_cuda::check::MismatchData*>(data), address);
}
void __ubsan_handle_type_mismatch_v1_abort(void* data, unsigned long address) { __ubsan_handle_type_mismatch_v1(data, address); }

void __ubsan_handle_missing_return(void* data) {
    codepar_cuda::check::no_return(static_cast<codepar_cuda::check::SourceLocation*>(data));
}

}  // extern "C"
