// Happens-before between CUDA threads: barriers, warp synchronisation, and fences that an atomic or a volatile flag publishes.
//
// A release: a thread fences (__threadfence, or _block within its block), then writes a flag (atomic or volatile). What it did, and what it knew,
// before the fence becomes part of the flag's view. An acquire: any atomic or volatile read of that flag takes the view over; no second
// fence is asked for, since NVIDIA's own threadFenceReduction has none. Views form a graph that lives as long as the launch.
// Limits: a view is never subtracted from: reading a flag that was overwritten meanwhile still takes over all that was ever released
// through it in this launch. Shuffles and votes count as synchronisation of their lanes, although CUDA promises no memory order for them.
#pragma once

#include "check_state.h"

namespace codepar_cuda {
namespace check {

// Threads [first, first + count) are known up to `time`, and all that both parents know.
struct ViewNode {
    View parents[2];
    std::uint32_t first, count;
    Time time;
};

View merge_views(View a, View b);
View add_to_view(View parent, std::uint32_t first, std::uint32_t count, Time time);
// The time up to which `thread` is known in the view, at least `wanted` if it is known that far.
Time known_in_view(View view, std::uint32_t thread, Time wanted);
void forget_views();

// The running thread publishes, by an atomic or volatile write at `cell`, what it fenced. False: it has no fence of that scope.
bool release_flag(Cell& cell, bool device_scope);
// It reads there.
void acquire_flag(Cell& cell);

// Whether what the current thread does now comes after `past`. `floor`: records up to that time are stale.
bool ordered_by_view(const Access& past);

// By launches, barriers and warps alone: quick, and never more than the truth.
inline bool ordered_plainly(const Access& past, Time floor) {
    const Current& c = current;
    if (past.time <= floor || past.thread == c.thread) return true;
    const std::uint32_t in_block = past.thread - c.first;
    if (in_block < c.threads) {
        if (past.time <= c.barrier) return true;
        if (in_block / 32 == c.warp) {
            const WarpState& warp = *c.warp_state;
            if (past.time <= warp.together) return true;
            if (!warp.pairs.empty() && past.time <= warp.pairs[c.lane * 32 + in_block % 32]) return true;
        }
    }
    return false;
}

inline bool ordered(const Access& past, Time floor) { return ordered_plainly(past, floor) || ordered_by_view(past); }

void synchronise_block(BlockState& block);
void synchronise_warp(BlockState& block, unsigned warp, std::uint32_t lanes);
void fence_thread(bool device_scope);

}  // namespace check
}  // namespace codepar_cuda
