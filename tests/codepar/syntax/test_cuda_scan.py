"""Launches, device functions, shared declarations and assembly, found where they are and nowhere else."""

from __future__ import annotations

import pytest

from codepar.syntax.cuda_declarations import kernel_signatures, shared_declarations
from codepar.syntax.cuda_scan import CudaScan, find_aliases


def scan_of(text: str) -> CudaScan:
    scan = CudaScan(text.encode())
    return CudaScan(text.encode(), find_aliases([scan]))


def launches(text: str) -> list[tuple[str, str, str | None]]:
    data = text.encode()
    return [
        (
            data[slice(*launch.callee)].decode(),
            data[slice(*launch.config)].decode(),
            data[slice(*launch.arguments)].decode() if launch.arguments else None,
        )
        for launch in scan_of(text).launches
    ]


@pytest.mark.parametrize(
    ("statement", "callee", "config", "arguments"),
    [
        ("k<<<1, 2>>>(x);", "k", "1, 2", "x"),
        ("k <<< g, b >>> ( x , y );", "k", " g, b ", " x , y "),
        ("k<T, 4><<<dim3(1), 2, 0, s>>>();", "k<T, 4>", "dim3(1), 2, 0, s", ""),
        ("k<A<B<int>>><<<1, 1>>>(x);", "k<A<B<int>>>", "1, 1", "x"),
        ("ns::inner::k<<<1, 1>>>(x);", "ns::inner::k", "1, 1", "x"),
        ("return ::k<<<1, 1>>>(x);", "::k", "1, 1", "x"),
        ("ns::type<int>::k<float><<<1, 1>>>(x);", "ns::type<int>::k<float>", "1, 1", "x"),
        ("(*pointer)<<<1, 1>>>(x);", "(*pointer)", "1, 1", "x"),
        ("table[i + 1]<<<1, 1>>>(x);", "table[i + 1]", "1, 1", "x"),
        ("object->kernel<<<1, 1>>>(x);", "object->kernel", "1, 1", "x"),
        ("object.kernels[2]<<<1, 1>>>(x);", "object.kernels[2]", "1, 1", "x"),
        ("choose(n)<<<1, 1>>>(x);", "choose(n)", "1, 1", "x"),
        ("static_cast<F *>(k)<<<1, 1>>>(x);", "static_cast<F *>(k)", "1, 1", "x"),
        ("if (n) k<<<1, 1>>>(x);", "k", "1, 1", "x"),
        ("if (n) (*k)<<<1, 1>>>(x);", "(*k)", "1, 1", "x"),
        ("else k<<<1, 1>>>(x);", "k", "1, 1", "x"),
        ("k<<<(n >> 2), (m >>> 0)>>>(x);", "k", "(n >> 2), (m >>> 0)", "x"),
        ("k<<<A<B<3>>::v, 1>>>(x);", "k", "A<B<3>>::v, 1", "x"),
        ("k<<<1,\n   2>>>(\n   x);", "k", "1,\n   2", "\n   x"),
        ("k<<<1, 1>>>([](int a, int b) { return a < b; }, (x, y));", "k", "1, 1", "[](int a, int b) { return a < b; }, (x, y)"),
        ("k<<<1, /* >>>( */ 1>>>(x /* ) */);", "k", "1, /* >>>( */ 1", "x /* ) */"),
        ("obj.template run<int><<<1, 1>>>(x);", "obj.template run<int>", "1, 1", "x"),
    ],
)
def test_a_launch_is_read_in_its_parts(statement, callee, config, arguments):
    assert launches(f"void host() {{ {statement} }}\n") == [(callee, config, arguments)]


@pytest.mark.parametrize(
    "text",
    [
        "// k<<<1, 1>>>(x);\n",
        "/* k<<<1, 1>>>(x); */\n",
        'const char *text = "k<<<1, 1>>>(x)";\n',
        'auto raw = R"(k<<<1, 1>>>(x))";\n',
        "#error k<<<1, 1>>>(x)\n",
        "std::ostream &operator<<<int>(std::ostream &, int);\n",
        "<<<<<<< ours\n",
        "int a = b << 2, c = d >> 3;\n",
    ],
)
def test_what_only_looks_like_a_launch_is_none(text):
    assert launches(text) == []


def test_a_launch_in_a_macro_belongs_to_its_body():
    text = "#define LAUNCH(kernel, grid, ...) do { \\\n kernel##_v2<float><<<grid, \\\n 4>>>(__VA_ARGS__); } while (0)\nint i;\n"
    (launch,) = scan_of(text).launches
    assert launch.macro is not None
    assert (launch.macro.name, launch.macro.parameters) == ("LAUNCH", ("kernel", "grid", "..."))
    assert launches(text) == [("kernel##_v2<float>", "grid, \\\n 4", "__VA_ARGS__")]


def test_a_macro_may_leave_the_arguments_to_another():
    assert launches("#define RUN(k) k<<<1, 1>>>\n") == [("k", "1, 1", None)]


def test_bodies_know_where_their_function_runs():
    text = """
#define HD __host__ __device__
#define KERNEL extern "C" __global__
KERNEL void k() { if (1) { } }
HD int both() { return 1; }
struct S { __device__ __forceinline__ int method() const { return 2; } void host() {} };
namespace n { template <class T> __device__ T generic(T t) { return t; } }
"""
    scan = scan_of(text)
    device_only = [
        text[body.header : body.start].split("(", maxsplit=1)[0].rsplit(maxsplit=1)[-1]
        for body in scan.bodies
        if body.is_device_only
    ]
    assert device_only == ["k", "method", "generic"]
    assert not next(body for body in scan.bodies if "HD int both" in text[body.header : body.start]).is_device_only


@pytest.mark.parametrize(
    ("declaration", "types"),
    [
        ("__shared__ float tile[32][33];", {"tile": "float [(32)][(33)]"}),
        ("__shared__ int a, b[4], *p;", {"a": "int", "b": "int [(4)]", "p": "int *"}),
        ("static __shared__ volatile T s[N > 4 ? 1 : 2];", {"s": "volatile T [(N > 4 ? 1 : 2)]"}),
        ("volatile __shared__ unsigned long long u;", {"u": "volatile unsigned long long"}),
        ("float __shared__ s[2];", {"s": "float [(2)]"}),
        ("__shared__ __align__(16) unsigned char raw[64];", {"raw": "unsigned char [(64)]"}),
        ("alignas(16) __shared__ float4 v;", {"v": "float4"}),
        ("__shared__ float (*rows)[4];", {"rows": "float (*)[(4)]"}),
        ("__shared__ typename Reduce<T, 4>::Storage storage;", {"storage": "typename Reduce<T, 4>::Storage"}),
        ("__shared__ Pair<int, float> pairs[2], one;", {"pairs": "Pair<int, float> [(2)]", "one": "Pair<int, float>"}),
        ("__shared__ struct { int x, y; } point;", {"point": "struct { int x, y; }"}),
        ("extern __shared__ float dynamic[];", {"dynamic": "float []"}),
        ("extern __shared__ __align__(sizeof(T)) unsigned char memory[];", {"memory": "unsigned char []"}),
        ("__shared__ int /* two */ a[2 /* x */];", {"a": "int [(2)]"}),
    ],
)
def test_shared_declarations_are_read(declaration, types):
    scan = scan_of(f"__global__ void k() {{ int n; {declaration} n = 1; }}\n")
    (found,) = shared_declarations(scan, {})
    assert {variable.name: variable.type_id.replace("  ", " ") for variable in found.variables} == types
    assert found.is_extern == declaration.startswith("extern")
    assert found.is_local
    assert scan.lexis.data[found.start : found.end].decode() == declaration


def test_an_alias_for_shared_is_known():
    text = "#define SMEM __shared__\n__global__ void k() { SMEM int a; }\n"
    aliases = find_aliases([CudaScan(text.encode())])
    (found,) = shared_declarations(CudaScan(text.encode(), aliases), aliases)
    assert [variable.name for variable in found.variables] == ["a"]


def test_shared_variables_of_namespace_scope_are_told_apart():
    text = 'extern "C" { namespace n { extern __shared__ int s[]; } }\nstruct S { __device__ void m() { __shared__ int t; } };\n'
    assert [found.is_local for found in shared_declarations(scan_of(text), {})] == [False, True]


def test_an_initialiser_is_noticed():
    (found,) = shared_declarations(scan_of("__global__ void k() { __shared__ int a = 1, b{2}, c(3), d; }"), {})
    assert [variable.is_initialised for variable in found.variables] == [True, True, True, False]


def test_kernel_signatures():
    text = """
template <typename T, int N = 4, class... Rest>
__global__ void __launch_bounds__(256, 2) generic(T *a, const int n = f(1, 2));
static __global__ int wrong(float *);
extern "C" __global__ void plain(dim3 d) { }
template <> __global__ void generic<float>(float *a, int n) { }
template __global__ void generic<int>(int *, int);
"""
    found = kernel_signatures(scan_of(text), {})
    assert [one.name for one in found] == ["generic", "wrong", "plain"]
    assert found[0].template_parameters == ("typename T", "int N = 4", "class... Rest")
    assert found[0].parameters == ("T *a", "const int n = f(1, 2)")
    assert [one.result for one in found[:2]] == ["void", "int"]
    assert [one.is_definition for one in found] == [False, False, True]


def test_empty_assembly_is_a_compiler_barrier():
    scan = scan_of('__device__ void f() { asm volatile("" ::: "memory"); asm("mov.u32 %0, 1;" : "=r"(x)); /* asm("no") */ }')
    data = scan.lexis.data
    assert [data[start:end].decode() for start, end in scan.assembly] == ['asm("mov.u32 %0, 1;" : "=r"(x))']
