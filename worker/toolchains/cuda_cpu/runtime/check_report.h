// Findings of the checks in words: both accesses of a race, the memory around a bad address. A place known only by its pc is written
// {pc:0xOFFSET}; whoever reads the report names its line.
// Limits: one race a pair of places, one memory error a place; variables of the program are named only where its symbol table is there.
#pragma once

#include <cstdint>
#include <string>

#include "check_race.h"

namespace codepar_cuda {
namespace check {

struct Conflict {
    Access past;
    AccessKind past_kind;
    Access present;
    AccessKind kind;
    std::uintptr_t address;
    std::size_t bytes;
};

// False once both classes of this pair of places were reported.
bool worth_reporting(const Conflict& conflict);
void report_race(const Conflict& conflict, bool same_value);

// "shared variable s (k.cu:12), byte 8 of 128", "device allocation of 4096 bytes made at k.cu:30, byte 12"
std::string name_of(std::uintptr_t address);
std::string text_of(Site site);
std::string text_of(Location where);
// "thread (1,0,0) block (0,0,0)"
std::string text_of_thread(std::uint32_t thread);
uint3 thread_index(std::uint32_t thread);
uint3 block_index(std::uint32_t thread);
// The report's place: a Location, or a pc.
Location location_of(Site site);
std::uintptr_t pc_of(Site site);

// A finding at that site about the running thread.
void report_at(const char* kind, const std::string& message, Site site);

}  // namespace check
}  // namespace codepar_cuda
