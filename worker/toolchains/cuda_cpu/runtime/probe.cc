// Which test case runs and which buffers it has; see codepar_cuda/probe.h. What host code touches meanwhile is counted by check_host.cc.
#include "codepar_cuda/probe.h"

#include <mutex>
#include <vector>

#include "codepar_cuda/hooks.h"
#include "ledger.h"
#include "probe.h"

namespace codepar_cuda {
namespace {

struct Buffers {
    std::mutex lock;
    std::vector<WatchedBuffer> known;
};

// Never destroyed: destructors of the program may still copy.
Buffers& buffers() {
    static Buffers* const all = new Buffers;
    return *all;
}

}  // namespace

WatchedBuffer find_watched(const void* address) {
    const std::lock_guard<std::mutex> guard(buffers().lock);
    const char* const place = static_cast<const char*>(address);
    for (const WatchedBuffer& buffer : buffers().known)
        if (place >= buffer.base && place < buffer.base + buffer.bytes) return buffer;
    return WatchedBuffer();
}

}  // namespace codepar_cuda

extern "C" void codepar_cuda_watch(const char* name, const void* base, size_t bytes, size_t element_bytes) {
    codepar_cuda::Buffers& all = codepar_cuda::buffers();
    const std::lock_guard<std::mutex> guard(all.lock);
    all.known.push_back(codepar_cuda::WatchedBuffer{name, static_cast<const char*>(base), bytes});
    CODEPAR_HOOK(host_watch(name, base, bytes, element_bytes));
    static_cast<void>(element_bytes);
}

extern "C" void codepar_cuda_enter(long test_case) {
    codepar_cuda::begin_case(test_case);
    CODEPAR_HOOK(host_enter(__builtin_frame_address(0)));
}

extern "C" void codepar_cuda_leave(void) {
    CODEPAR_HOOK(host_leave());
    codepar_cuda::end_case();
    codepar_cuda::Buffers& all = codepar_cuda::buffers();
    const std::lock_guard<std::mutex> guard(all.lock);
    all.known.clear();
}
