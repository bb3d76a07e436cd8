// The registry of allocations and the range of addresses that they are cut from. An allocation starts on a page and has
// an unmapped page behind it; what is freed is unmapped, so that a stale pointer faults, and its addresses come back into use
// only when the range has been gone through once.
// Limits: under a limit on address space the range is half of that, and a device that does not fit runs out of memory earlier.
#include "codepar_cuda/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>

#include "codepar_cuda/schedule.h"
#include "codepar_cuda/state.h"
#ifdef CODEPAR_CUDA_CHECKED
#include "codepar_cuda/hooks.h"
#endif

namespace codepar_cuda {
namespace {

// Above this size fresh memory stays zero: filling it would cost more than the kernel, and count as memory in use.
constexpr std::size_t largest_fill = std::size_t{256} << 20;

constexpr std::size_t smallest_range = std::size_t{16} << 20;
// Of the range, so much for what kernels allocate.
constexpr std::size_t heap_share = 8;

// Under a limit on address space, half of it, so that the program and its stacks keep the rest.
std::size_t largest_range() {
    const std::size_t wanted = std::size_t{64} << 30;
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 2 >= wanted) return wanted;
    return static_cast<std::size_t>(limit.rlim_cur) / 2 / (std::size_t{1} << 20) * (std::size_t{1} << 20);
}

std::size_t page_size() {
    static const std::size_t size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

std::size_t round_up(std::size_t size, std::size_t unit) { return (size + unit - 1) / unit * unit; }

bool counts_as_device(MemoryKind kind) { return kind == MemoryKind::device || kind == MemoryKind::managed; }

// Addresses of device memory: free extents by start; the search goes on where the last one ended.
class AddressRange {
public:
    explicit AddressRange(std::size_t share) : share_(share) {}

    char* take(std::size_t size) {
        if (!tried_) reserve();
        auto extent = find(free_.lower_bound(cursor_), free_.end(), size);
        if (extent == free_.end()) extent = find(free_.begin(), free_.end(), size);
        if (extent == free_.end()) return nullptr;
        char* const start = extent->first;
        const std::size_t left = extent->second - size;
        free_.erase(extent);
        if (left) free_[start + size] = left;
        cursor_ = start + size;
        return start;
    }

    bool contains(const void* address) const { return address >= start_ && address < end_; }

    void give_back(char* start, std::size_t size) {
        auto next = free_.lower_bound(start);
        if (next != free_.end() && start + size == next->first) {
            size += next->second;
            next = free_.erase(next);
        }
        if (next != free_.begin()) {
            auto previous = std::prev(next);
            if (previous->first + previous->second == start) {
                previous->second += size;
                return;
            }
        }
        free_[start] = size;
    }

private:
    using Extents = std::map<char*, std::size_t>;

    static Extents::iterator find(Extents::iterator from, Extents::iterator end, std::size_t size) {
        while (from != end && from->second < size) ++from;
        return from;
    }

    static constexpr std::size_t margin = 64 * 1024;

    void reserve() {
        tried_ = true;
        for (std::size_t size = largest_range() / share_; size >= smallest_range; size /= 2) {
            void* const start = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (start == MAP_FAILED) continue;
            start_ = static_cast<char*>(start);
            end_ = start_ + size;
            // What lies beside the range may be mapped, a block's shared memory for one: nothing is placed at its very ends.
            free_[start_ + margin] = size - 2 * margin;
            return;
        }
    }

    const std::size_t share_;
    Extents free_;
    char* start_ = nullptr;
    char* end_ = nullptr;
    char* cursor_ = nullptr;
    bool tried_ = false;
};

struct Registry {
    std::mutex lock;
    AddressRange range{1};
    AddressRange heap{heap_share};
    std::map<const char*, Allocation> live;
    std::map<const char*, Allocation> freed;
    std::size_t used = 0;
    std::size_t heap_used = 0;
};

// Never destroyed: destructors of the program may still free memory.
Registry& registry() {
    static Registry* const all = new Registry;
    return *all;
}

const Allocation* find_in(const std::map<const char*, Allocation>& allocations, const void* address) {
    auto after = allocations.upper_bound(static_cast<const char*>(address));
    if (after == allocations.begin()) return nullptr;
    const Allocation& candidate = std::prev(after)->second;
    return candidate.contains(address) ? &candidate : nullptr;
}

void forget_freed(Registry& all, const char* start, std::size_t size) {
    auto from = all.freed.lower_bound(start);
    while (from != all.freed.end() && from->first < start + size) from = all.freed.erase(from);
}

void unmap(const Allocation& allocation) {
    mmap(allocation.base, allocation.reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

#ifdef CODEPAR_CUDA_CHECKED
AllocationKind hook_kind(MemoryKind kind) {
    if (kind == MemoryKind::device || kind == MemoryKind::heap) return AllocationKind::device;
    return kind == MemoryKind::managed ? AllocationKind::managed : AllocationKind::host_pinned;
}
#endif

void announce(const Allocation& allocation) {
#ifdef CODEPAR_CUDA_CHECKED
    if (allocation.kind != MemoryKind::symbol)
        hooks::allocated(allocation.base, allocation.size, hook_kind(allocation.kind), allocation.where);
#else
    static_cast<void>(allocation);
#endif
}

void announce_freed(const Allocation& allocation) {
#ifdef CODEPAR_CUDA_CHECKED
    if (allocation.kind != MemoryKind::symbol) hooks::freed(allocation.base);
#else
    static_cast<void>(allocation);
#endif
}

// The pages of the heap stay mapped: one hole for each of very many small allocations would be more than a process may have.
void give_back_pages(Registry& all, const Allocation& allocation) {
    if (allocation.kind == MemoryKind::heap) {
        madvise(allocation.base, allocation.reserved, MADV_DONTNEED);
        all.heap_used -= allocation.size;
        all.heap.give_back(allocation.base, allocation.reserved);
        return;
    }
    unmap(allocation);
    if (counts_as_device(allocation.kind)) all.used -= allocation.reserved;
    all.range.give_back(allocation.base, allocation.reserved);
}

void free_pages(Registry& all, Allocation allocation, Location where) {
    announce_freed(allocation);
    give_back_pages(all, allocation);
    all.live.erase(allocation.base);
    allocation.freed = where;
    all.freed[allocation.base] = allocation;
}

const char* kind_name(MemoryKind kind) {
    switch (kind) {
        case MemoryKind::device: return "device";
        case MemoryKind::managed: return "managed";
        case MemoryKind::pinned: return "pinned host";
        case MemoryKind::registered: return "registered host";
        case MemoryKind::symbol: return "variable";
        case MemoryKind::heap: return "device heap";
    }
    return "unknown";
}

std::string place(Location where) {
    return where.file ? std::string(where.file) + ":" + std::to_string(where.line) : std::string("an unknown place");
}

// Words for an address of the range that no allocation holds: the one it lies behind.
std::string behind(const Registry& all, const void* address) {
    auto after = all.live.upper_bound(static_cast<const char*>(address));
    if (after == all.live.begin()) return "device memory that was never allocated";
    const Allocation& before = std::prev(after)->second;
    if (before.reserved == 0) return "device memory that was never allocated";
    const auto past = static_cast<const char*>(address) - (before.base + before.size);
    return std::to_string(past) + " bytes past the end of the " + std::to_string(before.size) + "-byte " +
           kind_name(before.kind) + " allocation made at " + place(before.where);
}

}  // namespace

std::size_t device_memory_size() {
    static const std::size_t size = [] {
        const char* const text = std::getenv("CODEPAR_CUDA_MEMORY");
        const unsigned long long bytes = text ? std::strtoull(text, nullptr, 0) : 0;
        return bytes ? static_cast<std::size_t>(bytes) : std::size_t{2} << 30;
    }();
    return size;
}

std::size_t device_memory_used() {
    std::lock_guard<std::mutex> guard(registry().lock);
    return registry().used;
}

const Allocation* find_allocation(const void* address) {
    RuntimeSection section;
    std::lock_guard<std::mutex> guard(registry().lock);
    return find_in(registry().live, address);
}

const Allocation* find_freed(const void* address) {
    RuntimeSection section;
    std::lock_guard<std::mutex> guard(registry().lock);
    return find_in(registry().freed, address);
}

bool in_device_range(const void* address) {
    const RuntimeSection section;
    std::lock_guard<std::mutex> guard(registry().lock);
    return registry().range.contains(address) || registry().heap.contains(address);
}

void* allocate(std::size_t size, MemoryKind kind, Location where) {
    Registry& all = registry();
    std::lock_guard<std::mutex> guard(all.lock);
    if (size > (std::size_t{1} << 46)) return nullptr;
    const std::size_t usable = round_up(size, page_size());
    const bool is_heap = kind == MemoryKind::heap;
    const std::size_t reserved = is_heap ? usable : usable + page_size();
    if (counts_as_device(kind) && all.used + reserved > device_memory_size()) return nullptr;
    if (is_heap && all.heap_used + size > device_heap_limit()) return nullptr;
    AddressRange& range = is_heap ? all.heap : all.range;
    char* const base = range.take(reserved);
    if (!base) return nullptr;
    forget_freed(all, base, reserved);
    if (mprotect(base, usable, PROT_READ | PROT_WRITE) != 0) {
        range.give_back(base, reserved);
        return nullptr;
    }
    if (counts_as_device(kind)) all.used += reserved;
    if (is_heap) all.heap_used += size;
    const unsigned char fill = schedule().fill;
    if ((is_heap || counts_as_device(kind)) && fill != 0 && usable <= largest_fill) std::memset(base, fill, usable);
    const Allocation allocation{base, size, kind, where, Location(), reserved};
    all.live[base] = allocation;
    announce(allocation);
    return base;
}

bool release(void* base, bool pinned, Location where) {
    Registry& all = registry();
    std::lock_guard<std::mutex> guard(all.lock);
    auto found = all.live.find(static_cast<const char*>(base));
    if (found == all.live.end() || found->second.reserved == 0 || found->second.kind == MemoryKind::heap) return false;
    if ((found->second.kind == MemoryKind::pinned) != pinned) return false;
    free_pages(all, found->second, where);
    return true;
}

bool release_heap(void* base, Location where) {
    Registry& all = registry();
    std::lock_guard<std::mutex> guard(all.lock);
    auto found = all.live.find(static_cast<const char*>(base));
    if (found == all.live.end() || found->second.kind != MemoryKind::heap) return false;
    free_pages(all, found->second, where);
    return true;
}

bool add_range(void* base, std::size_t size, MemoryKind kind, Location where) {
    Registry& all = registry();
    std::lock_guard<std::mutex> guard(all.lock);
    char* const start = static_cast<char*>(base);
    auto next = all.live.lower_bound(start);
    if (find_in(all.live, start) || (next != all.live.end() && next->first < start + size)) return false;
    const Allocation allocation{start, size, kind, where, Location(), 0};
    all.live[start] = allocation;
    announce(allocation);
    return true;
}

bool remove_range(void* base, MemoryKind kind) {
    Registry& all = registry();
    std::lock_guard<std::mutex> guard(all.lock);
    auto found = all.live.find(static_cast<const char*>(base));
    if (found == all.live.end() || found->second.kind != kind) return false;
    announce_freed(found->second);
    all.live.erase(found);
    return true;
}

void release_all() {
    Registry& all = registry();
    std::lock_guard<std::mutex> guard(all.lock);
    for (auto next = all.live.begin(); next != all.live.end();) {
        const Allocation allocation = (next++)->second;
        if (allocation.reserved) free_pages(all, allocation, Location());
    }
}

std::string describe(const void* address) {
    RuntimeSection section;
    if (!address) return "NULL";
    std::lock_guard<std::mutex> guard(registry().lock);
    const Allocation* const live = find_in(registry().live, address);
    const Allocation* const known = live ? live : find_in(registry().freed, address);
    if (!known) return registry().range.contains(address) ? behind(registry(), address) : "a host pointer";
    std::string words = "the " + std::to_string(known->size) + "-byte " + kind_name(known->kind) + " allocation made at " +
                        place(known->where);
    if (!live) words += " and freed at " + place(known->freed);
    return words;
}

}  // namespace codepar_cuda
