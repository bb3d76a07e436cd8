// The last error of each host thread, the sticky error of the context, and the names and texts of the codes.
#include "codepar_cuda/error.h"

#include <atomic>

#include "codepar_cuda/report.h"
#include "codepar_cuda/state.h"

namespace {

thread_local cudaError_t last_error = cudaSuccess;
std::atomic<int> sticky_error{cudaSuccess};

}  // namespace

namespace codepar_cuda {

cudaError_t set_last_error(cudaError_t error) {
    if (error != cudaSuccess) last_error = error;
    return error;
}

void poison(cudaError_t error) {
    int none = cudaSuccess;
    sticky_error.compare_exchange_strong(none, error);
}

cudaError_t poisoned() { return static_cast<cudaError_t>(sticky_error.load()); }

void clear_errors() {
    sticky_error = cudaSuccess;
    last_error = cudaSuccess;
}

cudaError_t fail(cudaError_t error, Location where, const char* call, const std::string& message, const char* kind) {
    RuntimeSection section;
    Finding finding;
    finding.kind = kind;
    finding.message = std::string(call) + ": " + message + " (" + cudaGetErrorName(error) + ")";
    finding.where = where;
    report(finding);
    return set_last_error(error);
}

cudaError_t unsupported(Location where, const char* what) {
    return fail(cudaErrorNotSupported, where, what, "the CPU runtime does not offer it", "unsupported");
}

}  // namespace codepar_cuda

const char* cudaGetErrorName(cudaError_t error) {
    switch (static_cast<int>(error)) {
#define CODEPAR_ERROR(name, value, text) \
    case value:                          \
        return #name;
        CODEPAR_CUDA_ERRORS(CODEPAR_ERROR)
#undef CODEPAR_ERROR
    }
    return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
    switch (static_cast<int>(error)) {
#define CODEPAR_ERROR(name, value, text) \
    case value:                          \
        return text;
        CODEPAR_CUDA_ERRORS(CODEPAR_ERROR)
#undef CODEPAR_ERROR
    }
    return "unrecognized error code";
}

cudaError_t cudaGetLastError() {
    const cudaError_t sticky = codepar_cuda::poisoned();
    const cudaError_t error = sticky != cudaSuccess ? sticky : last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError() {
    const cudaError_t sticky = codepar_cuda::poisoned();
    return sticky != cudaSuccess ? sticky : last_error;
}
