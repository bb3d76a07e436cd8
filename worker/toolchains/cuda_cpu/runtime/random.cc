// XORWOW's jumps, by matrices over GF(2), and Philox's rounds.
// Limits: the matrices (0.4 MB) are made on the first jump, in about 20 ms.
#include "codepar_cuda/random.h"

#include <array>
#include <cstdint>
#include <vector>

#include "codepar_cuda/state.h"

namespace codepar_cuda {
namespace {

constexpr int words = 5, bits = 32 * words;
using Register = std::array<std::uint32_t, words>;
// One linear step of the registers: the image of each of its 160 bits.
using Matrix = std::array<Register, bits>;

Register moved(const Matrix& matrix, const Register& v) {
    Register result{};
    for (int bit = 0; bit < bits; ++bit) {
        if (!(v[bit / 32] >> (bit % 32) & 1u)) continue;
        for (int i = 0; i < words; ++i) result[i] ^= matrix[bit][i];
    }
    return result;
}

Register step(const Register& v) {
    const std::uint32_t t = v[0] ^ (v[0] >> 2);
    return {v[1], v[2], v[3], v[4], (v[4] ^ (v[4] << 4)) ^ (t ^ (t << 1))};
}

// Element k moves by 2 to the k steps; 67 + 64 of them serve every subsequence.
std::vector<Matrix> make_jumps() {
    std::vector<Matrix> jumps(67 + 64);
    for (int bit = 0; bit < bits; ++bit) {
        Register unit{};
        unit[bit / 32] = 1u << (bit % 32);
        jumps[0][bit] = step(unit);
    }
    for (std::size_t k = 1; k < jumps.size(); ++k)
        for (int bit = 0; bit < bits; ++bit) jumps[k][bit] = moved(jumps[k - 1], jumps[k - 1][bit]);
    return jumps;
}

const std::vector<Matrix>& jumps() {
    static const std::vector<Matrix>* const all = new std::vector<Matrix>(make_jumps());
    return *all;
}

}  // namespace

void xorwow_skip(unsigned int* v, unsigned long long steps, unsigned int power) {
    const RuntimeSection section;
    if (steps == 0) return;
    Register state;
    for (int i = 0; i < words; ++i) state[i] = v[i];
    for (unsigned int k = power; steps != 0; steps >>= 1, ++k)
        if (steps & 1) state = moved(jumps()[k], state);
    for (int i = 0; i < words; ++i) v[i] = state[i];
}

uint4 philox4x32_10(uint4 c, uint2 key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53u} * c.x, b = std::uint64_t{0xCD9E8D57u} * c.z;
        const std::uint32_t a_high = static_cast<std::uint32_t>(a >> 32), b_high = static_cast<std::uint32_t>(b >> 32);
        c = uint4{b_high ^ c.y ^ key.x, static_cast<std::uint32_t>(b), a_high ^ c.w ^ key.y, static_cast<std::uint32_t>(a)};
        key.x += 0x9E3779B9u;
        key.y += 0xBB67AE85u;
    }
    return c;
}

void philox_add(uint4& counter, unsigned long long n, bool to_high) {
    unsigned long long low = counter.x | static_cast<unsigned long long>(counter.y) << 32;
    unsigned long long high = counter.z | static_cast<unsigned long long>(counter.w) << 32;
    if (to_high) {
        high += n;
    } else {
        low += n;
        high += low < n;
    }
    counter = uint4{static_cast<unsigned>(low), static_cast<unsigned>(low >> 32), static_cast<unsigned>(high),
                    static_cast<unsigned>(high >> 32)};
}

}  // namespace codepar_cuda
