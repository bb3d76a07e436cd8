// Warp operations: shuffles, votes, matches, reductions, __syncwarp. A lane publishes its value and waits until every live
// lane of the mask has come to the same operation with the same mask; then all read.
// Limits: a lane that never comes because it waits elsewhere is a barrier_divergence finding; the value of one that returned or
// never was, which the hardware leaves undefined, reads as bytes of 0x7f. The forms without _sync work on the lanes that
// __activemask finds together.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "codepar_cuda/location.h"
#include "codepar_cuda/state.h"

namespace codepar_cuda {

enum class WarpOperation : unsigned char { sync, shuffle, vote, match, reduce, active };

// One operation of some lanes of a warp, with what each lane published.
struct WarpGroup {
    unsigned mask;     // asked for
    unsigned arrived;  // took part
    unsigned readers;  // have yet to leave
    WarpOperation operation;
    Location where;
    WarpGroup* next;
    std::uint64_t values[32];
};

// Publishes `value`, waits for the lanes of `mask`; leave_warp must follow once the caller has read the others' values.
WarpGroup* meet_warp(WarpOperation operation, unsigned mask, std::uint64_t value, Location where);
void leave_warp(WarpGroup* group);
// The live lanes of this warp that come to this place together.
unsigned active_lanes(Location where);
unsigned lane_number();

// Not 0: sums over lanes that have returned would come out right.
constexpr std::uint64_t undefined_value = 0x7f7f7f7f7f7f7f7full;

enum class Shuffle { index, up, down, exclusive_or };

// The lane that `lane` reads from, as shfl.sync of PTX computes it.
constexpr unsigned shuffle_source(Shuffle kind, unsigned lane, int argument, int width) {
    const unsigned segment = lane & ~static_cast<unsigned>(width - 1);
    const unsigned last = segment + static_cast<unsigned>(width) - 1;
    const unsigned operand = static_cast<unsigned>(argument);
    unsigned source = lane;
    switch (kind) {
        case Shuffle::index: return segment | (operand & static_cast<unsigned>(width - 1));
        case Shuffle::up: return operand > lane - segment ? lane : lane - operand;
        case Shuffle::down: return operand > last - lane ? lane : lane + operand;
        case Shuffle::exclusive_or: source = lane ^ (operand & 31u); return source > last ? lane : source;
    }
    return source;
}

template <class T>
CODEPAR_UNCHECKED inline T shuffle(Shuffle kind, unsigned mask, T value, int argument, int width, Location where) {
    static_assert(std::is_trivially_copyable<T>::value, "a shuffle moves plain data only");
    constexpr unsigned words = (sizeof(T) + 7) / 8;
    std::uint64_t published[words] = {}, received[words] = {};
    std::memcpy(published, &value, sizeof(T));
    const unsigned source = shuffle_source(kind, lane_number(), argument, width);
    for (unsigned word = 0; word < words; ++word) {
        WarpGroup* group = meet_warp(WarpOperation::shuffle, mask, published[word], where);
        received[word] = (group->arrived >> source & 1u) != 0 ? group->values[source] : undefined_value;
        leave_warp(group);
    }
    T result;
    std::memcpy(&result, received, sizeof(T));
    return result;
}

// Folds the values of those lanes of `select` that took part, in the order of the lanes; `value` if there were none.
template <class T, class Combine>
CODEPAR_UNCHECKED inline T fold_lanes(unsigned mask, unsigned select, T value, Combine combine, Location where) {
    static_assert(sizeof(T) <= 8 && std::is_trivially_copyable<T>::value, "at most 8 bytes a lane");
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof(T));
    WarpGroup* group = meet_warp(WarpOperation::reduce, mask, word, where);
    bool first = true;
    T total = value;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if (((group->arrived & select) >> lane & 1u) == 0) continue;
        T item;
        std::memcpy(&item, &group->values[lane], sizeof(T));
        total = first ? item : static_cast<T>(combine(total, item));
        first = false;
    }
    leave_warp(group);
    return total;
}

template <class T, class Combine>
CODEPAR_UNCHECKED inline T reduce_lanes(unsigned mask, T value, Combine combine, Location where) {
    return fold_lanes(mask, ~0u, value, combine, where);
}

// The lanes of `mask` whose predicate holds, and those that took part.
struct Ballot {
    unsigned yes, arrived;
};
Ballot vote(unsigned mask, bool predicate, Location where);
// The lanes of `mask` that published the same value as the caller, and those that took part.
Ballot match(unsigned mask, std::uint64_t value, Location where);
void syncwarp(unsigned mask, Location where);

template <class T>
inline std::uint64_t match_key(T value) {
    static_assert(sizeof(T) <= 8, "at most 8 bytes a lane");
    std::uint64_t key = 0;
    std::memcpy(&key, &value, sizeof(T));
    return key;
}

}  // namespace codepar_cuda
