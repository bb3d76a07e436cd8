// What the checks know while a launch runs: the logical clock, the running thread, its block, and the records of accesses.
//
// Time: one counter for the process, advanced by every synchronising event. An access by thread p at time s happens before what the
// running thread does now if p is that thread or s <= the time up to which the thread knows p's accesses: launch start, the block's
// last barrier, the warp's last synchronisation, or what a fence and an atomic carried over (check_order.h). All records of
// earlier launches are therefore stale by themselves.
// Limits: single-threaded by contract (the checked build runs CUDA threads on one thread of the operating system); threads are numbered in 32
// bits, times too (the clock is set back between launches).
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "codepar_cuda/location.h"
#include "ledger.h"
#include "vector_types.h"

namespace codepar_cuda {
namespace check {

using Time = std::uint32_t;
// Where an access stands in the program: a pc offset, or the number of a Location; with the flags below.
using Site = std::uint32_t;
constexpr Site site_is_location = 1u << 31;
constexpr Site site_device_scope = 1u << 30;  // of an atomic; of a volatile write: released by a fence of that scope
constexpr Site site_block_scope = 1u << 29;
constexpr Site site_volatile = 1u << 28;
constexpr Site site_flags = site_device_scope | site_block_scope | site_volatile;

// A node of check_order.h's graph of what is known; 0: nothing.
using View = std::uint32_t;

struct Access {
    std::uint32_t thread;
    Time time;  // 0: none
    Site site;
};

// The shadow of 4 bytes (or of 1, on pages that saw narrower accesses): the last plain write, and up to two plain reads and two atomics
// that are unordered among themselves, as far apart in the grid as they come.
struct Cell {
    Access write;
    Access reads[2];
    Access atomics[2];
    std::uint32_t flag;  // number of the synchronisation variable that lives here, 0: none
};
static_assert(sizeof(Cell) == 64, "one cache line");

constexpr std::size_t page_bytes = 4096;

// The cells of 4096 bytes of memory; made at the first access.
struct CellPage {
    Cell* cells = nullptr;
    unsigned char shift = 2;
};

struct ThreadState {
    Time fence[2];          // last fence, of block and of device scope
    Time fence_barrier[2];  // the block's last barrier at that fence
    Time fence_warp[2];     // the warp's last full synchronisation at that fence
    View view;              // what it learnt from other blocks and warps since the block's last barrier
    View acquired[2];       // the last ones merged (block, device scope), so that polling costs nothing
    std::uint32_t polls;    // volatile and atomic reads in a row
    std::uint32_t accesses;  // global and shared, up to 2^32 - 1
    bool wrote;
    bool global;  // accessed memory that other blocks see
};

struct WarpState {
    Time together = 0;               // last synchronisation of all its lanes
    std::vector<Time> pairs;         // [32 * reader + writer], made by the first synchronisation of some lanes
};

struct SharedVariable {
    std::uintptr_t low;
    std::size_t bytes;
    const char* name;
    Location where;
};

struct BlockState {
    std::uint64_t linear = 0;
    std::uint32_t first = 0;  // number of its first thread in the grid
    std::uint32_t threads = 0;
    Time start = 0;
    Time barrier = 0;
    View view = 0;          // known to all its threads
    View fenced[2] = {0, 0};  // accesses that some thread fenced before the last barrier
    std::vector<std::uint32_t> fencers[2];  // threads that fenced since the last barrier
    bool views_differ = false;              // some thread's own view is not empty
    std::uintptr_t arena = 0;
    std::size_t arena_bytes = 0;
    std::uint32_t generation = 0;  // of the shadow that `pages` are of
    std::vector<CellPage> pages;
    std::vector<SharedVariable> variables;
    std::vector<ThreadState> thread_states;
    std::vector<WarpState> warps;
};

// The running CUDA thread and what the fast path needs of its block and launch.
struct Current {
    bool active = false;
    std::uint32_t thread = 0, first = 0, threads = 0;
    std::uint32_t warp = 0, lane = 0;
    Time launch_start = 0, block_start = 0, barrier = 0;
    std::uintptr_t arena = 0, arena_bytes = 0, stack = 0, stack_bytes = 0;
    BlockState* block = nullptr;
    ThreadState* state = nullptr;
    WarpState* warp_state = nullptr;
};

struct LaunchState {
    const char* kernel = nullptr;
    Location where;
    dim3 grid, block;
    std::uintptr_t arguments = 0, argument_bytes = 0;
    Work work;
    std::unordered_map<std::uintptr_t, std::uint64_t> atomics;  // on global memory, by address
    std::uint32_t first_flag = 1;  // flags of earlier launches are stale
    bool running = false;
};

struct Options {
    bool memory = true;
    bool race = true;
};

extern Current current;
extern LaunchState launch;
extern Time now;
const Options& options();

// The number of a place in the source.
Site site_of(Location where);

inline std::uint32_t block_of(std::uint32_t thread) { return current.threads ? thread / current.threads : 0; }

}  // namespace check
}  // namespace codepar_cuda
