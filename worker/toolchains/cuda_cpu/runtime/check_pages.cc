// Regions by address, pages by number, and the memory of the shadow; see check_pages.h.
#include "check_pages.h"

#include <link.h>
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <unordered_map>

#include "codepar_cuda/report.h"

namespace codepar_cuda {
namespace check {

Page no_page;
Page* page_cache[cached_pages];
std::uintptr_t device_low = ~std::uintptr_t{0}, device_high = 0;

namespace {

struct Memory {
    std::map<std::uintptr_t, std::unique_ptr<Region>> regions;
    std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages;
    Memory() { std::fill(std::begin(page_cache), std::end(page_cache), &no_page); }
};

// Never destroyed: destructors of the program may still free device memory.
Memory& memory() {
    static Memory* const all = new Memory;
    return *all;
}

// Touched before the first allocation, so that the cache never holds null pointers.
[[maybe_unused]] Memory& made_early = memory();

constexpr std::size_t cell_bytes = page_bytes / 4 * sizeof(Cell);

// The shadow's memory: chunks handed out page by page, all taken back at once.
class Pool {
public:
    Cell* take(std::size_t bytes) {
        if (used_ + bytes > limit()) return nullptr;
        if (chunk_ == nullptr || offset_ + bytes > chunk_bytes) {
            void* const fresh = mmap(nullptr, chunk_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (fresh == MAP_FAILED) return nullptr;
            chunks_.push_back(fresh);
            chunk_ = static_cast<char*>(fresh);
            offset_ = 0;
        }
        Cell* const cells = reinterpret_cast<Cell*>(chunk_ + offset_);
        offset_ += bytes;
        used_ += bytes;
        return cells;
    }

    bool large() const { return used_ > limit() / 2; }

    void clear() {
        for (void* const chunk : chunks_) munmap(chunk, chunk_bytes);
        chunks_.clear();
        chunk_ = nullptr;
        used_ = 0;
    }

private:
    static constexpr std::size_t chunk_bytes = std::size_t{16} << 20;

    static std::size_t limit() {
        static const std::size_t bytes = [] {
            const char* const text = std::getenv("CODEPAR_CUDA_SHADOW_MB");
            const unsigned long megabytes = text ? std::strtoul(text, nullptr, 10) : 0;
            return (megabytes ? megabytes : 512) << 20;
        }();
        return bytes;
    }

    std::vector<void*> chunks_;
    char* chunk_ = nullptr;
    std::size_t offset_ = 0, used_ = 0;
};

Pool& pool() {
    static Pool* const only = new Pool;
    return *only;
}

std::uint32_t generation = 0;

int add_segments(dl_phdr_info* info, std::size_t, void*) {
    for (int segment = 0; segment < info->dlpi_phnum; ++segment) {
        const auto& header = info->dlpi_phdr[segment];
        if (header.p_type != PT_LOAD) continue;
        const bool writable = (header.p_flags & PF_W) != 0;
        add_region(info->dlpi_addr + header.p_vaddr, header.p_memsz, writable ? Space::program : Space::ignored, Location());
    }
    return 1;  // the program only: libraries are not written for the device
}

}  // namespace

void add_program_regions() {
    static bool done = false;
    if (done) return;
    done = true;
    dl_iterate_phdr(add_segments, nullptr);
    // Thread-local variables lie just below the thread's descriptor (x86-64) or just above it (aarch64).
    const auto self = reinterpret_cast<std::uintptr_t>(pthread_self());
    constexpr std::uintptr_t reach = 16 * page_bytes;
    add_region(self - reach, 2 * reach, Space::ignored, Location());
}

Region* find_region(std::uintptr_t address) {
    auto after = memory().regions.upper_bound(address);
    if (after == memory().regions.begin()) return nullptr;
    Region* const region = std::prev(after)->second.get();
    return address < region->high ? region : nullptr;
}

void nearest_regions(std::uintptr_t address, const Region*& before, const Region*& after) {
    const auto is_allocation = [](const auto& entry) { return entry.second->space < Space::program; };
    const auto& regions = memory().regions;
    auto next = std::find_if(regions.upper_bound(address), regions.end(), is_allocation);
    if (next != regions.end()) after = next->second.get();
    auto previous = regions.upper_bound(address);
    while (previous != regions.begin())
        if (is_allocation(*--previous)) {
            before = previous->second.get();
            return;
        }
}

void add_region(std::uintptr_t low, std::size_t bytes, Space space, Location where) {
    auto region = std::make_unique<Region>();
    region->low = low;
    region->high = low + bytes;
    region->space = space;
    region->where = where;
    region->track_written = space == Space::device;
    if (space == Space::device) {
        device_low = std::min(device_low, low);
        device_high = std::max(device_high, low + bytes);
    }
    memory().regions[low] = std::move(region);
}

void remove_region(std::uintptr_t low) {
    const auto found = memory().regions.find(low);
    if (found == memory().regions.end()) return;
    const std::uintptr_t end = found->second->high;
    for (std::uintptr_t number = low / page_bytes; number * page_bytes < end; ++number) {
        if (page_cache[number % cached_pages]->number == number) page_cache[number % cached_pages] = &no_page;
        memory().pages.erase(number);
    }
    memory().regions.erase(found);
}

Page* find_page_slow(std::uintptr_t number) {
    auto found = memory().pages.find(number);
    if (found == memory().pages.end()) {
        Region* region = find_region(number * page_bytes);
        if (region == nullptr) {
            // A region may start inside the page.
            const auto after = memory().regions.lower_bound(number * page_bytes);
            if (after == memory().regions.end() || after->first >= (number + 1) * page_bytes) return nullptr;
            region = after->second.get();
        }
        auto page = std::make_unique<Page>();
        page->number = number;
        page->region = region;
        found = memory().pages.emplace(number, std::move(page)).first;
    }
    return page_cache[number % cached_pages] = found->second.get();
}

Cell* cells_of(CellPage& page) {
    if (page.cells != nullptr || (page.cells = pool().take(cell_bytes)) != nullptr) return page.cells;
    static std::uint64_t told = 0;
    count_unwatched();
    if (told++ == 0) report_here("note", "the shadow of the race check is full (CODEPAR_CUDA_SHADOW_MB): part of this launch's memory is not watched", launch.where);
    return nullptr;
}

bool split_page(CellPage& page) {
    Cell* const wide = cells_of(page);
    if (wide == nullptr) return false;
    Cell* const narrow = pool().take(4 * cell_bytes);
    if (narrow == nullptr) return false;
    for (std::size_t byte = 0; byte < page_bytes; ++byte) narrow[byte] = wide[byte / 4];
    page.cells = narrow;
    page.shift = 0;
    return true;
}

void trim_shadow() {
    constexpr Time late = 3000000000u;
    if (!pool().large() && now < late) return;
    if (now >= late) now = 1;
    pool().clear();
    ++generation;
    for (auto& [number, page] : memory().pages) page->shadow = CellPage();
}

std::uint32_t shadow_generation() { return generation; }

void mark_written(Region& region, std::uintptr_t address, std::size_t bytes) {
    if (!region.track_written) return;
    const std::uintptr_t from = address - region.low, to = std::min(address + bytes, region.high) - region.low;
    if (from == 0 && to == region.high - region.low) {
        region.track_written = false;  // all of it
        region.written.reset();
        return;
    }
    if (!region.written) region.written.reset(new unsigned char[(region.high - region.low + 7) / 8]());
    std::uintptr_t byte = from;
    for (; byte < to && byte % 8 != 0; ++byte) region.written[byte / 8] |= static_cast<unsigned char>(1u << byte % 8);
    if (to - byte >= 8) std::memset(&region.written[byte / 8], 0xff, (to - byte) / 8);
    for (byte = std::max(byte, to / 8 * 8); byte < to; ++byte) region.written[byte / 8] |= static_cast<unsigned char>(1u << byte % 8);
}

bool is_written(const Region& region, std::uintptr_t address, std::size_t bytes) {
    if (!region.track_written) return true;
    if (!region.written) return false;
    for (std::size_t byte = address - region.low; byte < address - region.low + bytes; ++byte)
        if ((region.written[byte / 8] >> byte % 8 & 1) == 0) return false;
    return true;
}

}  // namespace check
}  // namespace codepar_cuda
