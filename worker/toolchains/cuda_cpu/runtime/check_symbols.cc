// The ELF symbol table of /proc/self/exe; see check_symbols.h.
#include "check_symbols.h"

#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "check_sites.h"

namespace codepar_cuda {
namespace check {
namespace {

struct Image {
    const char* bytes = nullptr;
    std::size_t size = 0;

    template <class T>
    const T* at(std::size_t offset, std::size_t count = 1) const {
        return offset <= size && count <= (size - offset) / sizeof(T) ? reinterpret_cast<const T*>(bytes + offset) : nullptr;
    }
};

Image map_program() {
    Image image;
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (file >= 0 && fstat(file, &facts) == 0 && facts.st_size > 0) {
        void* const mapped = mmap(nullptr, static_cast<std::size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, file, 0);
        if (mapped != MAP_FAILED) image = Image{static_cast<const char*>(mapped), static_cast<std::size_t>(facts.st_size)};
    }
    if (file >= 0) close(file);
    return image;
}

std::string demangled(const char* name) {
    int status = 0;
    char* const text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
    std::string result = status == 0 && text != nullptr ? text : name;
    std::free(text);
    return result;
}

Symbol find_in_table(const Image& image, const Elf64_Shdr& table, const Elf64_Shdr& names, std::uintptr_t value) {
    const std::size_t count = table.sh_size / sizeof(Elf64_Sym);
    const Elf64_Sym* const symbols = image.at<Elf64_Sym>(table.sh_offset, count);
    for (std::size_t index = 0; symbols != nullptr && index < count; ++index) {
        const Elf64_Sym& symbol = symbols[index];
        if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || value - symbol.st_value >= symbol.st_size) continue;
        const char* const name = image.at<char>(names.sh_offset + symbol.st_name);
        if (name != nullptr) return Symbol{demangled(name), program_base + symbol.st_value, symbol.st_size};
    }
    return Symbol();
}

}  // namespace

Symbol find_symbol(std::uintptr_t address) {
    static const Image image = map_program();
    const Elf64_Ehdr* const header = image.at<Elf64_Ehdr>(0);
    if (header == nullptr) return Symbol();
    const Elf64_Shdr* const sections = image.at<Elf64_Shdr>(header->e_shoff, header->e_shnum);
    for (std::size_t index = 0; sections != nullptr && index < header->e_shnum; ++index)
        if (sections[index].sh_type == SHT_SYMTAB && sections[index].sh_link < header->e_shnum)
            return find_in_table(image, sections[index], sections[sections[index].sh_link], address - program_base);
    return Symbol();
}

}  // namespace check
}  // namespace codepar_cuda
