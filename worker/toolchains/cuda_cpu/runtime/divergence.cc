// Says why no thread of a block can go on: who waits where, and who is missing.
// Limits: names at most four groups of waiting threads.
#include <algorithm>
#include <string>
#include <vector>

#include "codepar_cuda/report.h"
#include "worker.h"

namespace codepar_cuda {
namespace {

struct Waiting {
    std::string what;
    Location where;
    std::size_t threads;
    uint3 thread;  // one of them
    std::string missing;
};

const char* name_of(WarpOperation operation) {
    switch (operation) {
        case WarpOperation::sync: return "__syncwarp()";
        case WarpOperation::shuffle: return "a shuffle";
        case WarpOperation::vote: return "a vote";
        case WarpOperation::match: return "a match";
        case WarpOperation::reduce: return "a warp reduction";
        case WarpOperation::active: return "__activemask()";
    }
    return "a warp operation";
}

std::string lanes(unsigned mask) {
    std::string text;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((mask >> lane & 1u) == 0) continue;
        unsigned last = lane;
        while (last < 31 && (mask >> (last + 1) & 1u) != 0) ++last;
        if (!text.empty()) text += ", ";
        text += std::to_string(lane);
        if (last > lane) text += '-' + std::to_string(last);
        lane = last;
    }
    return text;
}

void add(std::vector<Waiting>& all, const FiberQueue& queue, const std::string& what, const std::string& missing) {
    for (const Fiber* fiber = queue.front(); fiber != nullptr; fiber = fiber->next) {
        const auto same = std::find_if(all.begin(), all.end(), [&](const Waiting& known) {
            return known.what == what && known.where.line == fiber->where.line && known.missing == missing;
        });
        if (same != all.end()) ++same->threads;
        else all.push_back({what, fiber->where, 1, fiber->thread.index, missing});
    }
}

std::vector<Waiting> who_waits(const BlockRun& block) {
    std::vector<Waiting> all;
    add(all, block.barrier.waiting, "__syncthreads()", "");
    add(all, block.grid.waiting, "grid.sync()", "");
    for (unsigned number = 0; number < block.warps; ++number) {
        const Warp& warp = block.warp[number];
        for (const WarpGroup* open = warp.open; open != nullptr; open = open->next) {
            const unsigned missing = open->mask & warp.present & ~warp.exited & ~open->arrived;
            add(all, static_cast<const LaneGroup*>(open)->waiting, name_of(open->operation),
                " for lanes " + lanes(missing) + " of warp " + std::to_string(number));
        }
    }
    return all;
}

}  // namespace

void report_divergence(BlockRun& block) {
    const std::vector<Waiting> all = who_waits(block);
    Finding finding;
    finding.kind = "barrier_divergence";
    finding.kernel = block.launch->name;
    finding.block = block.index;
    finding.message = "threads of one block wait for each other for ever:";
    for (std::size_t number = 0; number < std::min<std::size_t>(all.size(), 4); ++number) {
        const Waiting& group = all[number];
        finding.message += (number ? "; " : " ") + std::to_string(group.threads) + " at " + group.what + " (" +
                           (group.where.file ? group.where.file : "?") + ':' + std::to_string(group.where.line) + ')' +
                           group.missing;
    }
    if (block.live < block.threads) finding.message += "; " + std::to_string(block.threads - block.live) + " have returned";
    if (!all.empty()) {
        finding.where = all.front().where;
        finding.thread = all.front().thread;
    }
    report(finding);
}

}  // namespace codepar_cuda
