// Counts accesses of host code by buffer; see check_host.h.
#include "check_host.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "codepar_cuda/hooks.h"
#include "ledger.h"

namespace codepar_cuda {
namespace check {

bool host_is_counted = false;

namespace {

constexpr std::size_t most_places = std::size_t{1} << 20;
constexpr unsigned char loaded = 1, stored = 2;

void add(HostWork& work, unsigned char& seen, unsigned char now) {
    if (seen == 0) ++work.elements;
    if ((seen & now) == 0) ++(now == loaded ? work.loads : work.stores);
    seen |= now;
}

struct Watched {
    std::uintptr_t low;
    std::size_t bytes, element;
    HostWork work;
    std::vector<unsigned char> seen;  // an element each
};

struct Elsewhere {
    HostWork work;
    std::unordered_map<std::uintptr_t, unsigned char> seen;

    void count(std::uintptr_t address, unsigned char now) {
        const auto found = seen.find(address);
        if (found != seen.end()) {
            add(work, found->second, now);
        } else if (seen.size() < most_places) {
            add(work, seen[address], now);
        }
    }
};

struct Host {
    std::vector<Watched> watched;
    Elsewhere stack, other;
    std::uintptr_t frame = 0;
};

std::mutex lock;  // host code may have threads

Host& host() {
    static Host* const all = new Host;
    return *all;
}

Watched* watched_at(std::uintptr_t address) {
    for (Watched& buffer : host().watched)
        if (address - buffer.low < buffer.bytes) return &buffer;
    return nullptr;
}

// Between the running function and the driver's own frame.
bool on_stack(std::uintptr_t address) {
    return address < host().frame && address >= reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

}  // namespace

void count_host_access(std::uintptr_t address, bool write) {
    const std::lock_guard<std::mutex> guard(lock);
    const unsigned char now = write ? stored : loaded;
    if (Watched* const buffer = watched_at(address)) {
        add(buffer->work, buffer->seen[(address - buffer->low) / buffer->element], now);
    } else {
        (on_stack(address) ? host().stack : host().other).count(address, now);
    }
}

bool pause_host_count() {
    const bool counted = host_is_counted;
    host_is_counted = false;
    return counted;
}

void count_host_copy(std::uintptr_t address, std::size_t bytes) {
    const std::lock_guard<std::mutex> guard(lock);
    host_is_counted = true;
    Watched* const buffer = watched_at(address);
    HostWork& work = buffer ? buffer->work : on_stack(address) ? host().stack.work : host().other.work;
    work.copied += buffer ? std::max<std::size_t>(bytes / buffer->element, 1) : bytes;
}

}  // namespace check

namespace hooks {

using namespace check;

void host_watch(const char* name, const void* base, std::size_t bytes, std::size_t element_bytes) {
    if (element_bytes == 0 || bytes == 0) return;
    Watched buffer{reinterpret_cast<std::uintptr_t>(base), bytes, element_bytes, HostWork(), {}};
    buffer.work.buffer = name;
    buffer.seen.resize((bytes + element_bytes - 1) / element_bytes);
    host().watched.push_back(std::move(buffer));
}

void host_enter(const void* frame) {
    host().frame = reinterpret_cast<std::uintptr_t>(frame);
    host_is_counted = true;
}

void host_leave() {
    host_is_counted = false;
    Host& all = host();
    all.stack.work.buffer = "stack";
    all.other.work.buffer = "other";
    for (const Watched& buffer : all.watched) count_host(buffer.work);
    count_host(all.stack.work);
    count_host(all.other.work);
    all = Host();
}

}  // namespace hooks
}  // namespace codepar_cuda
