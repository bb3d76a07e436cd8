// What the summary counts, told by the core and the checks.
// Limits: grid, block, threads, writers and active are those of the largest launch, the others sums over launches; only the checked
// build counts what threads and host code access; at most 2,048 records are kept.
#pragma once

#include <cstdint>
#include <string>

#include "vector_types.h"

namespace codepar_cuda {

// What the threads of one launch accessed.
struct Work {
    std::uint64_t writers = 0;   // threads that wrote to memory that others see
    std::uint64_t active = 0;    // threads that accessed global memory
    std::uint64_t accesses = 0;  // of all threads, global and shared
    std::uint64_t busiest = 0;   // of the thread with most of them
    std::uint64_t atomics = 0;   // of them, atomics on global memory
    std::uint64_t same_address = 0;  // atomics on the one address that has most
};

// Distinct elements that host code loaded and stored one by one, and elements that it copied or filled in bulk.
struct HostWork {
    std::string buffer;  // a watched one; "stack" and "other" for the rest
    std::uint64_t elements = 0, loads = 0, stores = 0, copied = 0;
};

void begin_case(long number);
void end_case();
void count_launch(const char* kernel, dim3 grid, dim3 block);
// Of the launch counted last.
void count_work(const char* kernel, const Work& work);
void count_host(const HostWork& work);
// Some memory of a launch was not watched.
void count_unwatched();

}  // namespace codepar_cuda
