// The step of a cell; see check_race.h for the rules.
#include "check_race.h"

#include <algorithm>
#include <cstring>

#include "check_bounds.h"
#include "check_order.h"
#include "check_pages.h"
#include "check_report.h"

namespace codepar_cuda {
namespace check {

namespace {

constexpr std::size_t widest_comparison = 64;
constexpr std::size_t most_conflicts = 4;

// The last plain write that raced, until its value can be compared.
struct PendingWrite {
    std::uintptr_t address = 0;
    std::size_t bytes = 0;
    Conflict conflicts[most_conflicts];
    std::size_t count = 0;
    unsigned char before[widest_comparison];
};
PendingWrite pending;

bool is_volatile(Site site) { return (site & site_volatile) != 0; }

bool in_same_block(std::uint32_t thread) { return thread - current.first < current.threads; }

bool scope_reaches(Site atomic, std::uint32_t other) { return (atomic & site_block_scope) == 0 || in_same_block(other); }

bool is_release(Site volatile_write, std::uint32_t other) {
    return (volatile_write & site_device_scope) != 0 || ((volatile_write & site_block_scope) != 0 && in_same_block(other));
}

// Unordered, one of them a write: is it a race?
bool allowed(const Access& past, AccessKind past_kind, const Touch& touch) {
    const bool past_strong = past_kind == AccessKind::atomic || is_volatile(past.site);
    const bool strong = touch.kind == AccessKind::atomic || is_volatile(touch.site);
    if (!past_strong || !strong) return false;
    if (past_kind == AccessKind::atomic && touch.kind == AccessKind::atomic)
        return scope_reaches(past.site, past.thread) && scope_reaches(touch.site, past.thread);
    if (past_kind == AccessKind::atomic || touch.kind == AccessKind::atomic) return true;
    if (past_kind == AccessKind::write && !is_release(past.site, past.thread)) return false;
    return touch.kind != AccessKind::write || is_release(touch.site, past.thread);
}

void keep_pending(const Conflict& conflict, const Touch& touch) {
    if (pending.count == 0 || pending.address != touch.address) {
        pending.address = touch.address;
        pending.bytes = touch.bytes;
        pending.count = 0;
        std::memcpy(pending.before, reinterpret_cast<const void*>(touch.address), std::min(touch.bytes, widest_comparison));
        something_pending = true;
    }
    if (pending.count < most_conflicts) pending.conflicts[pending.count++] = conflict;
}

void compare(const Access& past, AccessKind past_kind, const Touch& touch) {
    if (allowed(past, past_kind, touch) || ordered_plainly(past, touch.floor)) return;
    const Conflict conflict{past, past_kind, Access{current.thread, now, touch.site}, touch.kind, touch.address, touch.bytes};
    if (!worth_reporting(conflict) || ordered_by_view(past)) return;
    const bool may_keep_value = touch.kind == AccessKind::write && past_kind != AccessKind::atomic && touch.bytes <= widest_comparison;
    if (may_keep_value) {
        keep_pending(conflict, touch);
    } else {
        report_race(conflict, false);
    }
}

// Keeps the pair that is farther apart: threads of two blocks, else of two warps. Accesses that may poll do not walk the views.
void keep(Access (&slots)[2], const Access& fresh, Time floor) {
    const bool polls = (fresh.site & site_flags) != 0;
    for (Access& slot : slots) {
        if (slot.thread != fresh.thread && !(polls ? ordered_plainly(slot, floor) : ordered(slot, floor))) continue;
        slot = fresh;
        return;
    }
    const auto warp = [](const Access& access) { return (access.thread - current.first) / 32; };
    const std::uint32_t block = block_of(slots[0].thread);
    if (block != block_of(slots[1].thread)) return;
    if (block != block_of(fresh.thread) || (warp(slots[0]) == warp(slots[1]) && warp(fresh) != warp(slots[0]))) slots[1] = fresh;
}

void step_read(Cell& cell, const Touch& touch, const Access& fresh) {
    if (cell.write.time > touch.floor) compare(cell.write, AccessKind::write, touch);
    for (const Access& atomic : cell.atomics)
        if (atomic.time > touch.floor) compare(atomic, AccessKind::atomic, touch);
    if (is_volatile(touch.site)) acquire_flag(cell);
    keep(cell.reads, fresh, touch.floor);
}

void step_write(Cell& cell, const Touch& touch, Access fresh) {
    Touch written = touch;
    if (is_volatile(touch.site)) {
        if (release_flag(cell, true)) {
            written.site |= site_device_scope;
        } else if (release_flag(cell, false)) {
            written.site |= site_block_scope;
        }
        fresh.site = written.site;
    }
    if (cell.write.time > touch.floor) compare(cell.write, AccessKind::write, written);
    for (Access& read : cell.reads) {
        if (read.time > touch.floor) compare(read, AccessKind::read, written);
        read.time = 0;
    }
    for (Access& atomic : cell.atomics) {
        if (atomic.time > touch.floor) compare(atomic, AccessKind::atomic, written);
        atomic.time = 0;
    }
    cell.write = fresh;
}

void step_atomic(Cell& cell, const Touch& touch, const Access& fresh) {
    if (cell.write.time > touch.floor) compare(cell.write, AccessKind::write, touch);
    for (const Access& read : cell.reads)
        if (touch.writes && read.time > touch.floor) compare(read, AccessKind::read, touch);
    for (const Access& atomic : cell.atomics)
        if (atomic.time > touch.floor) compare(atomic, AccessKind::atomic, touch);
    keep(cell.atomics, fresh, touch.floor);  // before the views grow: long walks for nothing
    if (touch.reads) acquire_flag(cell);
    if (touch.writes) release_flag(cell, (touch.site & site_block_scope) == 0);
}

}  // namespace

void settle_write() {
    if (pending.count == 0) return;
    const bool same = std::memcmp(pending.before, reinterpret_cast<const void*>(pending.address), std::min(pending.bytes, widest_comparison)) == 0;
    for (std::size_t index = 0; index < pending.count; ++index) report_race(pending.conflicts[index], same);
    pending.count = 0;
}

void step_cells(CellPage& page, std::size_t offset, const Touch& touch) {
    if (cells_of(page) == nullptr) return;
    if (page.shift == 2 && ((offset | touch.bytes) & 3) != 0 && !split_page(page)) return;
    const std::size_t last = (offset + touch.bytes - 1) >> page.shift;
    const Access fresh{current.thread, now, touch.site};
    for (std::size_t index = offset >> page.shift; index <= last; ++index) {
        Cell& cell = page.cells[index];
        switch (touch.kind) {
            case AccessKind::read: step_read(cell, touch, fresh); break;
            case AccessKind::write: step_write(cell, touch, fresh); break;
            case AccessKind::atomic: step_atomic(cell, touch, fresh); break;
        }
    }
}

}  // namespace check
}  // namespace codepar_cuda
