// Which test case runs; see codepar_cuda/probe.h. What host code touches meanwhile is counted by check_host.cc.
#include "codepar_cuda/probe.h"

#include "codepar_cuda/hooks.h"
#include "ledger.h"

extern "C" void codepar_cuda_watch(const char* name, const void* base, size_t bytes, size_t element_bytes) {
    CODEPAR_HOOK(host_watch(name, base, bytes, element_bytes));
    static_cast<void>(name), static_cast<void>(base), static_cast<void>(bytes), static_cast<void>(element_bytes);
}

extern "C" void codepar_cuda_enter(long test_case) {
    codepar_cuda::begin_case(test_case);
    CODEPAR_HOOK(host_enter(__builtin_frame_address(0)));
}

extern "C" void codepar_cuda_leave(void) {
    CODEPAR_HOOK(host_leave());
    codepar_cuda::end_case();
}
