// Faults of device code: a signal inside a kernel ends the launch, not the process.
// Limits: a fault in host code is left to whoever handled the signal before.
#pragma once

namespace codepar_cuda {

struct Worker;

// Once for the process.
void install_fault_handlers();
// Once for each thread of the operating system that runs kernels: a stack for the handler.
void prepare_signal_stack();
// In the scheduler: reports the fault that brought it back and aborts the launch.
void settle_fault(Worker& worker);
// The signal by which the watchdog samples, and in the plain build preempts, a worker.
int sample_signal();

}  // namespace codepar_cuda
