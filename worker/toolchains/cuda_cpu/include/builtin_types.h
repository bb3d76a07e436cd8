// CUDA's built-in types, for programs that name this header.
// Limits: none of its own; everything is in cuda_runtime_api.h.
#pragma once

#include "cuda_runtime_api.h"
