// Cooperative groups: thread_block, tiles of up to 32 threads, coalesced threads, grids, and partitions of them.
// Limits: tiles of more than 32 threads, clusters and multi_grid are not supported. coalesced_threads() are the lanes that
// come to the same place together, see __activemask. Collectives are in cooperative_groups/reduce.h, scan.h, memcpy_async.h.
#pragma once

#include "codepar_cuda/core.h"
#include "codepar_cuda/grid_groups.h"
#include "codepar_cuda/warp_groups.h"
