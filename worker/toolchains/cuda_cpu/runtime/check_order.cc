// The graph of views and the synchronising events; see check_order.h for the rules and their limits.
#include "check_order.h"

#include <algorithm>
#include <unordered_map>

namespace codepar_cuda {
namespace check {
namespace {

struct Flag {
    View device = 0;
    View block = 0;           // released with block scope, by threads of `block_number` only
    std::uint32_t block_number = 0;
};

std::vector<ViewNode> nodes(1);
std::vector<std::uint32_t> visited(1);
std::uint32_t visit = 0;
std::vector<Flag> flags;
// Views that were walked far once: the latest time of each range they know, by the range's first thread and length.
using Ranges = std::unordered_map<std::uint64_t, Time>;
std::unordered_map<View, Ranges> flat_views;
constexpr std::size_t long_walk = 64;

View add_node(const ViewNode& node) {
    nodes.push_back(node);
    visited.push_back(0);
    return static_cast<View>(nodes.size() - 1);
}

bool covers(const ViewNode& node, std::uint32_t thread, Time wanted) {
    return thread - node.first < node.count && node.time >= wanted;
}

// Every node that `view` reaches, each once; stops when `enter` returns false.
template <class Enter>
void walk(View view, Enter enter) {
    static std::vector<View> open;
    ++visit;
    open.assign(1, view);
    for (std::size_t next = 0; next < open.size(); ++next) {
        const View at = open[next];
        if (at == 0 || visited[at] == visit) continue;
        visited[at] = visit;
        if (!enter(nodes[at], next)) return;
        open.push_back(nodes[at].parents[0]);
        open.push_back(nodes[at].parents[1]);
    }
}

std::uint64_t range_key(std::uint32_t first, std::uint32_t count) { return static_cast<std::uint64_t>(count) << 32 | first; }

const Ranges& flatten(View view) {
    auto [entry, fresh] = flat_views.try_emplace(view);
    Ranges& ranges = entry->second;
    if (fresh)
        walk(view, [&](const ViewNode& node, std::size_t) {
            Time& time = ranges[range_key(node.first, node.count)];
            time = std::max(time, node.time);
            return true;
        });
    return ranges;
}

// Ranges are single threads, whole warps or whole blocks.
Time latest(const Ranges& ranges, std::uint32_t thread) {
    const std::uint32_t block = block_of(thread) * current.threads;
    const std::uint32_t warp = block + (thread - block) / 32 * 32;
    Time time = 0;
    for (const std::uint64_t key : {range_key(thread, 1), range_key(warp, 32), range_key(block, current.threads)}) {
        const auto range = ranges.find(key);
        if (range != ranges.end()) time = std::max(time, range->second);
    }
    return time;
}

Flag& flag_of(Cell& cell) {
    if (cell.flag < launch.first_flag) {
        flags.emplace_back();
        cell.flag = launch.first_flag + static_cast<std::uint32_t>(flags.size()) - 1;
    }
    return flags[cell.flag - launch.first_flag];
}

View released_view(bool device_scope) {
    const BlockState& block = *current.block;
    const ThreadState& thread = *current.state;
    const std::size_t scope = device_scope ? 1 : 0;
    View view = merge_views(merge_views(thread.view, block.view), block.fenced[scope]);
    const Time time = thread.fence[scope];
    if (time <= block.start) return view;
    if (thread.fence_barrier[scope] > block.start) view = add_to_view(view, block.first, block.threads, thread.fence_barrier[scope]);
    if (thread.fence_warp[scope] > thread.fence_barrier[scope])
        view = add_to_view(view, block.first + current.warp * 32, 32, thread.fence_warp[scope]);
    return add_to_view(view, current.thread, 1, time);
}

// Threads of a barrier that fenced before it: whoever releases later publishes that too.
void keep_fences(BlockState& block, std::size_t scope) {
    auto& fencers = block.fencers[scope];
    for (const std::uint32_t linear : fencers)
        block.fenced[scope] = add_to_view(block.fenced[scope], block.first + linear, 1, block.thread_states[linear].fence[scope]);
    fencers.clear();
}

}  // namespace

View add_to_view(View parent, std::uint32_t first, std::uint32_t count, Time time) {
    return add_node(ViewNode{{parent, 0}, first, count, time});
}

View merge_views(View a, View b) {
    if (a == 0 || a == b || nodes[b].parents[0] == a || nodes[b].parents[1] == a) return b == 0 ? a : b;
    if (b == 0 || nodes[a].parents[0] == b || nodes[a].parents[1] == b) return a;
    return add_node(ViewNode{{a, b}, 0, 0, 0});
}

Time known_in_view(View view, std::uint32_t thread, Time wanted) {
    if (view == 0) return 0;
    Time found = 0;
    bool whole = true;
    walk(view, [&](const ViewNode& node, std::size_t steps) {
        if (covers(node, thread, wanted)) found = node.time;
        whole = steps < long_walk;
        return found == 0 && whole;
    });
    if (found != 0 || whole) return found;
    return latest(flatten(view), thread);
}

void forget_views() {
    launch.first_flag += static_cast<std::uint32_t>(flags.size());
    flags.clear();
    flat_views.clear();
    nodes.resize(1);
    visited.assign(1, 0);
    visit = 0;
}

bool ordered_by_view(const Access& past) {
    const View own = current.state->view, shared = current.block->view;
    return (own != 0 && known_in_view(own, past.thread, past.time) >= past.time) ||
           (shared != 0 && known_in_view(shared, past.thread, past.time) >= past.time);
}

bool release_flag(Cell& cell, bool device_scope) {
    bool released = false;
    for (const bool device : {false, true}) {
        if (device && !device_scope) continue;
        const View view = released_view(device);
        if (view == 0) continue;
        Flag& flag = flag_of(cell);
        const std::uint32_t block = block_of(current.thread);
        if (device) {
            flag.device = merge_views(flag.device, view);
        } else {
            if (flag.block_number != block) flag.block = 0;
            flag.block_number = block;
            flag.block = merge_views(flag.block, view);
        }
        released = released || device == device_scope;
    }
    return released;
}

void acquire_flag(Cell& cell) {
    if (cell.flag < launch.first_flag) return;
    const Flag& flag = flags[cell.flag - launch.first_flag];
    const View released[2] = {flag.block_number == block_of(current.thread) ? flag.block : 0, flag.device};
    ThreadState& thread = *current.state;
    for (const std::size_t scope : {0u, 1u}) {
        if (released[scope] == 0 || released[scope] == thread.acquired[scope]) continue;
        thread.acquired[scope] = released[scope];
        thread.view = merge_views(thread.view, released[scope]);
        current.block->views_differ = true;
    }
}

void synchronise_block(BlockState& block) {
    block.barrier = now++;
    for (const std::size_t scope : {0u, 1u})
        if (!block.fencers[scope].empty()) keep_fences(block, scope);
    if (!block.views_differ) return;
    for (ThreadState& thread : block.thread_states) {
        block.view = merge_views(block.view, thread.view);
        thread.view = 0;
    }
    block.views_differ = false;
}

void synchronise_warp(BlockState& block, unsigned number, std::uint32_t lanes) {
    WarpState& warp = block.warps[number];
    const std::uint32_t first = number * 32;
    const std::uint32_t size = std::min(32u, block.threads - first);
    const std::uint32_t full = size == 32 ? ~0u : (1u << size) - 1;
    const Time time = now++;
    if ((lanes & full) == full) {
        warp.together = time;
    } else {
        if (warp.pairs.empty()) warp.pairs.assign(32 * 32, 0);
        Time known[32] = {};
        for (unsigned lane = 0; lane < 32; ++lane)
            if (lanes >> lane & 1u)
                for (unsigned other = 0; other < 32; ++other)
                    known[other] = lanes >> other & 1u ? time : std::max(known[other], warp.pairs[lane * 32 + other]);
        for (unsigned lane = 0; lane < 32; ++lane)
            if (lanes >> lane & 1u) std::copy(known, known + 32, warp.pairs.begin() + lane * 32);
    }
    if (!block.views_differ) return;
    View view = 0;
    for (unsigned lane = 0; lane < size; ++lane)
        if (lanes >> lane & 1u) view = merge_views(view, block.thread_states[first + lane].view);
    for (unsigned lane = 0; lane < size; ++lane)
        if (lanes >> lane & 1u) block.thread_states[first + lane].view = view;
}

void fence_thread(bool device_scope) {
    BlockState& block = *current.block;
    ThreadState& thread = *current.state;
    const Time time = now++;
    for (const std::size_t scope : {0u, 1u}) {
        if (scope == 1 && !device_scope) continue;
        if (thread.fence[scope] <= block.barrier) block.fencers[scope].push_back(current.thread - current.first);
        thread.fence[scope] = time;
        thread.fence_barrier[scope] = block.barrier;
        thread.fence_warp[scope] = current.warp_state->together;
    }
}

}  // namespace check
}  // namespace codepar_cuda
