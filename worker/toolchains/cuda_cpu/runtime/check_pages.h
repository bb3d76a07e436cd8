// From an address to what the checks know of it: regions (allocations, program data), pages of shadow, initialisation bits.
// Limits: memory is looked up by pages of 4096 bytes; memory of the host is never shadowed, only what was allocated for, or registered
// with, the device, and the data segments of the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "check_state.h"
#include "codepar_cuda/hooks.h"

namespace codepar_cuda {
namespace check {

enum class Space : unsigned char { device, managed, host_pinned, program, ignored };

struct Region {
    std::uintptr_t low = 0, high = 0;  // [low, high)
    Space space = Space::device;
    Location where;
    bool track_written = false;  // only memory that the host cannot write behind our back
    std::unique_ptr<unsigned char[]> written;  // one bit a byte; empty: nothing written (track_written) or not tracked
};

struct Page {
    std::uintptr_t number = ~std::uintptr_t{0};
    Region* region = nullptr;
    CellPage shadow;
};

// The page of an address that device code may touch, or nullptr.
Page* find_page_slow(std::uintptr_t number);

constexpr std::size_t cached_pages = 1024;
extern Page* page_cache[cached_pages];
extern Page no_page;

inline Page* find_page(std::uintptr_t number) {
    Page* const cached = page_cache[number % cached_pages];
    return cached->number == number ? cached : find_page_slow(number);
}

Region* find_region(std::uintptr_t address);
// The allocations that start at or before, and after, the address; program data is left out.
void nearest_regions(std::uintptr_t address, const Region*& before, const Region*& after);
void add_region(std::uintptr_t low, std::size_t bytes, Space space, Location where);
void remove_region(std::uintptr_t low);
// Bounds of all device allocations so far: a quick no for host accesses.
extern std::uintptr_t device_low, device_high;

// The cells of a page, made when there are none; nullptr when the shadow's memory is used up.
Cell* cells_of(CellPage& page);
// From one cell for 4 bytes to one a byte.
bool split_page(CellPage& page);
// Frees the shadow when it has grown large; all of it is stale between launches.
void trim_shadow();
// Changes whenever trim_shadow took the cells back.
std::uint32_t shadow_generation();

void mark_written(Region& region, std::uintptr_t address, std::size_t bytes);
bool is_written(const Region& region, std::uintptr_t address, std::size_t bytes);

// Adds the program's data segments and the runtime's thread-local memory; once.
void add_program_regions();

}  // namespace check
}  // namespace codepar_cuda
