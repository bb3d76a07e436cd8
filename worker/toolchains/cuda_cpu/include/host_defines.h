// CUDA's qualifiers, for programs that name this header.
// Limits: none of its own; everything is in codepar_cuda/qualifiers.h.
#pragma once

#include "codepar_cuda/qualifiers.h"
