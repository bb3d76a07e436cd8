"""The rewriter: what becomes of each construct, and that nothing else moves."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.toolchains.cuda_cpu.rewrite import rewrite, rewrite_project

CONFIG = "::codepar_cuda::LaunchConfig"


def body(text: str) -> str:
    """A file whose line 2 is ``text`` inside a host function, rewritten; that line."""
    return rewrite(f"void host() {{\n{text}\n}}\n", "k.cu").split("\n", 1)[1].rsplit("\n}\n", 1)[0]


def test_a_launch_hands_over_address_configuration_and_arguments():
    assert body("k<T><<<g, b, s, st>>>(x, y);") == (
        f'::codepar_cuda::launch({{"k.cu", 2}}, "k<T>", {CONFIG}(g, b, s, st), k<T>, x, y);'
    )
    assert body("k<<<1, 2>>>();") == f'::codepar_cuda::launch({{"k.cu", 2}}, "k", {CONFIG}(1, 2), k);'


def test_lines_of_a_long_launch_stay_where_they_are():
    rewritten = body("k\n <int>\n<<<1,\n 2>>>\n (\n x,\n y);")
    assert rewritten.count("\n") == 6
    assert rewritten.split("\n")[-2:] == [" x,", " y);"]
    assert '"k <int>"' in rewritten


@pytest.mark.parametrize(
    ("declarations", "statement", "function"),
    [
        ("__global__ void k(int *, int);", "k<<<1, 1>>>(p, 0);", "launch"),
        ("__global__ void k(int *a);\n__global__ void k(int *b) { }", "k<<<1, 1>>>(p);", "launch"),
        ("__global__ void k(const int *a, int n = 2);\n__global__ void k(const int *, int) { }", "k<<<1, 1>>>(p, 1);", "launch"),
        ("__global__ void k(int *);\n__global__ void k(float *);", "k<<<1, 1>>>(p);", "launch_call"),
        ("template <class T> __global__ void k(T *);", "k<<<1, 1>>>(p);", "launch_call"),
        ("template <class T> __global__ void k(T *);", "k<int><<<1, 1>>>(p);", "launch"),
        ("template <class T, int N> __global__ void k(T *);", "k<int, 3><<<1, 1>>>(p);", "launch"),
        ("template <int N, class T> __global__ void k(T *);", "k<3><<<1, 1>>>(p);", "launch_call"),
        ("template <class T, int N = 4> __global__ void k(T *);", "k<int><<<1, 1>>>(p);", "launch_call"),
        ("template <class... T> __global__ void k(T... t);", "k<int><<<1, 1>>>(p);", "launch_call"),
        ("", "k<<<1, 1>>>(p);", "launch"),
    ],
)
def test_a_kernel_without_an_address_is_called(declarations, statement, function):
    rewritten = rewrite(f"{declarations}\nvoid host() {{ {statement} }}\n", "k.cu")
    assert re.findall(r"::codepar_cuda::(launch\w*)\(", rewritten) == [function]


def test_null_stays_a_pointer_where_the_kernel_is_called():
    text = "template <class T> __global__ void k(T *a, T *b, int n);\nvoid host() { k<<<1, 1>>>(p, NULL, 0); }\n"
    assert "k(codepar_p...); }, p, nullptr, 0);" in rewrite(text, "k.cu")


def test_kernels_of_other_files_are_known():
    files = {
        "kernels.cuh": "template <class T> __global__ void k(T *);\n",
        "main.cu": '#include "kernels.cuh"\nvoid host() { k<<<1, 1>>>(p); }\n',
        "notes.txt": "k<<<1, 1>>>(p)\n",
        "plain.cpp": "int f() { return 1 << 2; }\n",
    }
    changed = rewrite_project(files)
    assert list(changed) == ["main.cu"]
    assert "launch_call" in changed["main.cu"]


def test_launches_in_macros_tell_the_line_of_their_use():
    text = "#define LAUNCH(k, n, ...) k<<<n, \\\n  256>>>(__VA_ARGS__)\n"
    rewritten = rewrite(text, "k.cu")
    head = "::codepar_cuda::launch({__FILE__, __LINE__}, #k"
    assert rewritten == f"#define LAUNCH(k, n, ...) {head}, {CONFIG}(n, \\\n  256), k __VA_OPT__(,) __VA_ARGS__)\n"


def test_a_macro_that_leaves_the_arguments_out_becomes_something_to_call():
    rewritten = rewrite("#define RUN(k) k<<<1, 1>>>\n", "k.cu")
    assert rewritten.startswith("#define RUN(k) ([&](auto&&... codepar_p) { ::codepar_cuda::launch({__FILE__, __LINE__}, #k, ")
    assert rewritten.endswith("k, codepar_p...); })\n")


def test_shared_variables_come_from_the_arena():
    rewritten = rewrite("__global__ void k() {\n  __shared__ float tile[N][N + 1], *p;\n}\n", "dir/k.cu")
    assert rewritten.splitlines()[1] == (
        "  static thread_local ::codepar_cuda::SharedSlot tile__slot; "
        '[[maybe_unused]] auto& tile = ::codepar_cuda::shared<float [(N)][(N + 1)]>(tile__slot, {"dir/k.cu", 2}, "tile"); '
        "static thread_local ::codepar_cuda::SharedSlot p__slot; "
        '[[maybe_unused]] auto& p = ::codepar_cuda::shared<float *>(p__slot, {"dir/k.cu", 2}, "p");'
    )


def test_dynamic_shared_memory_is_a_pointer():
    rewritten = rewrite("__global__ void k() { extern __shared__ float s[]; }", "k.cu")
    place = "static_cast<std::add_pointer_t<std::remove_extent_t<float []>>>(::codepar_cuda::dynamic_shared())"
    assert rewritten == f"__global__ void k() {{ [[maybe_unused]] auto* s = {place}; }}"


def test_shared_variables_of_namespace_scope_are_objects():
    rewritten = rewrite("extern __shared__ int s[];\n__shared__ int t[4];\n", "k.cu")
    assert rewritten.splitlines() == [
        "static ::codepar_cuda::DynamicSharedArray<std::remove_extent_t<int []>> s;",
        'static ::codepar_cuda::SharedVariable<int [(4)]> t{{"k.cu", 2}, "t"};',
    ]


def test_the_architecture_is_known_only_in_device_functions():
    text = """#if __CUDA_ARCH__ >= 600
#endif
__global__ void k() {
#ifdef __CUDA_ARCH__
  int a = __CUDA_ARCH__;
#endif
}
__host__ __device__ void both() {
#ifdef __CUDA_ARCH__
#endif
}
"""
    changed = [number for number, line in enumerate(rewrite(text, "k.cu").splitlines(), 1) if "CODEPAR_CUDA_ARCH" in line]
    assert changed == [4, 5]


def test_device_assembly_is_left_to_the_runtime_to_refuse():
    text = '__device__ void f() { asm volatile("mov.u32 %0, %%laneid;" : "=r"(x)); }\nvoid host() { asm("nop"); }\n'
    assert rewrite(text, "k.cu") == (
        '__device__ void f() { ::codepar_cuda::unsupported_here({"k.cu", 1}, "inline assembly"); }\nvoid host() { asm("nop"); }\n'
    )


@pytest.mark.parametrize(
    ("statement", "rewritten"),
    [
        ("p = (int *)malloc(n);", 'p = (int *)::codepar_cuda::heap_malloc({"k.cu", 2}, n);'),
        ("std::free(p);", '::codepar_cuda::heap_free({"k.cu", 2}, p);'),
        ("p = new T[n];", 'p = new (::codepar_cuda::HeapPlace{{"k.cu", 2}}) T[n];'),
        ("delete[] p;", '::codepar_cuda::HeapDeleteArray{{"k.cu", 2}}->* p;'),
        ("pool.free(p); a->malloc(n); new (p) T; mine::free(p);", "pool.free(p); a->malloc(n); new (p) T; mine::free(p);"),
    ],
)
def test_the_heap_of_the_device_is_the_runtimes(statement, rewritten):
    text = f"__device__ void f(int *p, int n) {{\n{statement}\n}}\n"
    found = rewrite(text, "k.cu")
    assert found.split("\n")[1] == rewritten
    assert rewrite(found, "k.cu") == found
    assert body(statement) == statement


def test_functions_of_the_program_keep_their_names():
    text = "__device__ void free(int *p) { *p = 0; }\n__device__ void f(int *p) { free(p); }\n"
    assert rewrite(text, "k.cu") == text


def test_a_kernel_must_return_nothing():
    rewritten = rewrite("int a;\n__global__ int k(int n) { return n; }\n", "k.cu")
    assert rewritten.splitlines()[1].startswith('static_assert(false, "a __global__ function must have a void return type"); ')


def test_a_shared_variable_has_no_initialiser():
    assert "an initializer is not allowed for a __shared__ variable" in rewrite(
        "__global__ void k() { __shared__ int a = 1; }", "k.cu"
    )


def test_casts_that_hide_a_kernel_are_dropped():
    text = (
        "__global__ void k(int);\nvoid host() { cudaLaunchKernel((const void *)k, g, b, (void **)args, 0, 0); f((void *)p); }\n"
    )
    assert "cudaLaunchKernel(k, g, b, (void **)args, 0, 0); f((void *)p);" in rewrite(text, "k.cu")


PIECES = st.sampled_from(
    [
        "k<<<1, 2>>>(x, y);",
        "ns::k<int, 4><<<\n g, b>>>(\n);",
        "__shared__ float s[4], t;",
        "extern __shared__ int d[];",
        "__global__ void k(int *a) { ",
        "}\n",
        "// k<<<1, 2>>>(x)\n",
        '"__shared__ k<<<1, 2>>>(x)"',
        "/* __shared__\n int a; */",
        "\n#define L(k) k<<<1, \\\n 2>>>(0)\n",
        "\n#ifdef __CUDA_ARCH__\n",
        "\n#endif\n",
        'asm volatile("bar.sync 0;");',
        "int a = b << 2 >> 1;",
        " <<< ",
        " >>> ",
        "(",
        ")",
        "{",
        ";",
        'R"(a <<< b)"',
        "'",
        "\\\n",
        "ü",
        "template <class T> __global__ int bad(T t) {",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_keeps_its_lines_and_is_rewritten_once(text):
    rewritten = rewrite(text, "k.cu")
    assert rewritten.count("\n") == text.count("\n")
    assert rewrite(rewritten, "k.cu") == rewritten


@given(st.text(alphabet="abk<>(){};,*&=+- \n\"'/\\#1_:.[]", max_size=80))
def test_text_without_cuda_is_left_alone(text):
    if "<<<" not in text:
        assert rewrite(text, "k.cu") == text


@given(
    st.lists(st.sampled_from(["int a;", "k<<<1, 2>>>(x);", "f(a < b, c > d);", "// x\n", "\n", "__shared__ int q;"]), max_size=10)
)
def test_everything_outside_the_spans_stays_byte_for_byte(statements):
    changed = {"k<<<1, 2>>>(x);": r"::codepar_cuda::launch\(.*?, x\);", "__shared__ int q;": r'static thread_local [^\n]*?"q"\);'}
    pattern = "".join(changed.get(one, re.escape(one)) + re.escape("/**/") for one in statements)
    text = "__global__ void f() {" + "/**/".join([*statements, ""]) + "}"
    assert re.fullmatch(re.escape("__global__ void f() {") + pattern + "}", rewrite(text, "k.cu"))
