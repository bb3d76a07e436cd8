"""The views of a CUDA file."""

from __future__ import annotations

from codepar.syntax.cuda import CudaSource

TEXT = """#define HD __host__ __device__
#define RUN(k, n) k<<<n, 32>>>(n)
struct S { __device__ int method() const { return 1; } };
HD int both(int n) { return n; }
template <class T, int N>
__global__ void __launch_bounds__(256) kernel(const T *__restrict__ in, T out[], __grid_constant__ const int n) {
    __shared__ __align__(16) T tile[N];
    extern __shared__ float dynamic[];
    tile[threadIdx.x] = in[n];
    __syncthreads();
    if (__syncthreads_or(n)) out[n] = tile[0];
    group.sync();
}
void host(float *a) {
    kernel<float, 4><<<dim3(1, 2), 4, 0,
                       stream>>>(a, a + f(1, 2), 3);
    // kernel<<<1, 1>>>();
}
"""


def test_kernels_and_device_functions():
    source = CudaSource(TEXT)
    found = [(one.function.name, one.is_kernel, one.is_host_too) for one in source.device_functions]
    assert found == [("method", False, False), ("both", False, True), ("kernel", True, False)]
    (kernel,) = source.kernels
    assert [(parameter.name, parameter.pointer_depth) for parameter in kernel.parameters] == [("in", 1), ("out", 0), ("n", 0)]
    assert (kernel.body_first_line, kernel.last_line) == (6, 13)


def test_launches_with_their_parts():
    in_macro, launch = CudaSource(TEXT).launches
    assert (in_macro.kernel, in_macro.configuration, in_macro.in_macro) == ("k", ("n", "32"), True)
    assert (launch.kernel, launch.line) == ("kernel<float, 4>", 15)
    assert launch.configuration == ("dim3(1, 2)", "4", "0", "stream")
    assert launch.arguments == ("a", "a + f(1, 2)", "3")
    assert TEXT[launch.span.start : launch.span.end].endswith("3)")


def test_barriers_and_shared_variables():
    source = CudaSource(TEXT)
    assert [(one.name, one.line) for one in source.barriers] == [
        ("__syncthreads", 10),
        ("__syncthreads_or", 11),
        ("group.sync", 12),
    ]
    assert [(one.variables[0].name, one.is_extern) for one in source.shared_variables] == [("tile", False), ("dynamic", True)]


def test_a_broken_file_still_shows_what_it_can():
    source = CudaSource("__global__ void k(int *p) { p[0] = ; }\nvoid host( { k<<<1, 1>>>(p); }\n")
    assert [launch.kernel for launch in source.launches] == ["k"]
