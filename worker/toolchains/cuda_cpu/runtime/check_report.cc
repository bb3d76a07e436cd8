// The words of the findings; see check_report.h.
#include "check_report.h"

#include <unordered_map>
#include <unordered_set>

#include "check_pages.h"
#include "check_sites.h"
#include "check_symbols.h"
#include "codepar_cuda/report.h"

namespace codepar_cuda {
namespace check {
namespace {

std::uint64_t pair_of(const Conflict& conflict) {
    const std::uint64_t a = conflict.past.site & ~site_flags, b = conflict.present.site & ~site_flags;
    return a < b ? a << 32 | b : b << 32 | a;
}

// Bit 0: reported as a race, bit 1: as race_same_value.
std::unordered_map<std::uint64_t, unsigned>& reported() {
    static auto* const pairs = new std::unordered_map<std::uint64_t, unsigned>;
    return *pairs;
}

const char* verb(AccessKind kind, Site site) {
    const bool loud = (site & site_volatile) != 0;
    switch (kind) {
        case AccessKind::read: return loud ? "volatile read" : "read";
        case AccessKind::write: return loud ? "volatile write" : "write";
        case AccessKind::atomic: return (site & site_block_scope) != 0 ? "atomic of block scope" : "atomic";
    }
    return "access";
}

bool one_block(const Conflict& conflict) { return block_of(conflict.past.thread) == block_of(conflict.present.thread); }

bool one_warp(const Conflict& conflict) {
    return one_block(conflict) && (conflict.past.thread - current.first) / 32 == (conflict.present.thread - current.first) / 32;
}

const char* advice(const Conflict& conflict) {
    const bool atomics = conflict.past_kind == AccessKind::atomic && conflict.kind == AccessKind::atomic;
    if (atomics) return "an atomic of block scope is not atomic for threads of other blocks";
    if (one_warp(conflict)) return "both threads are of one warp, whose lanes do not run in step since Volta: no __syncwarp() or barrier between them";
    if (conflict.past_kind == AccessKind::atomic || conflict.kind == AccessKind::atomic)
        return "one access is atomic, the other is not, and nothing orders them";
    if ((conflict.past.site & conflict.present.site & site_volatile) != 0)
        return "volatile orders nothing: a __threadfence() before the write and a flag would";
    if (one_block(conflict)) return "no __syncthreads() between them";
    return "threads of different blocks: only atomics, or a __threadfence() and a flag, order them within a launch";
}

std::string coordinates(uint3 index) {
    return "(" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + ")";
}

uint3 split(std::uint32_t linear, dim3 extent) {
    return uint3{linear % extent.x, linear / extent.x % extent.y, linear / extent.x / extent.y};
}

std::string of_bytes(std::uintptr_t byte, std::size_t bytes) {
    return "byte " + std::to_string(byte) + " of " + std::to_string(bytes);
}

}  // namespace

bool worth_reporting(const Conflict& conflict) {
    const auto found = reported().find(pair_of(conflict));
    return found == reported().end() || (found->second & 1u) == 0;
}

void report_race(const Conflict& conflict, bool same_value) {
    unsigned& seen = reported()[pair_of(conflict)];
    const unsigned bit = same_value ? 2 : 1;
    if ((seen & bit) != 0) return;
    seen |= bit;
    std::string message = std::string(verb(conflict.kind, conflict.present.site)) + " of " + std::to_string(conflict.bytes) + " bytes by " +
                          text_of_thread(conflict.present.thread) + " and " + verb(conflict.past_kind, conflict.past.site) + " at " +
                          text_of(conflict.past.site) + " by " + text_of_thread(conflict.past.thread) + ", unordered, in " +
                          name_of(conflict.address) + ": " + (same_value ? "both leave the same value; " : "") + advice(conflict);
    report_at(same_value ? "race_same_value" : "race", message, conflict.present.site);
}

std::string name_of(std::uintptr_t address) {
    if (current.block != nullptr && address - current.arena < current.arena_bytes) {
        for (const SharedVariable& variable : current.block->variables)
            if (address - variable.low < variable.bytes)
                return std::string("shared variable ") + variable.name + " (" + text_of(variable.where) + "), " +
                       of_bytes(address - variable.low, variable.bytes);
        return "shared memory, " + of_bytes(address - current.arena, current.arena_bytes);
    }
    const Region* const region = find_region(address);
    if (region == nullptr) return "unknown memory";
    if (region->space == Space::program) {
        const Symbol symbol = find_symbol(address);
        return symbol.name.empty() ? "a device variable" : "device variable " + symbol.name + ", " + of_bytes(address - symbol.low, symbol.bytes);
    }
    const char* const kind = region->space == Space::device ? "cudaMalloc" : region->space == Space::managed ? "managed memory" : "pinned host memory";
    return "the " + std::to_string(region->high - region->low) + "-byte " + kind + " at " + text_of(region->where) + ", byte " +
           std::to_string(address - region->low);
}

std::string text_of(Location where) {
    return where.file != nullptr ? std::string(where.file) + ":" + std::to_string(where.line) : "an unknown place";
}

std::string text_of(Site site) {
    const Location where = location_of(site);
    if (where.file != nullptr) return text_of(where);
    if ((site & ~site_flags) == 0) return "an unknown place";
    char text[32];
    snprintf(text, sizeof text, "{pc:0x%lx}", static_cast<unsigned long>(site & ~site_flags & ~site_is_location));
    return text;
}

uint3 thread_index(std::uint32_t thread) { return split(thread % current.threads, launch.block); }
uint3 block_index(std::uint32_t thread) { return split(block_of(thread), launch.grid); }

std::string text_of_thread(std::uint32_t thread) {
    return "thread " + coordinates(thread_index(thread)) + " block " + coordinates(block_index(thread));
}

void report_at(const char* kind, const std::string& message, Site site) {
    Finding finding;
    finding.kind = kind;
    finding.message = message;
    finding.where = location_of(site);
    finding.pc = pc_of(site);
    finding.kernel = launch.running ? launch.kernel : nullptr;
    if (current.threads != 0 && launch.running) {
        finding.thread = thread_index(current.thread);
        finding.block = block_index(current.thread);
    }
    report(finding);
}

}  // namespace check
}  // namespace codepar_cuda
