// The implementation part of CUDA's header of this name, for programs that name it.
// Limits: none of its own; everything is in cuda_bf16.h.
#pragma once

#include "cuda_bf16.h"
