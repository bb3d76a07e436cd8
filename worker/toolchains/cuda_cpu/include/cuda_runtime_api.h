// The CUDA runtime API of the CPU runtime: errors, memory, copies, streams, events, the device, kernels' attributes.
// Limits: C++ only; what is not offered is declared in codepar_cuda/unsupported.h and says so when it is called.
#pragma once

#include "codepar_cuda/copy_api.h"
#include "codepar_cuda/device_api.h"
#include "codepar_cuda/error.h"
#include "codepar_cuda/function_api.h"
#include "codepar_cuda/memory_api.h"
#include "codepar_cuda/stream.h"
#include "codepar_cuda/unsupported.h"
#include "vector_types.h"
