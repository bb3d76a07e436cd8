// CUDA's error codes and the rules by which they live: a failed call leaves its code as the host thread's last error, which
// cudaGetLastError returns and clears and cudaPeekAtLastError only returns; a kernel that faults leaves a sticky error, which every later call
// returns until cudaDeviceReset. Limits: kernels run inside the launch, so their error is visible at the next call, not first
// at a synchronisation.
#pragma once

#include <string>

#include "codepar_cuda/error_codes.h"
#include "codepar_cuda/location.h"
#include "codepar_cuda/qualifiers.h"

enum cudaError {
#define CODEPAR_ERROR(name, value, text) name = value,
  CODEPAR_CUDA_ERRORS(CODEPAR_ERROR)
#undef CODEPAR_ERROR
};
typedef enum cudaError cudaError_t;

const char* cudaGetErrorName(cudaError_t error);
const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();

namespace codepar_cuda {

// Makes `error` the last error of this host thread and returns it; success changes nothing.
cudaError_t set_last_error(cudaError_t error);

// Makes `error` sticky: what a kernel's fault does to the context. The first one stays.
void poison(cudaError_t error);

// The sticky error, or cudaSuccess.
cudaError_t poisoned();

// Forgets sticky and last error: cudaDeviceReset.
void clear_errors();

// Ends an API call that failed through its caller's mistake: records a finding (`kind` defaults to "cuda_error") with the call's
// place, sets the last error and returns it. `call` is the name of the API function.
cudaError_t fail(cudaError_t error, Location where, const char* call, const std::string& message, const char* kind = "cuda_error");

// Ends a call that this runtime does not offer: finding `unsupported`, cudaErrorNotSupported.
cudaError_t unsupported(Location where, const char* what);

}  // namespace codepar_cuda

// The place of the caller, as a default argument of every API function: the user's file and line.
#define CODEPAR_HERE \
  ::codepar_cuda::Location where = { __builtin_FILE(), __builtin_LINE() }
