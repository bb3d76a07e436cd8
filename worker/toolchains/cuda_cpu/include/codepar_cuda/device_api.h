// The calls about the device: which there are, what they can, waiting for them, their limits.
// Limits: there is one device, number 0; cache and shared-memory preferences are accepted and mean nothing.
#pragma once

#include "codepar_cuda/device_properties.h"
#include "codepar_cuda/error.h"

#define CUDART_VERSION 12040

#define cudaDeviceScheduleAuto 0x00
#define cudaDeviceScheduleSpin 0x01
#define cudaDeviceScheduleYield 0x02
#define cudaDeviceScheduleBlockingSync 0x04
#define cudaDeviceBlockingSync 0x04
#define cudaDeviceMapHost 0x08
#define cudaDeviceLmemResizeToMax 0x10
#define cudaPeerAccessDefault 0x00

enum cudaComputeMode {
    cudaComputeModeDefault = 0,
    cudaComputeModeExclusive = 1,
    cudaComputeModeProhibited = 2,
    cudaComputeModeExclusiveProcess = 3
};
enum cudaLimit {
    cudaLimitStackSize = 0,
    cudaLimitPrintfFifoSize = 1,
    cudaLimitMallocHeapSize = 2,
    cudaLimitDevRuntimeSyncDepth = 3,
    cudaLimitDevRuntimePendingLaunchCount = 4,
    cudaLimitMaxL2FetchGranularity = 5,
    cudaLimitPersistingL2CacheSize = 6
};
enum cudaFuncCache {
    cudaFuncCachePreferNone = 0,
    cudaFuncCachePreferShared = 1,
    cudaFuncCachePreferL1 = 2,
    cudaFuncCachePreferEqual = 3
};
enum cudaSharedMemConfig {
    cudaSharedMemBankSizeDefault = 0,
    cudaSharedMemBankSizeFourByte = 1,
    cudaSharedMemBankSizeEightByte = 2
};

cudaError_t cudaGetDeviceCount(int* count, CODEPAR_HERE);
cudaError_t cudaGetDevice(int* device, CODEPAR_HERE);
cudaError_t cudaSetDevice(int device, CODEPAR_HERE);
cudaError_t cudaInitDevice(int device, unsigned int device_flags, unsigned int flags, CODEPAR_HERE);
cudaError_t cudaChooseDevice(int* device, const cudaDeviceProp* wanted, CODEPAR_HERE);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device, CODEPAR_HERE);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device, CODEPAR_HERE);
cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device, CODEPAR_HERE);
cudaError_t cudaDriverGetVersion(int* version, CODEPAR_HERE);
cudaError_t cudaRuntimeGetVersion(int* version, CODEPAR_HERE);
cudaError_t cudaDeviceSynchronize(CODEPAR_HERE);
cudaError_t cudaDeviceReset(CODEPAR_HERE);
cudaError_t cudaThreadSynchronize(CODEPAR_HERE);
cudaError_t cudaThreadExit(CODEPAR_HERE);
cudaError_t cudaSetDeviceFlags(unsigned int flags, CODEPAR_HERE);
cudaError_t cudaGetDeviceFlags(unsigned int* flags, CODEPAR_HERE);
cudaError_t cudaDeviceSetLimit(cudaLimit limit, size_t value, CODEPAR_HERE);
cudaError_t cudaDeviceGetLimit(size_t* value, cudaLimit limit, CODEPAR_HERE);
cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache preference, CODEPAR_HERE);
cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* preference, CODEPAR_HERE);
cudaError_t cudaDeviceSetSharedMemConfig(cudaSharedMemConfig config, CODEPAR_HERE);
cudaError_t cudaDeviceGetSharedMemConfig(cudaSharedMemConfig* config, CODEPAR_HERE);
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest, CODEPAR_HERE);
cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer, CODEPAR_HERE);
cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned int flags, CODEPAR_HERE);
cudaError_t cudaDeviceDisablePeerAccess(int peer, CODEPAR_HERE);
cudaError_t cudaProfilerStart(CODEPAR_HERE);
cudaError_t cudaProfilerStop(CODEPAR_HERE);
