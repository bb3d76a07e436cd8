// A random permutation of any size without a table: a Feistel network over the next even number of bits, walked until it
// lands inside.
// Limits: four rounds, good enough to scatter; no cipher.
#include "order.h"

namespace codepar_cuda {
namespace {

std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

}  // namespace

Permutation::Permutation(std::uint64_t count, Order order, std::uint64_t seed) : order_(order), count_(count), seed_(seed) {
    while (half_bits_ < 32 && (std::uint64_t{1} << (2 * half_bits_)) < count) ++half_bits_;
}

std::uint64_t Permutation::scattered(std::uint64_t index) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    do {
        std::uint64_t left = index >> half_bits_, right = index & mask;
        for (std::uint64_t round = 1; round <= 4; ++round) {
            const std::uint64_t next = left ^ (mixed(right + seed_ * 4 + (round << 56)) & mask);
            left = right;
            right = next;
        }
        index = left << half_bits_ | right;
    } while (index >= count_);
    return index;
}

}  // namespace codepar_cuda
