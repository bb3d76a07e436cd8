// The order in which the blocks of a grid, and the threads of a block, start.
// Limits: a random order is a permutation drawn from the seed, the same in each launch of the same size.
#pragma once

#include <cstdint>

#include "codepar_cuda/schedule.h"

namespace codepar_cuda {

// A permutation of 0 .. count-1.
class Permutation {
public:
    Permutation() = default;
    Permutation(std::uint64_t count, Order order, std::uint64_t seed);
    std::uint64_t operator()(std::uint64_t index) const {
        if (order_ == Order::forward) return index;
        return order_ == Order::reverse ? count_ - 1 - index : scattered(index);
    }

private:
    std::uint64_t scattered(std::uint64_t index) const;

    Order order_ = Order::forward;
    std::uint64_t count_ = 0;
    std::uint64_t seed_ = 0;
    unsigned half_bits_ = 1;
};

}  // namespace codepar_cuda
