// cooperative_groups::reduce and its operators.
// Limits: groups inside a warp; values are combined in the order of the ranks, where the hardware's order is its own.
#pragma once

#include "codepar_cuda/warp_collectives.h"
