// The error codes of the CUDA runtime, each with its value and the text of cudaGetErrorString, as one list for the
// enumeration and for the strings: CODEPAR_ERROR(name, value, text).
// Limits: codes that only graphs, MPS or graphics need are left out.
#pragma once

// clang-format off
#define CODEPAR_CUDA_ERRORS(CODEPAR_ERROR) \
  CODEPAR_ERROR(cudaSuccess, 0, "no error") \
  CODEPAR_ERROR(cudaErrorInvalidValue, 1, "invalid argument") \
  CODEPAR_ERROR(cudaErrorMemoryAllocation, 2, "out of memory") \
  CODEPAR_ERROR(cudaErrorInitializationError, 3, "initialization error") \
  CODEPAR_ERROR(cudaErrorCudartUnloading, 4, "driver shutting down") \
  CODEPAR_ERROR(cudaErrorProfilerDisabled, 5, "profiler disabled while using external profiling tool") \
  CODEPAR_ERROR(cudaErrorProfilerNotInitialized, 6, "profiler not initialized: call cudaProfilerInitialize()") \
  CODEPAR_ERROR(cudaErrorProfilerAlreadyStarted, 7, "profiler already started") \
  CODEPAR_ERROR(cudaErrorProfilerAlreadyStopped, 8, "profiler already stopped") \
  CODEPAR_ERROR(cudaErrorInvalidConfiguration, 9, "invalid configuration argument") \
  CODEPAR_ERROR(cudaErrorInvalidPitchValue, 12, "invalid pitch argument") \
  CODEPAR_ERROR(cudaErrorInvalidSymbol, 13, "invalid device symbol") \
  CODEPAR_ERROR(cudaErrorInvalidHostPointer, 16, "invalid host pointer") \
  CODEPAR_ERROR(cudaErrorInvalidDevicePointer, 17, "invalid device pointer") \
  CODEPAR_ERROR(cudaErrorInvalidTexture, 18, "invalid texture reference") \
  CODEPAR_ERROR(cudaErrorInvalidTextureBinding, 19, "texture is not bound to a pointer") \
  CODEPAR_ERROR(cudaErrorInvalidChannelDescriptor, 20, "invalid channel descriptor") \
  CODEPAR_ERROR(cudaErrorInvalidMemcpyDirection, 21, "invalid copy direction for memcpy") \
  CODEPAR_ERROR(cudaErrorAddressOfConstant, 22, "invalid address of constant") \
  CODEPAR_ERROR(cudaErrorTextureFetchFailed, 23, "fetch from texture failed") \
  CODEPAR_ERROR(cudaErrorTextureNotBound, 24, "cannot fetch from a texture that is not bound") \
  CODEPAR_ERROR(cudaErrorSynchronizationError, 25, "incorrect use of __syncthreads()") \
  CODEPAR_ERROR(cudaErrorInvalidFilterSetting, 26, "linear filtering not supported for non-float type") \
  CODEPAR_ERROR(cudaErrorInvalidNormSetting, 27, "read as normalized float not supported for data type") \
  CODEPAR_ERROR(cudaErrorMixedDeviceExecution, 28, "device emulation mode and device execution mode cannot be mixed") \
  CODEPAR_ERROR(cudaErrorNotYetImplemented, 31, "feature not yet implemented") \
  CODEPAR_ERROR(cudaErrorMemoryValueTooLarge, 32, "memory size or pointer value too large to fit in 32 bit") \
  CODEPAR_ERROR(cudaErrorInsufficientDriver, 35, "CUDA driver version is insufficient for CUDA runtime version") \
  CODEPAR_ERROR(cudaErrorCallRequiresNewerDriver, 36, "API call is not supported in the installed CUDA driver") \
  CODEPAR_ERROR(cudaErrorInvalidSurface, 37, "invalid surface reference") \
  CODEPAR_ERROR(cudaErrorDuplicateVariableName, 43, "duplicate global variable looked up by string name") \
  CODEPAR_ERROR(cudaErrorDuplicateTextureName, 44, "duplicate texture looked up by string name") \
  CODEPAR_ERROR(cudaErrorDuplicateSurfaceName, 45, "duplicate surface looked up by string name") \
  CODEPAR_ERROR(cudaErrorDevicesUnavailable, 46, "CUDA-capable device(s) is/are busy or unavailable") \
  CODEPAR_ERROR(cudaErrorIncompatibleDriverContext, 49, "incompatible driver context") \
  CODEPAR_ERROR(cudaErrorMissingConfiguration, 52, "__global__ function call is not configured") \
  CODEPAR_ERROR(cudaErrorPriorLaunchFailure, 53, "unspecified launch failure in prior launch") \
  CODEPAR_ERROR(cudaErrorLaunchMaxDepthExceeded, 65, "launch would exceed maximum depth of nested launches") \
  CODEPAR_ERROR(cudaErrorInvalidDeviceFunction, 98, "invalid device function") \
  CODEPAR_ERROR(cudaErrorNoDevice, 100, "no CUDA-capable device is detected") \
  CODEPAR_ERROR(cudaErrorInvalidDevice, 101, "invalid device ordinal") \
  CODEPAR_ERROR(cudaErrorDeviceNotLicensed, 102, "device doesn't have valid Grid license") \
  CODEPAR_ERROR(cudaErrorSoftwareValidityNotEstablished, 103, "integrity checks failed") \
  CODEPAR_ERROR(cudaErrorStartupFailure, 127, "startup failure in cuda runtime") \
  CODEPAR_ERROR(cudaErrorInvalidKernelImage, 200, "device kernel image is invalid") \
  CODEPAR_ERROR(cudaErrorDeviceUninitialized, 201, "invalid device context") \
  CODEPAR_ERROR(cudaErrorMapBufferObjectFailed, 205, "mapping of buffer object failed") \
  CODEPAR_ERROR(cudaErrorUnmapBufferObjectFailed, 206, "unmapping of buffer object failed") \
  CODEPAR_ERROR(cudaErrorArrayIsMapped, 207, "array is mapped") \
  CODEPAR_ERROR(cudaErrorAlreadyMapped, 208, "resource already mapped") \
  CODEPAR_ERROR(cudaErrorNoKernelImageForDevice, 209, "no kernel image is available for execution on the device") \
  CODEPAR_ERROR(cudaErrorAlreadyAcquired, 210, "resource already acquired") \
  CODEPAR_ERROR(cudaErrorNotMapped, 211, "resource not mapped") \
  CODEPAR_ERROR(cudaErrorNotMappedAsArray, 212, "resource not mapped as array") \
  CODEPAR_ERROR(cudaErrorNotMappedAsPointer, 213, "resource not mapped as pointer") \
  CODEPAR_ERROR(cudaErrorECCUncorrectable, 214, "uncorrectable ECC error encountered") \
  CODEPAR_ERROR(cudaErrorUnsupportedLimit, 215, "limit is not supported on this architecture") \
  CODEPAR_ERROR(cudaErrorDeviceAlreadyInUse, 216, "exclusive-thread device already in use by a different thread") \
  CODEPAR_ERROR(cudaErrorPeerAccessUnsupported, 217, "peer access is not supported between these two devices") \
  CODEPAR_ERROR(cudaErrorInvalidPtx, 218, "a PTX JIT compilation failed") \
  CODEPAR_ERROR(cudaErrorNvlinkUncorrectable, 220, "uncorrectable NVLink error detected during the execution") \
  CODEPAR_ERROR(cudaErrorJitCompilerNotFound, 221, "PTX JIT compiler library not found") \
  CODEPAR_ERROR(cudaErrorUnsupportedPtxVersion, 222, "the provided PTX was compiled with an unsupported toolchain.") \
  CODEPAR_ERROR(cudaErrorJitCompilationDisabled, 223, "PTX JIT compilation was disabled") \
  CODEPAR_ERROR(cudaErrorUnsupportedExecAffinity, 224, "the provided execution affinity is not supported") \
  CODEPAR_ERROR(cudaErrorUnsupportedDevSideSync, 225, "the provided PTX contains unsupported call to cudaDeviceSynchronize") \
  CODEPAR_ERROR(cudaErrorInvalidSource, 300, "device kernel image is invalid") \
  CODEPAR_ERROR(cudaErrorFileNotFound, 301, "file not found") \
  CODEPAR_ERROR(cudaErrorSharedObjectSymbolNotFound, 302, "shared object symbol not found") \
  CODEPAR_ERROR(cudaErrorSharedObjectInitFailed, 303, "shared object initialization failed") \
  CODEPAR_ERROR(cudaErrorOperatingSystem, 304, "OS call failed or operation not supported on this OS") \
  CODEPAR_ERROR(cudaErrorInvalidResourceHandle, 400, "invalid resource handle") \
  CODEPAR_ERROR(cudaErrorIllegalState, 401, "the operation cannot be performed in the present state") \
  CODEPAR_ERROR(cudaErrorLossyQuery, 402, "attempted introspection would be semantically lossy") \
  CODEPAR_ERROR(cudaErrorSymbolNotFound, 500, "named symbol not found") \
  CODEPAR_ERROR(cudaErrorNotReady, 600, "device not ready") \
  CODEPAR_ERROR(cudaErrorIllegalAddress, 700, "an illegal memory access was encountered") \
  CODEPAR_ERROR(cudaErrorLaunchOutOfResources, 701, "too many resources requested for launch") \
  CODEPAR_ERROR(cudaErrorLaunchTimeout, 702, "the launch timed out and was terminated") \
  CODEPAR_ERROR(cudaErrorLaunchIncompatibleTexturing, 703, "launch uses incompatible texturing mode") \
  CODEPAR_ERROR(cudaErrorPeerAccessAlreadyEnabled, 704, "peer access is already enabled") \
  CODEPAR_ERROR(cudaErrorPeerAccessNotEnabled, 705, "peer access has not been enabled") \
  CODEPAR_ERROR(cudaErrorSetOnActiveProcess, 708, "cannot set while device is active in this process") \
  CODEPAR_ERROR(cudaErrorContextIsDestroyed, 709, "context is destroyed") \
  CODEPAR_ERROR(cudaErrorAssert, 710, "device-side assert triggered") \
  CODEPAR_ERROR(cudaErrorTooManyPeers, 711, "peer mapping resources exhausted") \
  CODEPAR_ERROR(cudaErrorHostMemoryAlreadyRegistered, 712, "part or all of the requested memory range is already mapped") \
  CODEPAR_ERROR(cudaErrorHostMemoryNotRegistered, 713, "pointer does not correspond to a registered memory region") \
  CODEPAR_ERROR(cudaErrorHardwareStackError, 714, "hardware stack error") \
  CODEPAR_ERROR(cudaErrorIllegalInstruction, 715, "an illegal instruction was encountered") \
  CODEPAR_ERROR(cudaErrorMisalignedAddress, 716, "misaligned address") \
  CODEPAR_ERROR(cudaErrorInvalidAddressSpace, 717, "operation not supported on global/shared address space") \
  CODEPAR_ERROR(cudaErrorInvalidPc, 718, "invalid program counter") \
  CODEPAR_ERROR(cudaErrorLaunchFailure, 719, "unspecified launch failure") \
  CODEPAR_ERROR(cudaErrorCooperativeLaunchTooLarge, 720, "too many blocks in cooperative launch") \
  CODEPAR_ERROR(cudaErrorNotPermitted, 800, "operation not permitted") \
  CODEPAR_ERROR(cudaErrorNotSupported, 801, "operation not supported") \
  CODEPAR_ERROR(cudaErrorSystemNotReady, 802, "system not yet initialized") \
  CODEPAR_ERROR(cudaErrorSystemDriverMismatch, 803, "system has unsupported display driver / cuda driver combination") \
  CODEPAR_ERROR(cudaErrorTimeout, 909, "wait operation timed out") \
  CODEPAR_ERROR(cudaErrorInvalidClusterSize, 912, "a kernel launch error has occurred due to cluster misconfiguration") \
  CODEPAR_ERROR(cudaErrorUnknown, 999, "unknown error")
// clang-format on
