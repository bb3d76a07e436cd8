"""What a model may answer: whatever it is, a device part, a whole function, or the problem in words."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.cuda.answer import closed_function, read_chat_answer, read_text_answer
from codepar.cuda.ask import Failure, Task, chat_question, text_question
from codepar.cuda.function import Extent
from codepar.cuda.openings import openings
from codepar.cuda.read import read_function
from codepar.cuda.translation import Target

SAXPY = """#define STEP 1
void saxpy(int n, float a, const float *x, float *restrict y) {
    for (int i = 0; i < n; i += STEP)
        y[i] = a * x[i] + y[i];
}
"""
SUM = "double sum(const double *v, int n) {\n    double s = 0;\n    for (int k = 1; k < n; ++k) s += v[k];\n    return s;\n}\n"
KERNEL = "__global__ void k(int n, float a, const float *x, float *y)\n{\n    int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
KERNEL += "    if (i < n) y[i] += a * x[i];\n}\n"
LAUNCHER = "void saxpy_launch(int n, float a, const float *x, float *y)\n{\n    k<<<(n + 63) / 64, 64>>>(n, a, x, y);\n}\n"


def task(source: str = SAXPY, target: Target = Target.CUDA) -> Task:
    function = read_function(source, "main.c")
    return Task(function, target, f"{function.name}_cuda")


def test_the_text_form_goes_on_from_the_kernels_head_under_the_loops_own_names() -> None:
    asked = text_question(task(), openings(task().function)[0])
    assert asked.prompt.text.endswith(asked.opening)
    assert asked.opening == (
        "__global__ void saxpy_kernel(int n, float a, const float *x, float *y)\n{\n"
        "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
    )
    assert "#define STEP 1" in asked.prompt.text
    answer = read_text_answer("    if (i < n)\n        y[i] = a * x[i] + y[i];", asked.opening, task())
    assert answer.problem is None
    assert answer.part is not None
    assert answer.part.launcher == "saxpy_launch"
    assert "saxpy_kernel<<<blocks, threads>>>(n, a, x, y);" in answer.part.text


def test_indices_guard_and_locals_are_given_where_the_loops_tell_them() -> None:
    source = "void f(float *a, int n, int m) { int i, j; float t; "
    source += "for (i = 1; i < n; i++) for (j = 0; j < m; ++j) { t = a[j]; a[i] = t; } }"
    both, outer, index, nothing = openings(read_function(source, "f.c"))
    assert both == (
        "    float t;\n    int j = blockIdx.x * blockDim.x + threadIdx.x;\n"
        "    int i = 1 + blockIdx.y * blockDim.y + threadIdx.y;\n    if (i < n && j < m) {\n"
    )
    assert "int j;" in outer
    assert outer.endswith("    if (i < n) {\n")
    assert "if" not in index
    assert nothing == ""
    triangle = read_function(source.replace("j = 0", "j = i"), "f.c")
    assert "threadIdx.y" not in openings(triangle)[0]


def test_a_returned_value_is_a_pointer_more_and_a_loop_starts_where_it_starts() -> None:
    asked = text_question(task(SUM), openings(task(SUM).function)[0])
    assert "__global__ void sum_kernel(const double *v, int n, double *result)" in asked.opening
    assert "int k = 1 + blockIdx.x" in asked.opening


def test_a_failure_is_shown_before_the_corrected_head() -> None:
    failure = Failure("__global__ void saxpy_kernel() { }", ("line 1: nothing is written",))
    text = text_question(task(), "", failure).prompt.text
    assert text.index("nothing is written") < text.rindex("saxpy_kernel(int n")
    assert "nothing is written" in (chat_question(task(), failure).prompt.messages or ())[-1].content


def test_a_fenced_answer_with_prose_includes_and_a_main() -> None:
    said = f"Sure!\n```cuda\n#include <cuda.h>\n{KERNEL}\n{LAUNCHER}\nint main() {{ return 0; }}\n```\nIt is fast."
    answer = read_chat_answer(said, task())
    assert answer.part is not None
    assert answer.part.launcher == "saxpy_launch"
    assert "main" not in answer.part.text
    assert "#include" not in answer.part.text


def test_a_missing_launcher_is_made_and_one_of_another_name_is_taken() -> None:
    made = read_chat_answer(f"```\n{KERNEL}```", task())
    assert made.part is not None
    assert made.part.notes
    other = read_chat_answer(f"```\n{KERNEL}\n{LAUNCHER.replace('saxpy_launch', 'go')}```", task())
    assert other.part is not None
    assert other.part.launcher == "go"


def test_a_whole_host_function_under_the_originals_name() -> None:
    whole = f"{KERNEL}\nvoid saxpy(int n, float a, const float *x, float *y)\n{{\n    float *d;\n    cudaMalloc(&d, n);\n"
    answer = read_chat_answer(f"```\n{whole}    k<<<1, 32>>>(n, a, x, d);\n}}\n```", task())
    assert answer.part is None
    assert answer.whole is not None
    assert "void saxpy_cuda(int n" in answer.whole


def test_the_host_function_is_asked_for_where_a_buffer_cannot_be_sized() -> None:
    sized = task("int chain(const int *next, int at) {\n    while (at >= 0)\n        at = next[at];\n    return at;\n}\n")
    wanted = replace(sized, function=replace(sized.function, extents={"next": Extent(reason="nothing tells")}))
    assert wanted.is_whole
    assert not task().is_whole
    last = (chat_question(wanted).prompt.messages or ())[-1].content
    assert "`int chain_cuda(const int *next, int at)`" in last
    kernel = "__global__ void k(const int *next, int at, int *n)\n{\n    int i = threadIdx.x;\n    n[i] = next[at];\n}\n"
    host = "int chain_cuda(const int *next, int at)\n{\n    int *d;\n    cudaMalloc(&d, 4);\n    k<<<1, 1>>>(next, at, d);\n}\n"
    assert read_chat_answer(f"```\n{kernel}{host}```", wanted).whole
    assert "is missing" in (read_chat_answer(f"```\n{kernel}```", wanted).problem or "")
    asked = text_question(wanted, "")
    assert not asked.is_one_function
    rest = f"    *result = next[at];\n}}\n{host.replace('k<<<', 'chain_kernel<<<')}"
    assert read_text_answer(rest, asked.opening, wanted, is_one_function=False).whole


def test_problems_are_said() -> None:
    assert "empty" in (read_chat_answer("", task()).problem or "")
    assert "no code" in (read_chat_answer("I cannot do that.", task()).problem or "")
    assert "no __global__" in (read_chat_answer("```\nvoid f(void) { }\n```", task()).problem or "")
    assert "cut off" in (read_text_answer("    if (i < n) {\n        y[i] =", "void f()\n{\n", task()).problem or "")
    unguarded = KERNEL.replace("if (i < n) ", "")
    assert "how many threads" in (read_chat_answer(f"```\n{unguarded}```", task()).problem or "")


def test_openmp_needs_a_pragma_and_the_right_name() -> None:
    wanted = task(target=Target.OPENMP)
    body = "void saxpy_cuda(int n, float a, const float *x, float *y) {\n%s    for (int i = 0; i < n; i++) y[i] += a * x[i];\n}\n"
    assert read_chat_answer(
        f"```\n{body % '    #pragma omp parallel for'}```".replace("for    for", "for\n    for"), wanted
    ).whole
    assert "no OpenMP pragma" in (read_chat_answer(f"```\n{body % ''}```", wanted).problem or "")


def test_a_brace_in_a_string_or_comment_closes_nothing() -> None:
    code = 'void f() {\n    // }\n    g("}");\n}\nvoid h() { }\n'
    assert closed_function(code) == code[: code.index("void h")]


@settings(deadline=None)
@given(st.text(alphabet="abk{}()<>;=_` \n#\"'", max_size=300))
def test_any_answer_is_read(text: str) -> None:
    read_chat_answer(text, task())
    read_text_answer(text, "void f()\n{\n", task())
