// Writes findings as they are made and the summary at exit; see codepar_cuda/report.h.
// Limits: after 100 distinct findings only the repeats' count grows.
#include "codepar_cuda/report.h"

#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "codepar_cuda/schedule.h"
#include "codepar_cuda/state.h"
#include "ledger.h"

namespace codepar_cuda {
namespace {

constexpr std::size_t most_findings = 100;

constexpr std::size_t most_records = 2048;
constexpr long no_case = -1;

struct KernelCount {
    std::uint64_t launches = 0, threads = 0;
    dim3 grid, block;
    Work work;
};

struct Ledger {
    std::mutex lock;
    int descriptor = -1;  // -1: text on stderr
    std::map<std::tuple<std::string, std::string, int, std::string, std::uintptr_t>, std::uint64_t> findings;
    std::uint64_t unwritten = 0;
    std::map<std::pair<long, std::string>, KernelCount> kernels;
    std::vector<std::pair<long, HostWork>> host;
    long test_case = no_case;
    bool forgot = false;     // more than the records that are kept
    bool unwatched = false;  // some memory of a launch
    std::vector<std::string> checks;
    std::uint64_t launches = 0;
};

void write_summary();

int open_report() {
    const char* target = std::getenv("CODEPAR_CUDA_REPORT");
    if (target == nullptr || *target == '\0') return -1;
    if (std::strncmp(target, "fd:", 3) == 0) return std::atoi(target + 3);
    return open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

// Never destroyed: findings may come from destructors of other globals.
Ledger& ledger() {
    static Ledger* const instance = [] {
        Ledger* fresh = new Ledger;
        fresh->descriptor = open_report();
        std::atexit(write_summary);
        return fresh;
    }();
    return *instance;
}

void write_all(int descriptor, const std::string& text) {
    // One record, one write: what a full or closed report refuses is lost, the program goes on.
    if (write(descriptor, text.data(), text.size()) < 0) return;
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char letter : text) {
        const unsigned char code = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            out += '\\';
            out += letter;
        } else if (code < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(code));
            out += escape;
        } else {
            out += letter;
        }
    }
    return out + '"';
}

std::string triple(uint3 v) {
    return '[' + std::to_string(v.x) + ", " + std::to_string(v.y) + ", " + std::to_string(v.z) + ']';
}

int note_base(dl_phdr_info* info, std::size_t, void* base) {
    *static_cast<std::uintptr_t*>(base) = info->dlpi_addr;
    return 1;  // the program itself comes first
}

std::string program_offset(std::uintptr_t pc) {
    std::uintptr_t base = 0;
    dl_iterate_phdr(note_base, &base);
    char text[32];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(pc - base));
    return text;
}

std::string as_json(const Finding& finding) {
    std::string line = "{\"kind\": " + quoted(finding.kind) + ", \"message\": " + quoted(finding.message);
    line += ", \"file\": " + (finding.where.file ? quoted(finding.where.file) : "null");
    line += ", \"line\": " + (finding.where.line > 0 ? std::to_string(finding.where.line) : "null");
    line += ", \"kernel\": " + (finding.kernel ? quoted(finding.kernel) : "null");
    line += ", \"thread\": " + triple(finding.thread) + ", \"block\": " + triple(finding.block);
    if (finding.pc != 0) line += ", \"pc\": \"" + program_offset(finding.pc) + '"';
    return line + "}\n";
}

std::string as_text(const Finding& finding) {
    std::string line = "codepar: " + std::string(finding.kind) + ": ";
    if (finding.where.file != nullptr) {
        line += finding.where.file;
        line += ':' + std::to_string(finding.where.line) + ": ";
    }
    line += finding.message;
    if (finding.pc != 0) line += " (at " + program_offset(finding.pc) + " of the program)";
    return line + '\n';
}

std::string triple(dim3 v) { return triple(uint3{v.x, v.y, v.z}); }

std::string field(const char* name, std::uint64_t value) { return ", \"" + std::string(name) + "\": " + std::to_string(value); }

std::string case_field(long number) { return "{\"case\": " + (number == no_case ? "null" : std::to_string(number)); }

std::string kernel_record(long number, const std::string& name, const KernelCount& count) {
    std::string line = case_field(number) + ", \"name\": " + quoted(name) + field("launches", count.launches);
    line += field("threads", count.threads) + ", \"grid\": " + triple(count.grid) + ", \"block\": " + triple(count.block);
    line += field("writers", count.work.writers) + field("active", count.work.active) + field("accesses", count.work.accesses);
    line += field("busiest", count.work.busiest) + field("atomics", count.work.atomics);
    return line + field("same_address", count.work.same_address) + '}';
}

std::string host_record(long number, const HostWork& work) {
    std::string line = case_field(number) + ", \"buffer\": " + quoted(work.buffer) + field("elements", work.elements);
    return line + field("loads", work.loads) + field("stores", work.stores) + field("copied", work.copied) + '}';
}

std::string joined(const std::vector<std::string>& parts) {
    std::string line;
    for (const std::string& part : parts) line += (line.empty() ? "" : ", ") + part;
    return '[' + line + ']';
}

void write_summary() {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    if (book.descriptor < 0) return;
    std::vector<std::string> kernels, host, checks;
    for (const auto& [key, count] : book.kernels) kernels.push_back(kernel_record(key.first, key.second, count));
    for (const auto& [number, work] : book.host) host.push_back(host_record(number, work));
    for (const std::string& check : book.checks) checks.push_back(quoted(check));
    std::string line = "{\"kind\": \"summary\"" + field("launches", book.launches) + ", \"kernels\": " + joined(kernels);
    line += ", \"host\": " + joined(host) + ", \"checks\": " + joined(checks);
    std::uint64_t repeats = 0;
    for (const auto& entry : book.findings) repeats += entry.second - 1;
    line += ", \"schedule\": " + quoted(schedule().text) + field("repeats", repeats) + field("unwritten", book.unwritten);
    line += std::string(", \"forgot\": ") + (book.forgot ? "true" : "false");
    write_all(book.descriptor, line + ", \"unwatched\": " + (book.unwatched ? "true" : "false") + "}\n");
}

}  // namespace

void report(const Finding& finding) {
    const RuntimeSection section;
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    const auto key = std::make_tuple(std::string(finding.kind), std::string(finding.where.file ? finding.where.file : ""),
                                     finding.where.line, std::string(finding.kernel ? finding.kernel : ""), finding.pc);
    const auto found = book.findings.find(key);
    if (found != book.findings.end()) {
        ++found->second;
        return;
    }
    if (book.findings.size() >= most_findings) {
        ++book.unwritten;
        return;
    }
    book.findings.emplace(key, 1);
    write_all(book.descriptor < 0 ? STDERR_FILENO : book.descriptor, book.descriptor < 0 ? as_text(finding) : as_json(finding));
}

void report_here(const char* kind, std::string message, Location where, std::uintptr_t pc) {
    Finding finding;
    finding.kind = kind;
    finding.message = std::move(message);
    finding.where = where;
    finding.pc = pc;
    if (const Thread* thread = current_thread) {
        finding.kernel = thread->block_state->launch->name;
        finding.thread = thread->index;
        finding.block = thread->block_state->index;
    }
    report(finding);
}

void add_check(const char* name) {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    book.checks.emplace_back(name);
}

void begin_case(long number) {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    book.test_case = number;
}

void end_case() { begin_case(no_case); }

namespace {

// The record of a kernel in the case that runs; nullptr when there are too many.
KernelCount* count_of(Ledger& book, const char* kernel) {
    const auto key = std::make_pair(book.test_case, std::string(kernel));
    const auto found = book.kernels.find(key);
    if (found != book.kernels.end()) return &found->second;
    if (book.kernels.size() >= most_records) {
        book.forgot = true;
        return nullptr;
    }
    return &book.kernels[key];
}

}  // namespace

void count_launch(const char* kernel, dim3 grid, dim3 block) {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    ++book.launches;
    KernelCount* const count = count_of(book, kernel);
    if (count == nullptr) return;
    ++count->launches;
    const std::uint64_t threads = std::uint64_t{grid.x} * grid.y * grid.z * block.x * block.y * block.z;
    if (threads <= count->threads) return;
    count->threads = threads;
    count->grid = grid;
    count->block = block;
}

void count_work(const char* kernel, const Work& work) {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    KernelCount* const count = count_of(book, kernel);
    if (count == nullptr) return;
    Work& sum = count->work;
    sum.writers = std::max(sum.writers, work.writers);
    sum.active = std::max(sum.active, work.active);
    sum.accesses += work.accesses;
    sum.busiest += work.busiest;
    sum.atomics += work.atomics;
    sum.same_address += work.same_address;
}

void count_unwatched() {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    book.unwatched = true;
}

void count_host(const HostWork& work) {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    if (book.host.size() >= most_records) {
        book.forgot = true;
    } else {
        book.host.emplace_back(book.test_case, work);
    }
}

}  // namespace codepar_cuda
