// Cached loads and funnel shifts, for programs that name this header.
// Limits: none of its own; everything is in cuda_runtime.h.
#pragma once

#include "cuda_runtime.h"
