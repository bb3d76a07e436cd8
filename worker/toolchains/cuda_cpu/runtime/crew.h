// The threads of the operating system that run blocks: the host thread that launches, and helpers.
// Limits: one launch at a time in the process; launches of several host threads wait for each other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "worker.h"

namespace codepar_cuda {

class Crew {
public:
    static Crew& instance();

    // Runs the launch to its end on this thread and on helpers.
    void run(LaunchRun& launch);
    const std::vector<Worker*>& workers() const { return workers_; }

private:
    Crew();
    void invite_helpers(LaunchRun& launch);
    bool start_helper();
    void help(Worker& worker);
    static void* help_for_ever(void* worker);

    std::mutex launching_;
    std::vector<Worker*> workers_;  // the first is whoever launches
    std::mutex lock_;
    std::condition_variable invited_, left_;
    LaunchRun* open_ = nullptr;
    unsigned long generation_ = 0;
    int inside_ = 0;
    int helpers_ = 0;
};

}  // namespace codepar_cuda
