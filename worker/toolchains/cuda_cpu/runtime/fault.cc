// Signal handlers. A fault in a kernel makes the interrupted fiber go on in the scheduler, which reports it; the fiber is
// never resumed. The watchdog's signal notes where a long thread is and, in the plain build, lets others run.
// Limits: a fault inside the C library (a lock held by malloc or stdio) may hang a later call of the same function.
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <string>

#include "codepar_cuda/error.h"
#include "codepar_cuda/memory.h"
#include "codepar_cuda/report.h"
#include "worker.h"

extern "C" {
extern char __executable_start;
extern char etext;
}

namespace codepar_cuda {
namespace {

constexpr int handled[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
constexpr std::size_t signal_stack_bytes = 64 << 10;
struct sigaction earlier[65];

std::uintptr_t interrupted_pc(const ucontext_t& context) {
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
#else
    return static_cast<std::uintptr_t>(context.uc_mcontext.pc);
#endif
}

void go_on_in_scheduler(ucontext_t& context, void* scheduler) {
#if defined(__x86_64__)
    context.uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(&codepar_cuda_resume);
    context.uc_mcontext.gregs[REG_RDI] = reinterpret_cast<greg_t>(scheduler);
#else
    context.uc_mcontext.pc = reinterpret_cast<std::uintptr_t>(&codepar_cuda_resume);
    context.uc_mcontext.regs[0] = reinterpret_cast<std::uintptr_t>(scheduler);
#endif
}

void on_fault(int signal, siginfo_t* info, void* raw_context) {
    Worker* worker = this_worker;
    if (worker == nullptr || worker->current == nullptr || worker->fault.signal != 0) {
        // Host code: the handler of before gets the signal when the instruction runs again.
        sigaction(signal, &earlier[signal], nullptr);
        return;
    }
    ucontext_t& context = *static_cast<ucontext_t*>(raw_context);
    worker->fault.signal = signal;
    // A general protection fault has no address.
    worker->fault.address = info->si_code == SI_KERNEL ? ~std::uintptr_t{0} : reinterpret_cast<std::uintptr_t>(info->si_addr);
    worker->fault.pc = interrupted_pc(context);
    go_on_in_scheduler(context, worker->scheduler);
}

void on_sample(int, siginfo_t*, void* raw_context) {
    Worker* worker = this_worker;
    if (worker == nullptr || worker->current == nullptr || RuntimeSection::depth != 0) return;
    const std::uintptr_t pc = interrupted_pc(*static_cast<ucontext_t*>(raw_context));
    if (pc < reinterpret_cast<std::uintptr_t>(&__executable_start) || pc >= reinterpret_cast<std::uintptr_t>(&etext)) return;
    worker->sampled_pc = pc;
#if !defined(CODEPAR_CUDA_CHECKED)
    const int kept = errno;
    RuntimeSection::depth = 1;
    give_way_spinning();
    RuntimeSection::depth = 0;
    errno = kept;
#endif
}

std::string hexadecimal(std::uintptr_t value) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

struct Judgement {
    const char* kind;
    std::string message;
    cudaError_t error;
};

Judgement judge_access(const Worker& worker, const Fault& fault) {
    const void* address = reinterpret_cast<const void*>(fault.address);
    const Fiber& fiber = *worker.current;
    if (in_guard(fiber, address)) {
        const long kib = static_cast<long>(fiber.stack_high() - fiber.stack_low) / 1024;
        return {"memory_error", "stack overflow: the thread has " + std::to_string(kib) + " KiB of stack", cudaErrorIllegalAddress};
    }
    if (fault.address == ~std::uintptr_t{0}) return {"memory_error", "access through a wild pointer", cudaErrorIllegalAddress};
    if (fault.address < 4096) {
        return {"memory_error", "access through a NULL pointer (address " + hexadecimal(fault.address) + ')', cudaErrorIllegalAddress};
    }
    return {"memory_error", "access to address " + hexadecimal(fault.address) + ", " + describe(address), cudaErrorIllegalAddress};
}

Judgement judge(const Worker& worker, const Fault& fault) {
    switch (fault.signal) {
        case SIGFPE:
            return {"cuda_error", "integer division by zero: undefined in CUDA, where the hardware does not even stop",
                    cudaErrorLaunchFailure};
        case SIGILL:
        case SIGTRAP:
            return {"cuda_error", "the end of a function without a return value, or __trap()", cudaErrorLaunchFailure};
        default: return judge_access(worker, fault);
    }
}

}  // namespace

int sample_signal() { return SIGURG; }  // ignored by default, so that a stray one does no harm

void install_fault_handlers() {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (const int signal : handled) sigaction(signal, &action, &earlier[signal]);
    action.sa_sigaction = on_sample;
    // On the fiber's own stack: the handler switches away from it.
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
    sigaction(sample_signal(), &action, nullptr);
}

void prepare_signal_stack() {
    static __thread bool prepared;
    if (prepared) return;
    prepared = true;
    stack_t present{};
    if (sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0) return;
    void* memory = mmap(nullptr, signal_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = signal_stack_bytes;
    sigaltstack(&stack, nullptr);
}

void settle_fault(Worker& worker) {
    RuntimeSection::depth = 1;
    const Judgement judgement = judge(worker, worker.fault);
    const Fiber& fiber = *worker.current;
    Finding finding;
    finding.kind = judgement.kind;
    finding.message = judgement.message;
    finding.kernel = worker.launch->name;
    finding.thread = fiber.thread.index;
    finding.block = fiber.block().index;
    finding.pc = worker.fault.pc;
    worker.fault = Fault{};
    report(finding);
    worker.launch->abort(judgement.error);
}

}  // namespace codepar_cuda
