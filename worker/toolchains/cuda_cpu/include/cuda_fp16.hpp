// The implementation part of CUDA's header of this name, for programs that name it.
// Limits: none of its own; everything is in cuda_fp16.h.
#pragma once

#include "cuda_fp16.h"
