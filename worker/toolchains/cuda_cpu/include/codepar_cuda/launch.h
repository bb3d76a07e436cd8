// Kernel launches. The rewriter turns `k<T><<<g, b, s, st>>>(x, y)` into
//   ::codepar_cuda::launch({"k.cu", 12}, "k<T>", {g, b, s, st}, k<T>, x, y)
// and, where the kernel is overloaded or its template arguments are deduced,
//   ::codepar_cuda::launch_call({"k.cu", 12}, "k", {g, b, s, st}, [=] { k(x, y); })
// A launch returns when the kernel has ended; errors are left for cudaGetLastError.
// Limits: a launch inside a kernel (dynamic parallelism) is reported as unsupported and ends the outer launch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "vector_types.h"
#include "codepar_cuda/location.h"
#include "codepar_cuda/state.h"

struct CUstream_st;
typedef struct CUstream_st* cudaStream_t;

namespace codepar_cuda {

struct LaunchConfig {
    dim3 grid;
    dim3 block;
    std::size_t shared_bytes = 0;
    cudaStream_t stream = nullptr;
    bool cooperative = false;

    LaunchConfig(dim3 g, dim3 b) : grid(g), block(b) {}
    // A template, because braces would refuse to narrow an int to size_t.
    template <class Bytes>
    LaunchConfig(dim3 g, dim3 b, Bytes bytes, cudaStream_t s = nullptr)
        : grid(g), block(b), shared_bytes(static_cast<std::size_t>(bytes)), stream(s) {}
};

// Limits of the emulated device; cudaDeviceProp reports the same numbers.
constexpr unsigned max_threads_per_block = 1024;
constexpr unsigned max_block_x = 1024, max_block_y = 1024, max_block_z = 64;
constexpr unsigned max_grid_x = 2147483647u, max_grid_y = 65535, max_grid_z = 65535;
constexpr std::size_t max_shared_per_block = 48 * 1024;
constexpr std::size_t max_shared_per_block_optin = 96 * 1024;
// All the threads that can be resident at once: the limit of a cooperative launch.
constexpr unsigned multiprocessors = 8;
constexpr unsigned max_threads_per_multiprocessor = 1024;

// What runs one CUDA thread: call(context). `kernel` is the kernel's address, the key of its attributes.
struct KernelCall {
    void (*call)(const void* context);
    const void* context;
    const void* kernel;
    const void* arguments;  // where the launch keeps them, for the checks
    std::size_t argument_bytes;
    const void* const* pointers;  // the argument that each is, where it points to an object; else nullptr
    std::size_t argument_count;
};

// Runs the grid; returns the error of the launch (0: it ran), which set_error has been told too.
int launch_kernel(Location where, const char* name, const LaunchConfig& config, KernelCall kernel);

// cudaFuncAttributeMaxDynamicSharedMemorySize of one kernel; false: above the opt-in limit.
bool set_dynamic_shared_limit(const void* kernel, std::size_t bytes);
std::size_t dynamic_shared_limit(const void* kernel);

// True while the calling thread runs a kernel.
bool in_kernel();

// An argument as a pointer to an object; nullptr for everything else.
template <class T>
inline std::enable_if_t<std::is_pointer<T>::value && !std::is_function<std::remove_pointer_t<T>>::value, const void*>
pointer_or_null(const T& value) {
    return const_cast<const void*>(static_cast<const volatile void*>(value));
}
template <class T>
inline std::enable_if_t<!std::is_pointer<T>::value || std::is_function<std::remove_pointer_t<T>>::value, const void*>
pointer_or_null(const T&) {
    return nullptr;
}

template <class... V, std::size_t... I>
inline void collect_pointers(const std::tuple<V...>& values, const void** pointers, std::index_sequence<I...>) {
    static_cast<void>(values);
    const void* found[] = {nullptr, pointer_or_null(std::get<I>(values))...};
    for (std::size_t index = 0; index < sizeof...(V); ++index) pointers[index] = found[index + 1];
}

// std::apply, which C++14 lacks; the values are copied into the call's parameters.
template <class Callable, class... V, std::size_t... I>
CODEPAR_UNCHECKED inline void call_with(const Callable& callable, const std::tuple<V...>& values, std::index_sequence<I...>) {
    static_cast<void>(values);
    callable(std::get<I>(values)...);
}

// callable() runs one thread; `values` are the arguments that it hands on.
template <class Callable, class... V>
inline int launch_thread_call(Location where, const char* name, const LaunchConfig& config, const Callable& callable,
                              const std::tuple<V...>& values, const void* kernel) {
    auto call = [](const void* context) CODEPAR_UNCHECKED { (*static_cast<const Callable*>(context))(); };
    const void* pointers[sizeof...(V) + 1];
    collect_pointers(values, pointers, std::index_sequence_for<V...>{});
    return launch_kernel(where, name, config, KernelCall{call, &callable, kernel, &values, sizeof values, pointers, sizeof...(V)});
}

// callable(arguments...) runs one thread, with its own copies of the arguments as they were at the launch.
template <class Callable, class... A>
inline int launch_call(Location where, const char* name, const LaunchConfig& config, Callable callable, A&&... arguments) {
    const std::tuple<std::decay_t<A>...> values(std::forward<A>(arguments)...);
    auto thread = [&callable, &values]() CODEPAR_UNCHECKED { call_with(callable, values, std::index_sequence_for<A...>{}); };
    return launch_thread_call(where, name, config, thread, values, nullptr);
}

// Converts as a call does: what C++ refuses there is refused here.
template <class Parameter, class Argument>
constexpr Parameter as_parameter(Argument&& argument) {
    return std::forward<Argument>(argument);
}

// The arguments are converted to the kernel's parameters once, at the launch; every thread then gets its own copy.
template <class... P, class... A>
inline int launch(Location where, const char* name, const LaunchConfig& config, void (*kernel)(P...), A&&... arguments) {
    static_assert(sizeof...(P) == sizeof...(A), "a kernel launch must pass every parameter of the kernel");
    const std::tuple<std::decay_t<P>...> values(as_parameter<std::decay_t<P>>(std::forward<A>(arguments))...);
    auto thread = [kernel, &values]() CODEPAR_UNCHECKED { call_with(kernel, values, std::index_sequence_for<P...>{}); };
    return launch_thread_call(where, name, config, thread, values, reinterpret_cast<const void*>(kernel));
}

// Ends the launch from inside a kernel with a sticky CUDA error, as a trap does; the finding is the caller's to report.
[[noreturn]] void abort_kernel(int error);
// Device code that this runtime does not offer: finding `unsupported`, and the end of the launch.
[[noreturn]] void unsupported_here(Location where, const char* what);

}  // namespace codepar_cuda
