// cudaProfilerStart and cudaProfilerStop, which are accepted and do nothing.
// Limits: none of its own; everything is in cuda_runtime_api.h.
#pragma once

#include "cuda_runtime_api.h"
