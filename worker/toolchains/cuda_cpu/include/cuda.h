// <cuda.h> is CUDA's driver API. Programs of the runtime API include it too, for nothing but CUDA_VERSION.
// Limits: the driver API itself is not offered; its first calls are declared and say so when they are called.
#pragma once

#include "cuda_runtime.h"

#define CUDA_VERSION CUDART_VERSION

#include "codepar_cuda/driver_api.h"
