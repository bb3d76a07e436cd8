// Pointer arguments that cannot be meant for the device.
// Limits: see arguments.cc.
#pragma once

#include "codepar_cuda/launch.h"

namespace codepar_cuda {

// The number, from 0, of the first argument that points to memory of the host; -1: none.
int first_host_pointer(const KernelCall& kernel);

}  // namespace codepar_cuda
