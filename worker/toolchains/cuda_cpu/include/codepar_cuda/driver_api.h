// The first calls of CUDA's driver API: every program of it makes one of these, and is told that it is not offered.
// Limits: nothing of the driver API works; types are declared as far as these calls need them.
#pragma once

#include "codepar_cuda/error.h"

typedef int CUdevice;
typedef struct CUctx_st* CUcontext;
typedef struct CUmod_st* CUmodule;
typedef struct CUfunc_st* CUfunction;
typedef unsigned long long CUdeviceptr;
typedef cudaStream_t CUstream;
typedef cudaEvent_t CUevent;
enum CUresult { CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_NOT_SUPPORTED = 801 };

// The caller's line, whatever the parameters are.
#define CODEPAR_DRIVER_CALL(call) \
    (::codepar_cuda::unsupported({__FILE__, __LINE__}, call ": CUDA driver API"), CUDA_ERROR_NOT_SUPPORTED)
#define cuInit(...) CODEPAR_DRIVER_CALL("cuInit")
#define cuDriverGetVersion(...) CODEPAR_DRIVER_CALL("cuDriverGetVersion")
#define cuDeviceGet(...) CODEPAR_DRIVER_CALL("cuDeviceGet")
#define cuDeviceGetCount(...) CODEPAR_DRIVER_CALL("cuDeviceGetCount")
#define cuDeviceGetName(...) CODEPAR_DRIVER_CALL("cuDeviceGetName")
#define cuDeviceGetAttribute(...) CODEPAR_DRIVER_CALL("cuDeviceGetAttribute")
#define cuCtxCreate(...) CODEPAR_DRIVER_CALL("cuCtxCreate")
#define cuCtxDestroy(...) CODEPAR_DRIVER_CALL("cuCtxDestroy")
#define cuCtxSynchronize(...) CODEPAR_DRIVER_CALL("cuCtxSynchronize")
#define cuDevicePrimaryCtxRetain(...) CODEPAR_DRIVER_CALL("cuDevicePrimaryCtxRetain")
#define cuModuleLoad(...) CODEPAR_DRIVER_CALL("cuModuleLoad")
#define cuModuleLoadData(...) CODEPAR_DRIVER_CALL("cuModuleLoadData")
#define cuModuleGetFunction(...) CODEPAR_DRIVER_CALL("cuModuleGetFunction")
#define cuModuleUnload(...) CODEPAR_DRIVER_CALL("cuModuleUnload")
#define cuMemAlloc(...) CODEPAR_DRIVER_CALL("cuMemAlloc")
#define cuMemFree(...) CODEPAR_DRIVER_CALL("cuMemFree")
#define cuMemcpyHtoD(...) CODEPAR_DRIVER_CALL("cuMemcpyHtoD")
#define cuMemcpyDtoH(...) CODEPAR_DRIVER_CALL("cuMemcpyDtoH")
#define cuLaunchKernel(...) CODEPAR_DRIVER_CALL("cuLaunchKernel")
