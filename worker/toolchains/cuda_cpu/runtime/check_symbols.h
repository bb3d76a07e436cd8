// Variables of the program by address, from the symbol table of its own file, read when the first finding asks.
// Limits: nothing is known of a stripped program, or where /proc is not there.
#pragma once

#include <cstdint>
#include <string>

namespace codepar_cuda {
namespace check {

struct Symbol {
    std::string name;  // empty: none
    std::uintptr_t low = 0;
    std::size_t bytes = 0;
};

Symbol find_symbol(std::uintptr_t address);

}  // namespace check
}  // namespace codepar_cuda
