// NVTX of its third version: the same calls as nvToolsExt.h.
// Limits: those of nvToolsExt.h.
#pragma once

#include "nvToolsExt.h"
