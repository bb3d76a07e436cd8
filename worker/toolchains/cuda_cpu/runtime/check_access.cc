// Shared and global accesses: bounds first, then initialisation and races.
#include "check_access.h"

#include <algorithm>
#include <csignal>

#include "check_memory.h"
#include "check_report.h"
#include "codepar_cuda/atomics.h"

namespace codepar_cuda {
namespace check {
namespace {

constexpr std::uint32_t polls_before_yield = 64;
// Addresses beyond these are counted as atomics, but not one by one.
constexpr std::size_t most_atomic_addresses = 1 << 16;

void count_atomic(std::uintptr_t address) {
    ++launch.work.atomics;
    const auto found = launch.atomics.find(address);
    if (found == launch.atomics.end() && launch.atomics.size() >= most_atomic_addresses) return;
    std::uint64_t& count = found == launch.atomics.end() ? launch.atomics[address] : found->second;
    launch.work.same_address = std::max(launch.work.same_address, ++count);
}

// The access page by page, as cells lie.
template <class PageAt>
void step_pages(std::uintptr_t base, const Touch& touch, PageAt page_at) {
    std::uintptr_t offset = touch.address - base;
    std::size_t left = touch.bytes;
    while (left != 0) {
        const std::size_t in_page = offset % page_bytes;
        Touch part = touch;
        part.bytes = std::min(left, page_bytes - in_page);
        part.address = base + offset;
        if (CellPage* const page = page_at(offset / page_bytes)) step_cells(*page, in_page, part);
        offset += part.bytes;
        left -= part.bytes;
    }
}

void check_initialised(Region& region, const Touch& touch) {
    if (touch.kind != AccessKind::write && !is_written(region, touch.address, touch.bytes)) note_uninitialised(touch);
    if (touch.kind != AccessKind::read) mark_written(region, touch.address, touch.bytes);
}

}  // namespace

void touch_shared(const Touch& touch) {
    count_access();
    if (options().memory && !inside_shared(touch)) fail_shared(touch);
    if (!options().race) return;
    BlockState& block = *current.block;
    const std::uintptr_t offset = touch.address - current.arena;
    if (offset % page_bytes + touch.bytes <= page_bytes) {
        step_cells(block.pages[offset / page_bytes], offset % page_bytes, touch);
        return;
    }
    step_pages(current.arena, touch, [&](std::size_t page) { return page < block.pages.size() ? &block.pages[page] : nullptr; });
}

void touch_global(Touch touch) {
    Page* const page = find_page(touch.address / page_bytes);
    if (page == nullptr) return fail_global(touch);
    Region& region = *page->region;
    if (region.space == Space::ignored) return;
    current.state->global = true;
    count_access();
    if (touch.address < region.low || touch.address + touch.bytes > region.high) {
        Region* const other = find_region(touch.address);
        if (other == nullptr || touch.address + touch.bytes > other->high) return fail_global(touch);
    }
    if (region.track_written) check_initialised(region, touch);
    if (!options().race) return;
    const std::size_t offset = touch.address % page_bytes;
    if (offset + touch.bytes <= page_bytes) {
        step_cells(page->shadow, offset, touch);
        return;
    }
    step_pages(0, touch, [](std::uintptr_t number) {
        Page* const next = find_page(number);
        return next != nullptr ? &next->shadow : nullptr;
    });
}

void touch_atomic(Touch touch, bool block_scope) {
    if (!current.active) return;
    if (something_pending) settle(touch.address, touch.bytes);
    if (on_own_stack(touch.address)) return;
    if (touch.writes) current.state->wrote = true;
    if (touch.bytes > 1 && touch.address % touch.bytes != 0) fail_misaligned(touch, touch.bytes);
    touch.site |= block_scope ? site_block_scope : site_device_scope;
    if (touch.address - current.arena < current.arena_bytes) {
        touch.floor = current.block_start;
        touch_shared(touch);
    } else {
        count_atomic(touch.address);
        touch_global(touch);
    }
}

void touch_from_host(std::uintptr_t address, std::size_t bytes, bool write, Site site) {
    const Region* const region = find_region(address);
    if (region == nullptr || region->space != Space::device || !options().memory) return;
    report_at("memory_error", std::string("host code ") + (write ? "writes " : "reads ") + std::to_string(bytes) +
              " bytes of device memory: " + name_of(address) + "; cudaMemcpy copies it", site);
    std::signal(SIGSEGV, SIG_DFL);  // as on a machine with a GPU
    std::raise(SIGSEGV);
}

void count_poll() {
    ThreadState& thread = *current.state;
    if (++thread.polls < polls_before_yield) return;
    thread.polls = 0;
    spin_yield();
}

}  // namespace check
}  // namespace codepar_cuda
