from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from codepar.cuda.expression import evaluate
from codepar.cuda.prelude import HEADERS
from codepar.cuda.read import read_function, read_functions
from codepar.cuda.wrapper import HOST_CHECKS, extent_function

CORPUS = Path(__file__).with_name("extent_functions.cc")
# What decides here is what the buffers hold, so that a call may touch less; of bytes the sanitizer sees no single one.
MAY_TOUCH_LESS = {"compact", "search", "sw", "clamps", "walkp", "resize", "swapb", "lookup"}
LARGEST = 100_000


def _extents(text: str, name: str | None = None, path: str = "f.c") -> dict[str, str | None]:
    return {buffer: extent.expression for buffer, extent in read_function(text, path, name).extents.items()}


def loop(body: str, parameters: str = "int *a, int n") -> str:
    return f"void f({parameters}) {{ for (int i = 0; i < n; i++) {{ {body} }} }}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (loop("a[i] = 0;"), {"a": "n"}),
        (loop("a[3 * i + 1] = 0;"), {"a": "n > 0 ? 3 * n - 1 : 0"}),
        (loop("for (int j = 0; j < m; j++) a[i * m + j] = 0;", "int *a, int n, int m"), {"a": "n > 0 && m > 0 ? m * n : 0"}),
        (loop("if (i < m) a[i] = 0;", "int *a, int n, int m"), {"a": "n > 0 && m > 0 ? (n < m ? n : m) : 0"}),
        (loop("if (i == 0) a[i] = 1;"), {"a": "n > 0 ? 1 : 0"}),
        (loop("a[i] = b[n - 1 - i];", "int *a, const int *b, int n"), {"a": "n", "b": "n"}),
        (loop("a[i][2] = 0;", "int a[][4], int n"), {"a": "n > 0 ? 4 * n - 1 : 0"}),
        (loop("a[i] = i ? a[i - 1] : 0;"), {"a": "n"}),
        ("void f(int *a, unsigned n) { for (unsigned i = 0; i < n; i++) a[i] = 0; }", {"a": "n"}),
        ("void f(int *a, int n, int on) { if (on) for (int i = 0; i < n; i++) a[i] = 0; }", {"a": "(on) && n > 0 ? n : 0"}),
        ("void f(int *a) { a[7] = 1; }", {"a": "8"}),
        ("void f(int *a, int n) { (void)a; (void)n; }", {"a": "0"}),
        (
            "#define N 8\nvoid f(int a[N][N]) { for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) a[i][j] = 0; }",
            {"a": "64"},
        ),
    ],
)
def test_expressions(text, expected):
    assert _extents(text) == expected


def test_a_value_below_zero_means_no_element_and_zero_sizes_have_none():
    text = loop("for (int j = 0; j < m; j++) a[i * m + j] = 0;", "int *a, int n, int m")
    expression = _extents(text)["a"]
    assert [evaluate(expression, {"n": n, "m": m}) for n, m in ((0, 5), (5, 0), (-2, -3), (2, 3))] == [0, 0, 0, 6]


def test_what_a_buffer_holds_gives_a_bound_and_an_inspector():
    text = loop("a[i] = b[k[i]];", "int *a, const int *b, const int *k, int n")
    extent = read_function(text, "f.c").extents["b"]
    assert extent.expression is None
    assert evaluate(extent.bound, {"n": 4, "k_max": 9}) == 10
    assert extent.reads_buffers == ("k",)
    assert extent.inspector is not None


def test_a_stride_is_assumed_not_to_be_negative_and_named():
    extent = read_function(loop("a[i * s] = 0;", "int *a, int n, int s"), "f.c").extents["a"]
    assert extent.assumes == ("s",)
    assert evaluate(extent.expression, {"n": 4, "s": 3}) == 10


def test_filled_buffers_are_those_every_call_writes_whole():
    text = "void f(int *a, int *b, int *c, int n) { for (int i = 0; i < n; i++) { a[i] = 0; b[2 * i] = 0; if (c[i]) c[i] = 1; } }"
    extents = read_function(text, "f.c").extents
    assert [extents[name].is_filled for name in "abc"] == [True, False, False]


def test_what_is_not_known_says_why_with_the_line():
    body = "int k = b[0];\n    b[0] = k + 1;\n    a[k] = i;"
    text = f"void f(int *a, int *b, int n) {{\n  for (int i = 0; i < n; i++) {{\n    {body}\n  }}\n}}\n"
    extent = read_function(text, "f.c").extents["a"]
    assert not extent.is_known
    assert extent.reason is not None
    assert "line 5" in extent.reason
    assert "`b`" in extent.reason


# Each function runs on buffers of just the extent, which must be clean, and once more for each buffer with one element less,
# which must not be: so the extents are neither too small nor too large.


@pytest.fixture(scope="module")
def functions():
    text = CORPUS.read_text()
    found = [one for one in read_functions(text, CORPUS.name) if one.name not in {"at", "clampi", "row"}]
    assert all(extent.is_known for one in found for extent in one.extents.values())
    return found


def _scalars(function, number: int) -> list[str]:
    draw = random.Random(f"{function.name} {number}")
    largest = (4, 9, 12, 1)[number]
    return [
        f"{one.type} {one.name} = {0.5 if one.type == 'float' else draw.randint(1, largest)};"
        for one in function.signature.scalars
    ]


def _case(function, number: int) -> str:
    buffers = function.signature.buffers
    names = ", ".join(one.name for one in function.signature.parameters)
    lines = [f"static void {function.name}_{number}(int short_) {{ unsigned seed_ = {number};", *_scalars(function, number)]
    for one in buffers:
        lines.append(f"{one.type} *{one.name} = ({one.type} *)malloc({LARGEST} * sizeof *{one.name});")
        lines.append(f"for (int i_ = 0; i_ < {LARGEST}; i_++) {one.name}[i_] = rand_r(&seed_) % 3;")
    for place, one in enumerate(buffers):
        lines.append(f"long long n_{one.name} = {function.name}_{one.name}({names}); if (n_{one.name} < 0) n_{one.name} = 0;")
        lines.append(f"if (short_ == {place} && n_{one.name}-- < 2) _exit(55);")
    for one in buffers:
        lines.append(f"{{ auto *p_ = ({one.type} *)malloc(n_{one.name} * sizeof *{one.name});")
        lines.append(f"memcpy(p_, {one.name}, n_{one.name} * sizeof *p_); {one.name} = p_; }}")
    return "\n".join([*lines, f"alarm(20); {function.name}({names}); _exit(0); }}\n"])


@pytest.fixture(scope="module")
def outcomes(functions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("extents")
    checks = HOST_CHECKS.replace("cudaError_t", "int").replace("cudaSuccess", "0").replace("cudaGetErrorString(status)", '""')
    counts = [extent_function(one, b.name, f"{one.name}_{b.name}") for one in functions for b in one.signature.buffers]
    runs = [f"{{{len(one.signature.buffers)}, {one.name}_{number}}}" for one in functions for number in range(4)]
    main = f"""struct Run {{ int buffers; void (*run)(int); }} runs[] = {{{", ".join(runs)}}};
    int main() {{ dup2(open("/dev/null", 1), 2); for (auto &one : runs) for (int s = -1; s < one.buffers; s++) {{
        int status; pid_t child = fork(); if (!child) one.run(s); waitpid(child, &status, 0);
        printf("%d ", WIFEXITED(status) ? WEXITSTATUS(status) : -1); if (s == one.buffers - 1) puts(""); }} }}"""
    includes = HEADERS + "#include <fcntl.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
    cases = [_case(one, number) for one in functions for number in range(4)]
    (folder / "a.cc").write_text("\n".join([includes, CORPUS.read_text(), checks, *counts, *cases, main]))
    command = ["g++", "-std=c++17", "-w", "-O0", "-fsanitize=address", "-o", folder / "a.out", folder / "a.cc"]
    subprocess.run(command, check=True, timeout=250)
    environment = {"ASAN_OPTIONS": "detect_leaks=0:symbolize=0"}
    done = subprocess.run([folder / "a.out"], capture_output=True, text=True, check=True, env=environment, timeout=250)
    lines = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    keys = [(one.name, number) for one in functions for number in range(4)]
    return dict(zip(keys, lines, strict=True))


def test_no_call_leaves_buffers_of_just_the_extent(outcomes):
    assert {key: codes[0] for key, codes in outcomes.items() if codes[0] != 0} == {}


def test_calls_leave_buffers_with_one_element_less(outcomes):
    assert {key: codes for key, codes in outcomes.items() if 0 in codes[1:] and key[0] not in MAY_TOUCH_LESS} == {}
