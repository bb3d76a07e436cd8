// assert in device code ends the launch with cudaErrorAssert, as on a GPU; in host code it aborts the program as ever.
// The C library's __assert_fail is replaced by linking this one first.
// Limits: the first failing thread ends the launch, so one message is printed where a GPU may print several.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "codepar_cuda/error.h"
#include "codepar_cuda/identity.h"
#include "codepar_cuda/launch.h"
#include "codepar_cuda/report.h"
#include "codepar_cuda/state.h"

namespace {

void print_device_assert(const char* assertion, const char* file, unsigned line, const char* function) {
    const codepar_cuda::RuntimeSection section;
    std::fprintf(stderr, "%s:%u: %s: block: [%u,%u,%u], thread: [%u,%u,%u] Assertion `%s` failed.\n", file, line, function,
                 blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z, assertion);
    const codepar_cuda::Location where(file, static_cast<int>(line));
    codepar_cuda::report_here("cuda_error", std::string("device-side assert failed: ") + assertion, where);
}

}  // namespace

extern "C" [[noreturn]] void __assert_fail(const char* assertion, const char* file, unsigned line,
                                           const char* function) noexcept {
    if (codepar_cuda::in_kernel()) {
        print_device_assert(assertion, file, line, function ? function : "?");
        codepar_cuda::abort_kernel(cudaErrorAssert);
    }
    std::fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function ? function : "?", assertion);
    std::abort();
}
