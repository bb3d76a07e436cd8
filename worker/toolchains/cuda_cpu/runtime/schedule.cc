// Reads the settings of codepar_cuda/schedule.h from the environment, once.
// Limits: a value that cannot be read is ignored, with a note on stderr.
#include "codepar_cuda/schedule.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace codepar_cuda {
namespace {

void ignore(const char* variable, const char* value) {
    std::fprintf(stderr, "codepar: note: %s=%s is not understood and ignored\n", variable, value);
}

bool read_number(const char* text, unsigned long long* number) {
    char* end = nullptr;
    *number = std::strtoull(text, &end, 0);
    return end != text && *end == '\0';
}

void read_order(const char* text, Schedule* schedule) {
    unsigned long long seed = 0;
    if (std::strcmp(text, "forward") == 0) {
        schedule->order = Order::forward;
    } else if (std::strcmp(text, "reverse") == 0) {
        schedule->order = Order::reverse;
    } else if (std::strncmp(text, "random:", 7) == 0 && read_number(text + 7, &seed)) {
        schedule->order = Order::random;
        schedule->seed = seed;
    } else {
        ignore("CODEPAR_CUDA_SCHEDULE", text);
        return;
    }
    schedule->text = text;
}

int cores() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return std::max(1, CPU_COUNT(&set));
}

Schedule read_schedule() {
    Schedule schedule;
    if (const char* text = std::getenv("CODEPAR_CUDA_SCHEDULE")) read_order(text, &schedule);
    unsigned long long number = 0;
    if (const char* text = std::getenv("CODEPAR_CUDA_FILL")) {
        if (read_number(text, &number) && number < 256) schedule.fill = static_cast<unsigned char>(number);
        else ignore("CODEPAR_CUDA_FILL", text);
    }
    if (const char* text = std::getenv("CODEPAR_CUDA_SKIP")) schedule.skip = std::strcmp(text, "1") == 0;
#if !defined(CODEPAR_CUDA_CHECKED)
    schedule.workers = std::min(cores(), 64);
    if (const char* text = std::getenv("CODEPAR_CUDA_WORKERS")) {
        if (read_number(text, &number) && number > 0 && number <= 256) schedule.workers = static_cast<int>(number);
        else ignore("CODEPAR_CUDA_WORKERS", text);
    }
#endif
    return schedule;
}

}  // namespace

const Schedule& schedule() {
    static const Schedule values = read_schedule();
    return values;
}

}  // namespace codepar_cuda
