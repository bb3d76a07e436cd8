// Reductions and scans over groups inside a warp: cooperative_groups/reduce.h and scan.h.
// Limits: a value of more than 8 bytes costs one shuffle for each lane of the group.
#pragma once

#include <type_traits>

#include "codepar_cuda/warp_groups.h"

#define CODEPAR_CALLER const char *file = __builtin_FILE(), int line = __builtin_LINE()

namespace cooperative_groups {

#define CODEPAR_OPERATOR(name, expression)          \
    template <class T = void>                       \
    struct name {                                   \
        template <class U>                          \
        U operator()(const U& a, const U& b) const { \
            return static_cast<U>(expression);      \
        }                                           \
    };
CODEPAR_OPERATOR(plus, a + b)
CODEPAR_OPERATOR(less, b < a ? b : a)
CODEPAR_OPERATOR(greater, a < b ? b : a)
CODEPAR_OPERATOR(bit_and, a& b)
CODEPAR_OPERATOR(bit_or, a | b)
CODEPAR_OPERATOR(bit_xor, a ^ b)
#undef CODEPAR_OPERATOR

namespace details {

template <class T, class Combine>
inline std::enable_if_t<sizeof(T) <= 8, T> fold(unsigned mask, unsigned select, T value, Combine combine,
                                               codepar_cuda::Location where) {
    return codepar_cuda::fold_lanes(mask, select, value, combine, where);
}
template <class T, class Combine>
inline std::enable_if_t<(sizeof(T) > 8), T> fold(unsigned mask, unsigned select, T value, Combine combine,
                                                codepar_cuda::Location where) {
    bool first = true;
    T total = value;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((mask >> lane & 1u) == 0) continue;
        const T item = read_lane(mask, value, lane, where);
        if ((select >> lane & 1u) == 0) continue;
        total = first ? item : combine(total, item);
        first = false;
    }
    return total;
}

template <class Group, class T, class Combine>
inline T exclusive(const Group& group, T value, Combine combine, codepar_cuda::Location where) {
    const T folded = fold(group.lanes(), lanes_below(), value, combine, where);
    return group.thread_rank() == 0 ? T{} : folded;
}

}  // namespace details

template <class Group, class T, class Combine>
inline T reduce(const Group& group, T value, Combine combine, CODEPAR_CALLER) {
    return details::fold(group.lanes(), ~0u, value, combine, {file, line});
}

template <class Group, class T, class Combine>
inline T inclusive_scan(const Group& group, T value, Combine combine, CODEPAR_CALLER) {
    return details::fold(group.lanes(), details::lanes_below() << 1 | 1u, value, combine, {file, line});
}
template <class Group, class T>
inline T inclusive_scan(const Group& group, T value, CODEPAR_CALLER) {
    return inclusive_scan(group, value, plus<T>(), file, line);
}

// Rank 0 gets T{}, which CUDA leaves undefined but for plus.
template <class Group, class T, class Combine>
inline T exclusive_scan(const Group& group, T value, Combine combine, CODEPAR_CALLER) {
    return details::exclusive(group, value, combine, {file, line});
}
template <class Group, class T>
inline T exclusive_scan(const Group& group, T value, CODEPAR_CALLER) {
    return details::exclusive(group, value, plus<T>(), {file, line});
}

}  // namespace cooperative_groups

#undef CODEPAR_CALLER
