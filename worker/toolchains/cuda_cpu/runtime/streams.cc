// Streams and events: handles that are known to be live or not, and times. Work is done when it is asked for, so every
// synchronisation finds it done.
// Limits: a destroyed handle is told from a live one, unless its address has come back for a new one.
#include <time.h>

#include <mutex>
#include <set>

#include "codepar_cuda/stream.h"

using codepar_cuda::check_stream;
using codepar_cuda::fail;
using codepar_cuda::Location;

struct CUstream_st {
    unsigned int flags;
    int priority;
};

struct CUevent_st {
    unsigned int flags;
    bool recorded;
    struct timespec time;
};

namespace {

std::mutex handles_lock;
std::set<CUstream_st*>& streams() {
    static auto* const all = new std::set<CUstream_st*>;
    return *all;
}
std::set<CUevent_st*>& events() {
    static auto* const all = new std::set<CUevent_st*>;
    return *all;
}

cudaError_t check_event(cudaEvent_t event, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    std::lock_guard<std::mutex> guard(handles_lock);
    if (events().count(event)) return cudaSuccess;
    return fail(cudaErrorInvalidResourceHandle, where, call, "not a live event");
}

cudaError_t create_stream(cudaStream_t* stream, unsigned int flags, int priority, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!stream || flags > cudaStreamNonBlocking) return fail(cudaErrorInvalidValue, where, call, "NULL, or unknown flags");
    *stream = new CUstream_st{flags, priority};
    std::lock_guard<std::mutex> guard(handles_lock);
    streams().insert(*stream);
    return cudaSuccess;
}

bool is_default(cudaStream_t stream) {
    return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
}

}  // namespace

namespace codepar_cuda {

bool is_stream(cudaStream_t stream) {
    if (is_default(stream)) return true;
    std::lock_guard<std::mutex> guard(handles_lock);
    return streams().count(stream) != 0;
}

cudaError_t check_stream(cudaStream_t stream, Location where, const char* call) {
    if (const cudaError_t sticky = poisoned()) return sticky;
    if (is_stream(stream)) return cudaSuccess;
    return fail(cudaErrorInvalidResourceHandle, where, call, "not a live stream");
}

void destroy_streams() {
    std::lock_guard<std::mutex> guard(handles_lock);
    for (CUstream_st* stream : streams()) delete stream;
    for (CUevent_st* event : events()) delete event;
    streams().clear();
    events().clear();
}

}  // namespace codepar_cuda

cudaError_t cudaStreamCreate(cudaStream_t* stream, Location where) {
    return create_stream(stream, cudaStreamDefault, 0, where, "cudaStreamCreate");
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags, Location where) {
    return create_stream(stream, flags, 0, where, "cudaStreamCreateWithFlags");
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority, Location where) {
    return create_stream(stream, flags, priority, where, "cudaStreamCreateWithPriority");
}

cudaError_t cudaStreamDestroy(cudaStream_t stream, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaStreamDestroy")) return bad;
    if (is_default(stream))
        return fail(cudaErrorInvalidResourceHandle, where, "cudaStreamDestroy", "a default stream is not destroyed");
    std::lock_guard<std::mutex> guard(handles_lock);
    streams().erase(stream);
    delete stream;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream, Location where) {
    return check_stream(stream, where, "cudaStreamSynchronize");
}

cudaError_t cudaStreamQuery(cudaStream_t stream, Location where) { return check_stream(stream, where, "cudaStreamQuery"); }

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaStreamWaitEvent")) return bad;
    return check_event(event, where, "cudaStreamWaitEvent");
}

cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* data, unsigned int flags,
                                  Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaStreamAddCallback")) return bad;
    if (!callback || flags) return fail(cudaErrorInvalidValue, where, "cudaStreamAddCallback", "NULL, or flags that are not 0");
    callback(stream, cudaSuccess, data);
    return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaLaunchHostFunc")) return bad;
    if (!function) return fail(cudaErrorInvalidValue, where, "cudaLaunchHostFunc", "NULL function");
    function(data);
    return cudaSuccess;
}

cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaStreamGetPriority")) return bad;
    if (!priority) return fail(cudaErrorInvalidValue, where, "cudaStreamGetPriority", "NULL");
    *priority = is_default(stream) ? 0 : stream->priority;
    return cudaSuccess;
}

cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned int* flags, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaStreamGetFlags")) return bad;
    if (!flags) return fail(cudaErrorInvalidValue, where, "cudaStreamGetFlags", "NULL");
    *flags = is_default(stream) ? 0 : stream->flags;
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event, Location where) {
    return cudaEventCreateWithFlags(event, cudaEventDefault, where);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!event) return fail(cudaErrorInvalidValue, where, "cudaEventCreate", "NULL");
    *event = new CUevent_st{flags, false, {}};
    std::lock_guard<std::mutex> guard(handles_lock);
    events().insert(*event);
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream, Location where) {
    if (const cudaError_t bad = check_stream(stream, where, "cudaEventRecord")) return bad;
    if (const cudaError_t bad = check_event(event, where, "cudaEventRecord")) return bad;
    clock_gettime(CLOCK_MONOTONIC, &event->time);
    event->recorded = true;
    return cudaSuccess;
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int, Location where) {
    return cudaEventRecord(event, stream, where);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event, Location where) {
    return check_event(event, where, "cudaEventSynchronize");
}

cudaError_t cudaEventQuery(cudaEvent_t event, Location where) { return check_event(event, where, "cudaEventQuery"); }

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end, Location where) {
    const char* const call = "cudaEventElapsedTime";
    if (!milliseconds) return fail(cudaErrorInvalidValue, where, call, "NULL");
    if (const cudaError_t bad = check_event(start, where, call)) return bad;
    if (const cudaError_t bad = check_event(end, where, call)) return bad;
    if (!start->recorded || !end->recorded)
        return fail(cudaErrorInvalidResourceHandle, where, call, "an event that was never recorded");
    if ((start->flags | end->flags) & cudaEventDisableTiming)
        return fail(cudaErrorInvalidResourceHandle, where, call, "an event made with cudaEventDisableTiming");
    const double seconds = static_cast<double>(end->time.tv_sec - start->time.tv_sec);
    const double nanoseconds = static_cast<double>(end->time.tv_nsec - start->time.tv_nsec);
    *milliseconds = static_cast<float>(seconds * 1e3 + nanoseconds * 1e-6);
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event, Location where) {
    if (const cudaError_t bad = check_event(event, where, "cudaEventDestroy")) return bad;
    std::lock_guard<std::mutex> guard(handles_lock);
    events().erase(event);
    delete event;
    return cudaSuccess;
}
