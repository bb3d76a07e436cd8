// Loads and stores with a cache hint, assumptions, clocks and traps.
// Limits: hints mean nothing here; clocks count nanoseconds of the host, so differences are real but no cycles.
#pragma once

#include <time.h>

#include "codepar_cuda/error.h"
#include "codepar_cuda/launch.h"
#include "codepar_cuda/qualifiers.h"
#include "codepar_cuda/report.h"

#define CODEPAR_LOAD(name)            \
    template <class T>                \
    inline T name(const T* address) { \
        return *address;              \
    }
CODEPAR_LOAD(__ldg)
CODEPAR_LOAD(__ldca)
CODEPAR_LOAD(__ldcg)
CODEPAR_LOAD(__ldcs)
CODEPAR_LOAD(__ldlu)
CODEPAR_LOAD(__ldcv)
#undef CODEPAR_LOAD
#define CODEPAR_STORE(name)                                                    \
    template <class T>                                                         \
    inline void name(T* address, typename std::common_type<T>::type value) {   \
        *address = value;                                                      \
    }
CODEPAR_STORE(__stwb)
CODEPAR_STORE(__stcg)
CODEPAR_STORE(__stcs)
CODEPAR_STORE(__stwt)
#undef CODEPAR_STORE

inline long long clock64() {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<long long>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

[[noreturn]] inline void __trap(CODEPAR_HERE) {
    codepar_cuda::report_here("cuda_error", "__trap() ends the launch", where);
    codepar_cuda::abort_kernel(cudaErrorLaunchFailure);
}
inline void __brkpt() {}
inline void __prof_trigger(int) {}

#ifndef __clang__
#define __builtin_assume(condition) ((condition) ? (void)0 : __builtin_unreachable())
#endif
#define __assume(condition) __builtin_assume(condition)
#define __builtin_nv_assume(condition) __builtin_assume(condition)
