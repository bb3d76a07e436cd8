// Streams and events. All work of a stream is done when the call that asks for it returns, so streams are always idle
// and in order: a legal schedule of every program whose kernels do not wait for each other across streams.
// Limits: no capture (graphs), priorities are accepted and mean nothing; elapsed times are real times of the CPU.
#pragma once

#include "codepar_cuda/error.h"

struct CUstream_st;
struct CUevent_st;
typedef struct CUstream_st* cudaStream_t;
typedef struct CUevent_st* cudaEvent_t;
typedef void (*cudaStreamCallback_t)(cudaStream_t stream, cudaError_t status, void* data);
typedef void (*cudaHostFn_t)(void* data);

#define cudaStreamDefault 0x00
#define cudaStreamNonBlocking 0x01
#define cudaStreamLegacy ((cudaStream_t)0x1)
#define cudaStreamPerThread ((cudaStream_t)0x2)
#define cudaEventDefault 0x00
#define cudaEventBlockingSync 0x01
#define cudaEventDisableTiming 0x02
#define cudaEventInterprocess 0x04
#define cudaEventRecordDefault 0x00
#define cudaEventWaitDefault 0x00

cudaError_t cudaStreamCreate(cudaStream_t* stream, CODEPAR_HERE);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags, CODEPAR_HERE);
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority, CODEPAR_HERE);
cudaError_t cudaStreamDestroy(cudaStream_t stream, CODEPAR_HERE);
cudaError_t cudaStreamSynchronize(cudaStream_t stream, CODEPAR_HERE);
cudaError_t cudaStreamQuery(cudaStream_t stream, CODEPAR_HERE);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags = 0, CODEPAR_HERE);
cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* data, unsigned int flags,
                                  CODEPAR_HERE);
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data, CODEPAR_HERE);
cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority, CODEPAR_HERE);
cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned int* flags, CODEPAR_HERE);

cudaError_t cudaEventCreate(cudaEvent_t* event, CODEPAR_HERE);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags, CODEPAR_HERE);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr, CODEPAR_HERE);
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream = nullptr, unsigned int flags = 0, CODEPAR_HERE);
cudaError_t cudaEventSynchronize(cudaEvent_t event, CODEPAR_HERE);
cudaError_t cudaEventQuery(cudaEvent_t event, CODEPAR_HERE);
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end, CODEPAR_HERE);
cudaError_t cudaEventDestroy(cudaEvent_t event, CODEPAR_HERE);
// CUDA C++ adds the form with flags.
inline cudaError_t cudaEventCreate(cudaEvent_t* event, unsigned int flags, CODEPAR_HERE) {
    return cudaEventCreateWithFlags(event, flags, where);
}

namespace codepar_cuda {

// The default streams and every stream that was created and not destroyed.
bool is_stream(cudaStream_t stream);
// Success, or the sticky error, or the failure of `call` on a stream that does not exist.
cudaError_t check_stream(cudaStream_t stream, Location where, const char* call);
// Destroys all streams and events: cudaDeviceReset.
void destroy_streams();

}  // namespace codepar_cuda
