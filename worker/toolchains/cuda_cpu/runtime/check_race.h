// Race detection: one step of a cell for one access, and the report of two accesses that nothing orders.
//
// What counts: two accesses to a byte by different threads, unordered, at least one a write, unless both are atomic with scopes that include each
// other, or both are strong (atomic or volatile) and the volatile write is a release (its thread fenced before). A plain write that
// leaves the value as it was is race_same_value.
// Limits: of the accesses since the last plain write a cell keeps two reads and two atomics; an older, unordered one beyond them can be missed.
// Only the order that ran is judged, plus what it implies: another schedule can take other branches.
#pragma once

#include <cstddef>
#include <cstdint>

#include "check_state.h"

namespace codepar_cuda {
namespace check {

enum class AccessKind : unsigned char { read, write, atomic };

struct Touch {
    std::uintptr_t address;
    std::size_t bytes;
    AccessKind kind;
    Site site;    // with its flags
    Time floor;   // records up to this time are stale
    bool reads = true, writes = true;  // of an atomic: load, store or both
};

// The access, on cells that are there; `offset` in the page.
void step_cells(CellPage& page, std::size_t offset, const Touch& touch);

// A plain write that met unordered accesses: whether it changed the value is known when the next hook runs.
void settle_write();

}  // namespace check
}  // namespace codepar_cuda
