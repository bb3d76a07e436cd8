// Everything of the runtime's core that device code uses; cuda_runtime.h includes it.
// Limits: cooperative_groups.h stands by itself, as in CUDA.
#pragma once

#include "codepar_cuda/atomics.h"
#include "codepar_cuda/barrier.h"
#include "codepar_cuda/device_heap.h"
#include "codepar_cuda/identity.h"
#include "codepar_cuda/launch.h"
#include "codepar_cuda/shared.h"
#include "codepar_cuda/warp.h"
#include "codepar_cuda/warp_intrinsics.h"
