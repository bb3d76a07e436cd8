// The calls that device code may make; launches from a kernel are reported as unsupported.
// Limits: none of its own; everything is in cuda_runtime.h.
#pragma once

#include "cuda_runtime.h"
