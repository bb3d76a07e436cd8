// A place in the user's source: what every finding of the CUDA CPU runtime points at.
// Limits: the file is the name the compiler was given; the string must live as long as the program (a literal does).
#pragma once

namespace codepar_cuda {

struct Location {
    const char* file = nullptr;
    int line = 0;

    constexpr Location() = default;
    constexpr Location(const char* f, int l) : file(f), line(l) {}
};

}  // namespace codepar_cuda
