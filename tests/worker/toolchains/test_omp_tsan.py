"""ThreadSanitizer on OpenMP: correct programs of each construct stay silent, and the same without its order are races."""

from __future__ import annotations

import pytest

from codepar.protocols import Status

COMPILERS = ("gcc", "clang")
HEAD = "#include <omp.h>\n#include <stdio.h>\n#include <string.h>\n#include <unistd.h>\n#define N 64\nint a[N], b[N], sum, one;\n"

# ``@`` stands for ``#pragma omp``. A correct body, and the line of it that makes it a race when it is left out.
ORDERED = {
    "parallel for": (
        "@parallel for\nfor (int i = 0; i < N; i++) a[i] = i;\n"
        "for (int i = 0; i < N; i++) sum += a[i];\nif (sum != 2016) return 1;",
        None,
    ),
    "reduction": ("@parallel for reduction(+:sum)\nfor (int i = 0; i < N; i++) sum += i;", None),
    "dynamic": ("@parallel for schedule(dynamic, 2)\nfor (int i = 0; i < N; i++) a[i] += i;", None),
    "barrier": (
        "@parallel\n{ int t = omp_get_thread_num(), n = omp_get_num_threads(); a[t] = t;\n@barrier\n"
        "b[t] = a[(t + 1) % n];\n@barrier\na[t] = 2; }",
        "@barrier\n",
    ),
    "critical": (
        "@parallel for\nfor (int i = 0; i < N; i++)\n@critical\none += i;",
        "@critical\n",
    ),
    "named critical": (
        "@parallel for\nfor (int i = 0; i < N; i++)\n@critical(name)\none += i;",
        "@critical(name)\n",
    ),
    "atomic": ("@parallel for\nfor (int i = 0; i < N; i++)\n@atomic\none += i;", "@atomic\n"),
    "lock": (
        "omp_lock_t l; omp_init_lock(&l);\n@parallel for\nfor (int i = 0; i < N; i++) {\nomp_set_lock(&l);\none += i;\n"
        "omp_unset_lock(&l); }\nomp_destroy_lock(&l);",
        "omp_set_lock(&l);\n",
    ),
    "ordered": (
        "@parallel for ordered\nfor (int i = 0; i < N; i++)\n@ordered\none = 2 * one + i;",
        "@ordered\n",
    ),
    "sections": (
        "@parallel sections\n{\n@section\na[0] = 1;\n@section\na[1] = 2; }\nsum = a[0] + a[1];",
        None,
    ),
    "copyprivate": (
        "int x = 0;\n@parallel firstprivate(x)\n{\n@single copyprivate(x)\nx = 7;\na[omp_get_thread_num()] = x; }",
        None,
    ),
    "taskwait": (
        "@parallel\n@single\n{\n@task\na[0] = 1;\n@task\na[1] = 2;\n@taskwait\nsum = a[0] + a[1]; }",
        "@taskwait\n",
    ),
    "depend": (
        "@parallel\n@single\n{\n@task depend(out: one)\none = 1;\n@task depend(in: one)\n"
        "a[0] = one;\n@task depend(in: one)\na[1] = one; }",
        " depend(in: one)",
    ),
    "if (0) with depend": (
        "@parallel\n@single\n{\n@task depend(inout: one)\none = 1;\n@task depend(in: one) if (0)\n;\na[0] = one; }",
        None,
    ),
    "taskgroup": (
        "@parallel\n@single\n{\n@taskgroup\n{\n@task\n{\n@task\na[0] = 1;\n} }\nusleep(20000); sum = a[0]; }",
        "@taskgroup\n",
    ),
    "taskloop": (
        "@parallel\n@single\n{\n@taskloop num_tasks(8)\nfor (int i = 0; i < N; i++) a[i] = i;\n"
        "for (int i = 0; i < N; i++) sum += a[i]; }\nif (sum != 2016) return 1;",
        None,
    ),
    "firstprivate task": (
        "@parallel\n@single\nfor (int i = 0; i < 8; i++) { int copy[4] = {i, i, i, i};\n"
        "@task firstprivate(copy, i)\na[i] = copy[3]; }\nfor (int i = 0; i < 8; i++) sum += a[i];\nif (sum != 28) return 1;",
        None,
    ),
    "doacross": (
        "@parallel for ordered(1)\nfor (int i = 1; i < N; i++) {\n@ordered depend(sink: i - 1)\n"
        "a[i] = a[i - 1] + 1;\n@ordered depend(source)\n}\nif (a[N - 1] != N - 1) return 1;",
        None,
    ),
    "nested": (
        "omp_set_max_active_levels(2);\n@parallel num_threads(2)\n{ int t = omp_get_thread_num();\n"
        "@parallel for num_threads(2)\nfor (int i = 0; i < 8; i++) a[8 * t + i] = i; }",
        None,
    ),
}
RACES = [name for name, (_, left_out) in ORDERED.items() if left_out]


def program(*bodies: str) -> str:
    """Runs the bodies one after the other; its exit code is the number of the first that finds a wrong value."""
    functions = [f"static int body{number}(void) {{\n{body}\nreturn 0; }}\n" for number, body in enumerate(bodies)]
    calls = [f"reset(); if (body{number}()) return {number + 1};\n" for number in range(len(bodies))]
    reset = "static void reset(void) { memset(a, 0, sizeof a); memset(b, 0, sizeof b); sum = one = 0; }\n"
    text = HEAD + reset + "".join(functions) + "int main(void) {\n" + "".join(calls) + "return 0; }\n"
    return text.replace("@", "#pragma omp ")


@pytest.mark.parametrize("compiler", COMPILERS)
def test_correct_programs_are_silent(boxed, compiler):
    # Archer of clang 14 crashes on the first and calls the second a race.
    unknown = set() if compiler == "gcc" else {"if (0) with depend", "doacross"}
    names = [name for name in ORDERED if name not in unknown]
    bodies = [ORDERED[name][0] for name in names]
    result = boxed.run(program(*bodies), openmp=True, sanitize=("thread",), compiler=compiler)
    assert (result.status, result.diagnostics) == (Status.OK, ()), result.stderr


@pytest.mark.parametrize("construct", RACES)
def test_without_its_order_it_is_a_race(boxed, construct):
    body, left_out = ORDERED[construct]
    # What is done may happen to be ordered by the schedule of one run.
    for _ in range(5):
        result = boxed.run(program(body.replace(left_out, "")), openmp=True, sanitize=("thread",))
        if result.status == Status.RACE:
            break
    assert result.status == Status.RACE, result
    assert result.diagnostics[0].file == "main.c"


def test_a_race_is_seen_by_the_tool_of_clang(boxed):
    body, left_out = ORDERED["critical"]
    racy = boxed.run(program(body.replace(left_out, "")), openmp=True, sanitize=("thread",), compiler="clang")
    assert (racy.status, racy.diagnostics[0].file) == (Status.RACE, "main.c")


def test_a_firstprivate_object_of_cxx_is_copied_once_and_destroyed(boxed):
    held = (
        "#include <atomic>\n#include <cstdio>\nstatic std::atomic<int> alive{0};\n"
        "struct Held { int x; Held(int v) : x(v) { alive++; } Held(const Held &o) : x(o.x) { alive++; } ~Held() { alive--; } };\n"
    )
    source = held + (
        "int main() { int out[8] = {0};\n#pragma omp parallel\n#pragma omp single\n"
        "for (int i = 0; i < 8; i++) { Held held(i);\n#pragma omp task firstprivate(held, i) shared(out)\n"
        'out[i] = held.x; }\nint s = 0; for (int v : out) s += v; std::printf("%d %d\\n", s, alive.load()); }\n'
    )
    result = boxed.run(source, "main.cpp", openmp=True, sanitize=("thread",))
    assert (result.status, result.stdout) == (Status.OK, "28 0\n")
