// The emulated device: its properties, attributes, limits and the calls that wait for it.
// Limits: one device; nothing is ever pending, so waiting only returns the sticky error.
#include "codepar_cuda/device_api.h"

#include <cstring>

#include "codepar_cuda/launch.h"
#include "codepar_cuda/memory.h"
#include "codepar_cuda/stream.h"

using codepar_cuda::fail;
using codepar_cuda::Location;

namespace {

constexpr const char* device_name = "codepar CPU runtime (emulated)";
constexpr int clock_khz = 1000000;
constexpr int registers = 65536;
constexpr int threads_per_multiprocessor = static_cast<int>(codepar_cuda::max_threads_per_multiprocessor);

size_t limits[] = {64 << 10, 1 << 20, 8 << 20, 2, 2048, 64, 0};
unsigned int device_flags = cudaDeviceMapHost;

cudaError_t check_device(int device, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (device == 0) return cudaSuccess;
    return fail(cudaErrorInvalidDevice, where, call, "device " + std::to_string(device) + "; there is one, number 0");
}

template <class T>
cudaError_t give(T* place, T value, Location where, const char* call) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (!place) return fail(cudaErrorInvalidValue, where, call, "the place for the answer is NULL");
    *place = value;
    return cudaSuccess;
}

void launch_limits(cudaDeviceProp& p) {
    p.sharedMemPerBlock = codepar_cuda::max_shared_per_block;
    p.sharedMemPerBlockOptin = codepar_cuda::max_shared_per_block_optin;
    p.sharedMemPerMultiprocessor = codepar_cuda::max_shared_per_block_optin;
    p.warpSize = 32;
    p.maxThreadsPerBlock = codepar_cuda::max_threads_per_block;
    const int block[] = {codepar_cuda::max_block_x, codepar_cuda::max_block_y, codepar_cuda::max_block_z};
    const int grid[] = {codepar_cuda::max_grid_x, codepar_cuda::max_grid_y, codepar_cuda::max_grid_z};
    std::memcpy(p.maxThreadsDim, block, sizeof block);
    std::memcpy(p.maxGridSize, grid, sizeof grid);
    p.multiProcessorCount = codepar_cuda::multiprocessors;
    p.maxThreadsPerMultiProcessor = threads_per_multiprocessor;
    p.maxBlocksPerMultiProcessor = 32;
    p.regsPerBlock = p.regsPerMultiprocessor = registers;
}

void abilities(cudaDeviceProp& p) {
    p.canMapHostMemory = p.unifiedAddressing = p.managedMemory = 1;
    p.concurrentManagedAccess = p.hostNativeAtomicSupported = p.canUseHostPointerForRegisteredMem = 1;
    p.cooperativeLaunch = p.hostRegisterSupported = p.memoryPoolsSupported = p.unifiedFunctionPointers = 1;
    p.deviceOverlap = p.asyncEngineCount = p.concurrentKernels = 1;
    p.globalL1CacheSupported = p.localL1CacheSupported = 1;
}

cudaDeviceProp properties() {
    cudaDeviceProp p;
    std::memset(&p, 0, sizeof p);
    std::strncpy(p.name, device_name, sizeof p.name - 1);
    p.totalGlobalMem = codepar_cuda::device_memory_size();
    p.totalConstMem = 64 << 10;
    p.memPitch = 0x7fffffff;
    p.major = 8;
    p.clockRate = p.memoryClockRate = clock_khz;
    p.memoryBusWidth = 256;
    p.l2CacheSize = 4 << 20;
    p.textureAlignment = 512;
    p.singleToDoublePrecisionPerfRatio = 2;
    launch_limits(p);
    abilities(p);
    return p;
}

// One row: an attribute and the property that answers it.
struct Attribute {
    cudaDeviceAttr attribute;
    long long value;
};

bool find_attribute(cudaDeviceAttr wanted, int& value) {
    const cudaDeviceProp p = properties();
    const Attribute table[] = {
        {cudaDevAttrMaxThreadsPerBlock, p.maxThreadsPerBlock},
        {cudaDevAttrMaxBlockDimX, p.maxThreadsDim[0]},
        {cudaDevAttrMaxBlockDimY, p.maxThreadsDim[1]},
        {cudaDevAttrMaxBlockDimZ, p.maxThreadsDim[2]},
        {cudaDevAttrMaxGridDimX, p.maxGridSize[0]},
        {cudaDevAttrMaxGridDimY, p.maxGridSize[1]},
        {cudaDevAttrMaxGridDimZ, p.maxGridSize[2]},
        {cudaDevAttrMaxSharedMemoryPerBlock, static_cast<long long>(p.sharedMemPerBlock)},
        {cudaDevAttrTotalConstantMemory, static_cast<long long>(p.totalConstMem)},
        {cudaDevAttrWarpSize, p.warpSize},
        {cudaDevAttrMaxPitch, static_cast<long long>(p.memPitch)},
        {cudaDevAttrMaxRegistersPerBlock, p.regsPerBlock},
        {cudaDevAttrClockRate, p.clockRate},
        {cudaDevAttrGpuOverlap, p.deviceOverlap},
        {cudaDevAttrMultiProcessorCount, p.multiProcessorCount},
        {cudaDevAttrKernelExecTimeout, 0},
        {cudaDevAttrIntegrated, p.integrated},
        {cudaDevAttrCanMapHostMemory, p.canMapHostMemory},
        {cudaDevAttrComputeMode, p.computeMode},
        {cudaDevAttrConcurrentKernels, p.concurrentKernels},
        {cudaDevAttrEccEnabled, p.ECCEnabled},
        {cudaDevAttrPciBusId, p.pciBusID},
        {cudaDevAttrPciDeviceId, p.pciDeviceID},
        {cudaDevAttrMemoryClockRate, p.memoryClockRate},
        {cudaDevAttrGlobalMemoryBusWidth, p.memoryBusWidth},
        {cudaDevAttrL2CacheSize, p.l2CacheSize},
        {cudaDevAttrMaxThreadsPerMultiProcessor, p.maxThreadsPerMultiProcessor},
        {cudaDevAttrAsyncEngineCount, p.asyncEngineCount},
        {cudaDevAttrUnifiedAddressing, p.unifiedAddressing},
        {cudaDevAttrComputeCapabilityMajor, p.major},
        {cudaDevAttrComputeCapabilityMinor, p.minor},
        {cudaDevAttrStreamPrioritiesSupported, p.streamPrioritiesSupported},
        {cudaDevAttrMaxSharedMemoryPerMultiprocessor, static_cast<long long>(p.sharedMemPerMultiprocessor)},
        {cudaDevAttrMaxRegistersPerMultiprocessor, p.regsPerMultiprocessor},
        {cudaDevAttrManagedMemory, p.managedMemory},
        {cudaDevAttrHostNativeAtomicSupported, p.hostNativeAtomicSupported},
        {cudaDevAttrPageableMemoryAccess, p.pageableMemoryAccess},
        {cudaDevAttrConcurrentManagedAccess, p.concurrentManagedAccess},
        {cudaDevAttrComputePreemptionSupported, p.computePreemptionSupported},
        {cudaDevAttrCanUseHostPointerForRegisteredMem, p.canUseHostPointerForRegisteredMem},
        {cudaDevAttrCooperativeLaunch, p.cooperativeLaunch},
        {cudaDevAttrMaxSharedMemoryPerBlockOptin, static_cast<long long>(p.sharedMemPerBlockOptin)},
        {cudaDevAttrHostRegisterSupported, p.hostRegisterSupported},
        {cudaDevAttrMaxBlocksPerMultiprocessor, p.maxBlocksPerMultiProcessor},
        {cudaDevAttrReservedSharedMemoryPerBlock, static_cast<long long>(p.reservedSharedMemPerBlock)},
        {cudaDevAttrMemoryPoolsSupported, p.memoryPoolsSupported},
    };
    for (const Attribute& row : table) {
        if (row.attribute != wanted) continue;
        value = static_cast<int>(row.value);
        return true;
    }
    return false;
}

}  // namespace

cudaError_t cudaGetDeviceCount(int* count, Location where) { return give(count, 1, where, "cudaGetDeviceCount"); }
cudaError_t cudaGetDevice(int* device, Location where) { return give(device, 0, where, "cudaGetDevice"); }
cudaError_t cudaSetDevice(int device, Location where) { return check_device(device, where, "cudaSetDevice"); }
cudaError_t cudaInitDevice(int device, unsigned int, unsigned int, Location where) {
    return check_device(device, where, "cudaInitDevice");
}
cudaError_t cudaChooseDevice(int* device, const cudaDeviceProp*, Location where) {
    return give(device, 0, where, "cudaChooseDevice");
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* place, int device, Location where) {
    if (const cudaError_t bad = check_device(device, where, "cudaGetDeviceProperties")) return bad;
    return give(place, properties(), where, "cudaGetDeviceProperties");
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device, Location where) {
    const char* const call = "cudaDeviceGetAttribute";
    if (const cudaError_t bad = check_device(device, where, call)) return bad;
    int found = 0;
    if (!find_attribute(attribute, found))
        return fail(cudaErrorInvalidValue, where, call, "attribute " + std::to_string(attribute) + " is not known here");
    return give(value, found, where, call);
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device, Location where) {
    static const char id[] = "0000:00:00.0";
    if (const cudaError_t bad = check_device(device, where, "cudaDeviceGetPCIBusId")) return bad;
    if (!text || length < static_cast<int>(sizeof id))
        return fail(cudaErrorInvalidValue, where, "cudaDeviceGetPCIBusId", "NULL, or fewer than 13 bytes");
    std::memcpy(text, id, sizeof id);
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version, Location where) {
    return give(version, CUDART_VERSION, where, "cudaDriverGetVersion");
}
cudaError_t cudaRuntimeGetVersion(int* version, Location where) {
    return give(version, CUDART_VERSION, where, "cudaRuntimeGetVersion");
}

cudaError_t cudaDeviceSynchronize(Location) { return codepar_cuda::poisoned(); }
cudaError_t cudaThreadSynchronize(Location) { return codepar_cuda::poisoned(); }

cudaError_t cudaDeviceReset(Location) {
    codepar_cuda::release_all();
    codepar_cuda::destroy_streams();
    codepar_cuda::clear_errors();
    return cudaSuccess;
}

cudaError_t cudaThreadExit(Location where) { return cudaDeviceReset(where); }

cudaError_t cudaSetDeviceFlags(unsigned int flags, Location) {
    device_flags = flags;
    return codepar_cuda::poisoned();
}
cudaError_t cudaGetDeviceFlags(unsigned int* flags, Location where) {
    return give(flags, device_flags, where, "cudaGetDeviceFlags");
}

std::size_t codepar_cuda::device_heap_limit() { return limits[cudaLimitMallocHeapSize]; }

cudaError_t cudaDeviceSetLimit(cudaLimit limit, size_t value, Location where) {
    if (const cudaError_t sticky = codepar_cuda::poisoned()) return sticky;
    if (limit < 0 || limit > cudaLimitPersistingL2CacheSize)
        return fail(cudaErrorUnsupportedLimit, where, "cudaDeviceSetLimit", "unknown limit");
    limits[limit] = value;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetLimit(size_t* value, cudaLimit limit, Location where) {
    if (limit < 0 || limit > cudaLimitPersistingL2CacheSize)
        return fail(cudaErrorUnsupportedLimit, where, "cudaDeviceGetLimit", "unknown limit");
    return give(value, limits[limit], where, "cudaDeviceGetLimit");
}

cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache, Location) { return codepar_cuda::poisoned(); }
cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* preference, Location where) {
    return give(preference, cudaFuncCachePreferNone, where, "cudaDeviceGetCacheConfig");
}
cudaError_t cudaDeviceSetSharedMemConfig(cudaSharedMemConfig, Location) { return codepar_cuda::poisoned(); }
cudaError_t cudaDeviceGetSharedMemConfig(cudaSharedMemConfig* config, Location where) {
    return give(config, cudaSharedMemBankSizeFourByte, where, "cudaDeviceGetSharedMemConfig");
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest, Location) {
    if (least) *least = 0;
    if (greatest) *greatest = 0;
    return codepar_cuda::poisoned();
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer, Location where) {
    const char* const call = "cudaDeviceCanAccessPeer";
    if (const cudaError_t bad = check_device(device, where, call)) return bad;
    if (const cudaError_t bad = check_device(peer, where, call)) return bad;
    return give(can, 0, where, call);
}

cudaError_t cudaDeviceEnablePeerAccess(int, unsigned int, Location where) {
    return fail(cudaErrorInvalidDevice, where, "cudaDeviceEnablePeerAccess", "there is no peer: one device, number 0");
}
cudaError_t cudaDeviceDisablePeerAccess(int, Location where) {
    return fail(cudaErrorPeerAccessNotEnabled, where, "cudaDeviceDisablePeerAccess", "there is no peer: one device, number 0");
}

cudaError_t cudaProfilerStart(Location) { return codepar_cuda::poisoned(); }
cudaError_t cudaProfilerStop(Location) { return codepar_cuda::poisoned(); }
