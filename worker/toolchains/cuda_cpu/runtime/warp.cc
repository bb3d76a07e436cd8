// Warp operations: lanes meet in a group for each mask and kind of operation.
// Limits: an operation is matched by mask and kind, not by place, as PTX does.
#include "codepar_cuda/warp.h"

#include <cstdio>
#include <cstring>

#include "codepar_cuda/hooks.h"
#include "codepar_cuda/report.h"
#include "switching.h"

namespace codepar_cuda {
namespace {

LaneGroup* join_group(BlockRun& block, Warp& warp, WarpOperation operation, unsigned mask, Location where) {
    for (WarpGroup* open = warp.open; open != nullptr; open = open->next) {
        if (open->mask == mask && open->operation == operation) return static_cast<LaneGroup*>(open);
    }
    LaneGroup* group = block.new_group();
    group->mask = mask;
    group->operation = operation;
    group->arrived = 0;
    group->where = where;
    group->next = warp.open;
    warp.open = group;
    return group;
}

void close_group(Warp& warp, LaneGroup* group) {
    WarpGroup* head = warp.open;
    if (head == group) {
        warp.open = static_cast<LaneGroup*>(group->next);
        return;
    }
    while (head->next != group) head = head->next;
    head->next = group->next;
}

bool complete(const Warp& warp, const LaneGroup& group) {
    return (group.mask & warp.present & ~warp.exited & ~group.arrived) == 0;
}

void release_group(BlockRun& block, Warp& warp, LaneGroup* group) {
    close_group(warp, group);
    group->readers = group->waiting.size();
    CODEPAR_HOOK(warp_synchronised(block.linear, static_cast<unsigned>(&warp - block.warp), group->arrived));
    wake_lanes(block, warp, group->arrived, group->waiting);
}

void report_outside(unsigned lane, unsigned mask, Location where) {
    char text[96];
    std::snprintf(text, sizeof text, "lane %u calls a warp operation whose mask 0x%08x does not name it", lane, mask);
    report_here("barrier_divergence", text, where);
}

bool same_place(Location a, Location b) {
    return a.line == b.line && (a.file == b.file || (a.file && b.file && std::strcmp(a.file, b.file) == 0));
}

}  // namespace

WarpGroup* meet_warp(WarpOperation operation, unsigned mask, std::uint64_t value, Location where) {
    const RuntimeSection section;
    Fiber& self = current_fiber();
    BlockRun& block = self.block();
    Warp& warp = block.warp[self.thread.linear / 32];
    const unsigned lane = self.thread.linear % 32, bit = 1u << lane;
    self.where = where;
    if ((mask & bit) == 0) {
        report_outside(lane, mask, where);
        mask = bit;  // nobody waits for it, so it waits for nobody
    }
    LaneGroup* group = join_group(block, warp, operation, mask, where);
    group->arrived |= bit;
    group->values[lane] = value;
    if (mask == bit) {
        close_group(warp, group);
        group->readers = 1;
        return group;
    }
    begin_wait(self, block, Wait::warp);
    group->waiting.push(&self);
    if (complete(warp, *group)) release_group(block, warp, group);
    switch_away(self, block);
    return group;
}

void leave_warp(WarpGroup* group) {
    if (--group->readers != 0) return;
    const RuntimeSection section;
    BlockRun& block = current_block();
    group->next = block.free_groups;
    block.free_groups = group;
}

void complete_groups(BlockRun& block, Warp& warp) {
    for (WarpGroup* open = warp.open; open != nullptr;) {
        LaneGroup* group = static_cast<LaneGroup*>(open);
        open = open->next;
        if (complete(warp, *group)) release_group(block, warp, group);
    }
}

unsigned lane_number() { return current_thread->lane(); }

unsigned active_lanes(Location where) {
    const RuntimeSection section;
    Fiber& self = current_fiber();
    BlockRun& block = self.block();
    self.where = where;
    begin_wait(self, block, Wait::active);
    block.warp[self.thread.linear / 32].active.push(&self);
    switch_away(self, block);
    return self.active_mask;
}

bool resolve_active(BlockRun& block, Warp& warp) {
    if (warp.active.empty()) return false;
    FiberQueue waiting;
    waiting.append(warp.active);
    while (!waiting.empty()) {
        FiberQueue together, apart;
        const Location where = waiting.front()->where;
        unsigned mask = 0;
        while (Fiber* fiber = waiting.pop()) {
            const bool here = same_place(fiber->where, where);
            if (here) mask |= 1u << fiber->thread.linear % 32;
            (here ? together : apart).push(fiber);
        }
        for (Fiber* fiber = together.front(); fiber != nullptr; fiber = fiber->next) fiber->active_mask = mask;
        wake_lanes(block, warp, mask, together);
        waiting.append(apart);
    }
    return true;
}

bool resolve_all_active(BlockRun& block) {
    bool any = false;
    for (unsigned number = 0; number < block.warps; ++number) any = resolve_active(block, block.warp[number]) || any;
    return any;
}

Ballot vote(unsigned mask, bool predicate, Location where) {
    WarpGroup* group = meet_warp(WarpOperation::vote, mask, predicate, where);
    Ballot ballot{0, group->arrived};
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((group->arrived >> lane & 1u) != 0 && group->values[lane] != 0) ballot.yes |= 1u << lane;
    }
    leave_warp(group);
    return ballot;
}

Ballot match(unsigned mask, std::uint64_t value, Location where) {
    WarpGroup* group = meet_warp(WarpOperation::match, mask, value, where);
    Ballot ballot{0, group->arrived};
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((group->arrived >> lane & 1u) != 0 && group->values[lane] == value) ballot.yes |= 1u << lane;
    }
    leave_warp(group);
    return ballot;
}

void syncwarp(unsigned mask, Location where) { leave_warp(meet_warp(WarpOperation::sync, mask, 0, where)); }

}  // namespace codepar_cuda
