// Helpers are started when the first launch of several blocks comes, sleep between launches, and are never joined: the end
// of the process ends them.
// Limits: a child after fork() has no helpers and runs everything on its one thread.
#include "crew.h"

#include <signal.h>

#include <algorithm>

#include "codepar_cuda/schedule.h"
#include "fault.h"
#include "watchdog.h"

namespace codepar_cuda {
namespace {

constexpr std::size_t helper_stack = 256 << 10;

// Signals meant for the program must not land on a helper.
void block_program_signals() {
    sigset_t set;
    sigfillset(&set);
    for (const int kept : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, sample_signal()}) sigdelset(&set, kept);
    pthread_sigmask(SIG_SETMASK, &set, nullptr);
}

void adopt(Worker& worker) {
    prepare_signal_stack();
    this_worker = &worker;
    if (worker.stack.low != nullptr && pthread_equal(worker.system_thread, pthread_self())) return;
    // A fiber may hold addresses of the thread it started on.
    if (worker.stack.low != nullptr) worker.fibers.reset();
    worker.system_thread = pthread_self();
    worker.stack = own_stack();
}

}  // namespace

Crew& Crew::instance() {
    static Crew* const crew = new Crew;  // never destroyed: helpers outlive static objects
    return *crew;
}

Crew::Crew() {
    const int count = schedule().workers;
    FiberStore::set_workers(count);
    for (int number = 0; number < count; ++number) {
        workers_.push_back(new Worker);
        workers_.back()->serial = static_cast<std::uint64_t>(number) << 48;
    }
    install_fault_handlers();
}

void* Crew::help_for_ever(void* worker) {
    block_program_signals();
    instance().help(*static_cast<Worker*>(worker));
    return nullptr;
}

void Crew::help(Worker& worker) {
    adopt(worker);
    unsigned long seen = 0;
    std::unique_lock<std::mutex> guard(lock_);
    for (;;) {
        invited_.wait(guard, [&] { return open_ != nullptr && generation_ != seen; });
        seen = generation_;
        LaunchRun& launch = *open_;
        ++inside_;
        launch.workers.fetch_add(1);
        guard.unlock();
        worker.run(launch);
        guard.lock();
        launch.workers.fetch_sub(1);
        if (--inside_ == 0) left_.notify_all();
    }
}

bool Crew::start_helper() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, helper_stack);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const bool started = pthread_create(&thread, &attributes, help_for_ever, workers_[static_cast<std::size_t>(helpers_) + 1]) == 0;
    pthread_attr_destroy(&attributes);
    if (started) ++helpers_;
    return started;
}

void Crew::invite_helpers(LaunchRun& launch) {
    const std::uint64_t most = std::min<std::uint64_t>(launch.blocks, workers_.size());
    if (most < 2) return;
    while (static_cast<std::uint64_t>(helpers_) + 1 < most && start_helper()) {
    }
    {
        const std::lock_guard<std::mutex> guard(lock_);
        open_ = &launch;
        ++generation_;
    }
    invited_.notify_all();
}

void Crew::run(LaunchRun& launch) {
    const std::lock_guard<std::mutex> one_launch(launching_);
    adopt(*workers_.front());
    const Watch watch(launch);
    invite_helpers(launch);
    workers_.front()->run(launch);
    std::unique_lock<std::mutex> guard(lock_);
    open_ = nullptr;
    left_.wait(guard, [&] { return inside_ == 0; });
}

}  // namespace codepar_cuda
