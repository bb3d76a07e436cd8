// A thread that looks at the workers every 10 ms while kernels run. A worker whose running thread has not given way since the
// last look gets a signal: its handler samples the place and, in the plain build, lets others run, so that a loop that
// waits for a volatile flag ends. After 1, 2, 4, 8... s of one launch a timeout_site finding says where it is: if the
// process is killed, that is what remains.
// Limits: in the checked build nothing is preempted, the checks' own view of volatile reads yields.
#include "watchdog.h"

#include <signal.h>
#include <time.h>

#include <chrono>
#include <condition_variable>
#include <string>

#include "codepar_cuda/report.h"
#include "crew.h"
#include "fault.h"

namespace codepar_cuda {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto look_every = std::chrono::milliseconds(10);
constexpr unsigned idle_looks = 50;
constexpr std::size_t watchdog_stack = 128 << 10;

// What the watchdog knows of the launch, copied because the launch may end under its eyes.
struct Watched {
    std::mutex lock;
    std::condition_variable woken;
    bool started = false, asleep = false, running = false;
    unsigned long launches = 0;
    std::string name;
    Location where;
};

Watched& watched() {
    static Watched* const instance = new Watched;
    return *instance;
}

void look_at(Worker& worker, std::uint64_t* progress_seen) {
    const std::uint64_t progress = worker.progress;
    const bool stuck = worker.running && worker.current != nullptr && progress == *progress_seen;
    *progress_seen = progress;
    if (stuck) pthread_kill(worker.system_thread, sample_signal());
}

std::string name_of(Wait wait) {
    switch (wait) {
        case Wait::spin: return "spins";
        case Wait::barrier: return "waits at a barrier";
        case Wait::grid: return "waits at grid.sync()";
        case Wait::warp:
        case Wait::active: return "waits in a warp operation";
        case Wait::nothing: break;
    }
    return "runs";
}

// The thread that the worker runs now, or one that spins on it; read while it runs, so good for a message only.
void describe_worker(const Worker& worker, Finding* finding) {
    const Fiber* fiber = worker.current;
    if (fiber == nullptr && worker.block != nullptr) fiber = worker.block->spinning.front();
    if (fiber == nullptr || fiber->thread.block_state == nullptr) return;
    finding->thread = fiber->thread.index;
    finding->block = fiber->thread.block_state->index;
    finding->message += "; thread (" + std::to_string(finding->thread.x) + ", " + std::to_string(finding->thread.y) + ", " +
                        std::to_string(finding->thread.z) + ") of block (" + std::to_string(finding->block.x) + ", " +
                        std::to_string(finding->block.y) + ", " + std::to_string(finding->block.z) + ") " + name_of(fiber->wait);
    if (fiber->where.file != nullptr) {
        finding->message += ", last seen at " + std::string(fiber->where.file) + ':' + std::to_string(fiber->where.line);
    }
}

// With the lock held.
void report_site(const Watched& book, unsigned seconds) {
    Finding finding;
    finding.kind = "timeout_site";
    finding.message = "kernel " + book.name + ", launched at " + (book.where.file ? book.where.file : "?") + ':' +
                      std::to_string(book.where.line) + ", has run for " + std::to_string(seconds) + " s";
    finding.kernel = book.name.c_str();
    for (const Worker* worker : Crew::instance().workers()) {
        if (!worker->running) continue;
        finding.pc = worker->sampled_pc;
        describe_worker(*worker, &finding);
        break;
    }
    if (finding.pc == 0) finding.where = book.where;
    report(finding);
}

[[noreturn]] void watch() {
    Watched& book = watched();
    const std::vector<Worker*>& workers = Crew::instance().workers();
    std::vector<std::uint64_t> progress(workers.size(), 0);
    unsigned long launch = 0, quiet = 0;
    unsigned next_report = 1;
    Clock::time_point since;
    std::unique_lock<std::mutex> guard(book.lock);
    for (;;) {
        if (quiet > idle_looks) {
            book.asleep = true;
            book.woken.wait(guard, [&] { return book.running; });
            book.asleep = false;
        }
        if (book.launches != launch) {
            launch = book.launches;
            since = Clock::now();
            next_report = 1;
            for (Worker* worker : workers) worker->sampled_pc = 0;
        }
        quiet = book.running ? 0 : quiet + 1;
        if (book.running && Clock::now() - since >= std::chrono::seconds(next_report)) {
            report_site(book, next_report);
            next_report *= 2;
        }
        guard.unlock();
        for (std::size_t number = 0; number < workers.size(); ++number) look_at(*workers[number], &progress[number]);
        const timespec pause{0, std::chrono::nanoseconds(look_every).count()};
        nanosleep(&pause, nullptr);
        guard.lock();
    }
}

void* watch_for_ever(void*) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    watch();
}

void start_watchdog() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, watchdog_stack);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    pthread_create(&thread, &attributes, watch_for_ever, nullptr);
    pthread_attr_destroy(&attributes);
}

}  // namespace

Watch::Watch(const LaunchRun& launch) {
    Watched& book = watched();
    bool wake = false;
    {
        const std::lock_guard<std::mutex> guard(book.lock);
        book.running = true;
        ++book.launches;
        book.name = launch.name;
        book.where = launch.where;
        if (!book.started) start_watchdog();
        book.started = true;
        wake = book.asleep;
    }
    if (wake) book.woken.notify_one();
}

Watch::~Watch() {
    Watched& book = watched();
    const std::lock_guard<std::mutex> guard(book.lock);
    book.running = false;
}

}  // namespace codepar_cuda
