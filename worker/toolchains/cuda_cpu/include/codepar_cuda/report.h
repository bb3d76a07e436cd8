// Findings: what the runtime says about a run, one JSON line each in the file that CODEPAR_CUDA_REPORT names, else one
// line each on stderr. Written at once, so that a kill loses nothing.
// Limits: the process under test writes it and could forge it: it may explain or demote a result, never make it ok.
// At most 100 distinct findings (kind, file, line, kernel) are written; repeats are counted in the summary.
#pragma once

#include <cstdint>
#include <string>

#include "vector_types.h"
#include "codepar_cuda/location.h"

namespace codepar_cuda {

struct Finding {
    // race, race_same_value, memory_error, barrier_divergence, cuda_error, unsupported, timeout_site, note
    const char* kind = "note";
    std::string message;
    Location where;
    const char* kernel = nullptr;  // nullptr: host code
    uint3 thread{0, 0, 0};
    uint3 block{0, 0, 0};
    // Address in the program, for a place that only debug information can name (0: none); written as an offset from
    // the start of the executable's image, as addr2line takes it for a position-independent program.
    std::uintptr_t pc = 0;
};

// Writes the finding unless an equal one was written; may be called from device and host code, not from a signal handler.
void report(const Finding& finding);
// The finding about the thread that is running: fills in kernel, thread and block.
void report_here(const char* kind, std::string message, Location where, std::uintptr_t pc = 0);
// Names a check in the summary ("race", "memory"); called once by the library that implements it.
void add_check(const char* name);

}  // namespace codepar_cuda
