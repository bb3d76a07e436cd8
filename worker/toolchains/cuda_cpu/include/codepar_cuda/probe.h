// What a test driver tells the runtime about the host function that it is about to call, so that launches are counted by test case
// and accesses of host code to the test's buffers are seen:
//   codepar_cuda_watch("a", a, bytes, sizeof *a);  once for each buffer of the case
//   codepar_cuda_enter(3); function(a, n); codepar_cuda_leave();
// Limits: only the checked build counts accesses of host code; one case at a time, on one thread of the host.
#pragma once

#include <stddef.h>

#if defined(__cplusplus)
extern "C" {
#endif
// `name` must live until codepar_cuda_leave.
void codepar_cuda_watch(const char* name, const void* base, size_t bytes, size_t element_bytes);
void codepar_cuda_enter(long test_case);
// Forgets the watched buffers.
void codepar_cuda_leave(void);
#if defined(__cplusplus)
}
#endif
