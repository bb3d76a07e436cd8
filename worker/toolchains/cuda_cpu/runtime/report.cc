// Writes findings as they are made and the summary at exit; see codepar_cuda/report.h.
// Limits: after 100 distinct findings only the repeats' count grows.
#include "codepar_cuda/report.h"

#include <fcntl.h>
#include <link.h>
#include <unistd.h>

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

struct KernelCount {
    std::uint64_t launches = 0, threads = 0, writers = 0;
};

struct Ledger {
    std::mutex lock;
    int descriptor = -1;  // -1: text on stderr
    std::map<std::tuple<std::string, std::string, int, std::string, std::uintptr_t>, std::uint64_t> findings;
    std::uint64_t unwritten = 0;
    std::map<std::string, KernelCount> kernels;
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

void write_summary() {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    if (book.descriptor < 0) return;
    std::string line = "{\"kind\": \"summary\", \"launches\": " + std::to_string(book.launches) + ", \"kernels\": [";
    const char* separator = "";
    for (const auto& [name, count] : book.kernels) {
        line += separator + std::string("{\"name\": ") + quoted(name) + ", \"launches\": " + std::to_string(count.launches);
        line += ", \"threads\": " + std::to_string(count.threads) + ", \"writers\": " + std::to_string(count.writers) + '}';
        separator = ", ";
    }
    line += "], \"checks\": [";
    separator = "";
    for (const std::string& check : book.checks) {
        line += separator + quoted(check);
        separator = ", ";
    }
    std::uint64_t repeats = 0;
    for (const auto& entry : book.findings) repeats += entry.second - 1;
    line += "], \"schedule\": " + quoted(schedule().text) + ", \"repeats\": " + std::to_string(repeats);
    line += ", \"unwritten\": " + std::to_string(book.unwritten) + "}\n";
    write_all(book.descriptor, line);
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

void count_launch(const char* kernel, std::uint64_t threads) {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    ++book.launches;
    KernelCount& count = book.kernels[kernel];
    ++count.launches;
    if (threads > count.threads) count.threads = threads;
}

void count_writers(const char* kernel, std::uint64_t writers) {
    Ledger& book = ledger();
    const std::lock_guard<std::mutex> guard(book.lock);
    KernelCount& count = book.kernels[kernel];
    if (writers > count.writers) count.writers = writers;
}

}  // namespace codepar_cuda
