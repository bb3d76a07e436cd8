// cooperative_groups::memcpy_async and wait: the copy is made at once, by the threads of the group together.
// Limits: the forms with layouts and pipelines are not supported.
#pragma once

#include <cstddef>

#include "cooperative_groups.h"

namespace cooperative_groups {

template <class Group, class To, class From>
inline void memcpy_async(const Group& group, To* to, const From* from, std::size_t bytes) {
    char* target = reinterpret_cast<char*>(to);
    const char* source = reinterpret_cast<const char*>(from);
    for (std::size_t at = group.thread_rank(); at < bytes; at += group.size()) target[at] = source[at];
}

template <class Group>
inline void wait(const Group& group, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    group.sync(file, line);
}
template <unsigned Stages, class Group>
inline void wait_prior(const Group& group, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    group.sync(file, line);
}

}  // namespace cooperative_groups
