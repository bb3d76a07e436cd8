// cooperative_groups::inclusive_scan and exclusive_scan.
// Limits: as in cooperative_groups/reduce.h.
#pragma once

#include "codepar_cuda/warp_collectives.h"
