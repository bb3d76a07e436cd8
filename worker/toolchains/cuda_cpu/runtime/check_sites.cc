// Locations by number, and the load address of the program.
#include "check_sites.h"

#include <link.h>

#include <map>
#include <utility>

#include "check_report.h"

namespace codepar_cuda {
namespace check {

std::uintptr_t program_base = [] {
    std::uintptr_t base = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* found) {
            *static_cast<std::uintptr_t*>(found) = info->dlpi_addr;
            return 1;
        },
        &base);
    return base;
}();

namespace {

struct Locations {
    std::vector<Location> by_number;
    std::map<std::pair<const void*, int>, Site> numbers;
};

Locations& locations() {
    static Locations* const all = new Locations;
    return *all;
}

}  // namespace

Site site_of(Location where) {
    Locations& all = locations();
    const auto [entry, fresh] = all.numbers.try_emplace({where.file, where.line}, 0);
    if (fresh) {
        entry->second = site_is_location | static_cast<Site>(all.by_number.size());
        all.by_number.push_back(where);
    }
    return entry->second;
}

Location location_of(Site site) {
    const Site number = site & ~site_flags & ~site_is_location;
    if ((site & site_is_location) == 0 || number >= locations().by_number.size()) return Location();
    return locations().by_number[number];
}

std::uintptr_t pc_of(Site site) {
    const Site offset = site & ~site_flags;
    return (site & site_is_location) != 0 || offset == 0 ? 0 : program_base + offset;
}

}  // namespace check
}  // namespace codepar_cuda
