// Watches launches that take long.
// Limits: needs a thread of its own; where none can be started, volatile spin loops between threads do not end.
#pragma once

#include "run.h"

namespace codepar_cuda {

// The launch that runs, for as long as it lives.
class Watch {
public:
    explicit Watch(const LaunchRun& launch);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
};

}  // namespace codepar_cuda
