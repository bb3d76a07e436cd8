"""Coverage of real runs: lines, branches, several units, ranks, templates; and programs that leave no counts or false ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codepar.project import Project
from codepar.protocols import Coverage, Status
from worker.toolchains import coverage

DECISIONS = """#include <stdio.h>
static int kind(int x) {
    if (x > 3 && x < 10)
        return 1;
    return x ? 2 : 3;
}
int main(int c, char **v) {
    int s = 0;
    for (int i = 0; i < c; i++) s += kind(i);
    printf("%d\\n", s);
    return 0;
}
"""


def counts(found: Coverage, file: str) -> dict[int, int]:
    return next({one.line: one.count for one in each.lines} for each in found.files if each.file == file)


def test_lines_and_branches_of_a_run(boxed):
    result = boxed.run(DECISIONS, coverage=True)
    assert (result.status, result.stdout) == (Status.OK, "3\n")
    assert result.coverage is not None
    lines = counts(result.coverage, "main.c")
    assert (lines[3], lines[4], lines[5], lines[8]) == (1, 0, 1, 1)
    assert (result.coverage.lines.taken, result.coverage.lines.total) == (len(lines) - 1, len(lines))
    # x > 3: both ways out are there, one was taken; x < 10: neither.
    assert [one.count for one in result.coverage.files[0].branches if one.line == 3] == [0, 1, 0, 0]


def test_more_input_takes_more_branches(boxed):
    few = boxed.run(DECISIONS, coverage=True)
    more = boxed.run(DECISIONS, coverage=True, arguments=tuple("abcdefgh"))
    assert more.cached
    assert few.coverage.branches.total == more.coverage.branches.total
    assert few.coverage.branches.taken < more.coverage.branches.taken
    assert counts(more.coverage, "main.c")[4] == 5


def test_trusted_runs_count_alike_and_leave_nothing(boxed, trusted, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = trusted.run(DECISIONS, coverage=True)
    assert result.coverage == boxed.run(DECISIONS, coverage=True).coverage
    assert list(tmp_path.iterdir()) == []


def test_units_in_folders_headers_and_templates(boxed):
    files = {
        "src/main.cpp": '#include "twice.h"\nint half(int);\nint main() { return twice(half(4)) - 4 + int(twice(0.5) - 1.0); }\n',
        "src/half.c": "int never(void) { return 1; }\nint half(int x) {\n    return x / 2;\n}\n",
        "include/twice.h": "template <class T> T twice(T x) {\n    return x + x;\n}\n",
    }
    files["src/main.cpp"] = files["src/main.cpp"].replace("int half(int);", 'extern "C" int half(int);')
    result = boxed.run(Project(files=files), coverage=True)
    assert result.status == Status.OK, result
    assert sorted(file.file for file in result.coverage.files) == ["include/twice.h", "src/half.c", "src/main.cpp"]
    assert counts(result.coverage, "include/twice.h")[2] == 2
    assert counts(result.coverage, "src/half.c") == {1: 0, 2: 1, 3: 1}


def test_ranks_are_summed(boxed):
    source = (
        "#include <mpi.h>\nint main(int c, char **v) {\n    int r;\n"
        "    MPI_Init(&c, &v);\n    MPI_Comm_rank(MPI_COMM_WORLD, &r);\n"
        "    if (r == 1)\n        r = 5;\n    MPI_Finalize();\n    return 0;\n}\n"
    )
    result = boxed.run(source, ranks=3, coverage=True)
    assert result.status == Status.OK, result
    lines = counts(result.coverage, "main.c")
    assert (lines[4], lines[7]) == (3, 1)


def test_the_bodies_of_openmp_regions_are_said_to_be_missing(boxed):
    source = (
        "int main(void) {\n    long s = 0;\n#pragma omp parallel for reduction(+:s) num_threads(4)\n"
        "    for (int i = 0; i < 20000; i++)\n        s += i;\n    return s == 0;\n}\n"
    )
    result = boxed.run(source, coverage=True, openmp=True)
    assert 5 not in counts(result.coverage, "main.c")
    assert coverage.OUTLINED in [one.message for one in result.diagnostics]


def test_threads_lose_no_count(boxed):
    source = (
        "#include <pthread.h>\nint n;\nvoid *count(void *p) {\n    for (int i = 0; i < 20000; i++)\n"
        "        __sync_fetch_and_add(&n, 1);\n"
        "    return p;\n}\nint main(void) {\n    pthread_t t[3];\n"
        "    for (int i = 0; i < 3; i++) pthread_create(t + i, 0, count, 0);\n"
        "    for (int i = 0; i < 3; i++) pthread_join(t[i], 0);\n    return 0;\n}\n"
    )
    result = boxed.run(source, coverage=True)
    assert counts(result.coverage, "main.c")[5] == 60000


def test_a_program_that_is_killed_says_why_there_is_no_coverage(boxed):
    result = boxed.run("int main(void) { __builtin_trap(); }\n", coverage=True)
    assert (result.status, result.coverage) == (Status.RUNTIME_ERROR, None)
    assert coverage.NO_COUNTS in [one.message for one in result.diagnostics]


def test_forged_counts_change_no_status(boxed):
    source = (
        '#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\nint main(void) { system("mkdir -p .codepar/coverage");\n'
        'FILE *f = fopen(".codepar/coverage/0.gcda", "w"); for (int i = 0; i < 999; i++) fputc(i, f); fclose(f); _exit(0); }\n'
    )
    result = boxed.run(source, coverage=True)
    assert (result.status, result.exit_code) == (Status.OK, 0)


def test_what_cannot_be_counted_is_unsupported(boxed):
    files = {"main.c": DECISIONS, "Makefile": "main: main.c\n\t$(CC) -o main main.c\n"}
    assert boxed.run(Project(files=files, build="make"), coverage=True).status == Status.UNSUPPORTED
    assert boxed.run(DECISIONS, coverage=True, compiler="clang").status == Status.UNSUPPORTED


def test_coverage_goes_with_sanitizers(boxed):
    result = boxed.run(DECISIONS, coverage=True, sanitize=("address", "undefined"))
    assert result.status == Status.OK
    assert counts(result.coverage, "main.c")[3] == 1


@given(
    st.text(max_size=200)
    | st.sampled_from(['{"files": [{}]}', '{"files": 3}', "[]", '{"files": [{"file": "a.c", "lines": [{}]}]}'])
)
def test_what_is_no_document_of_gcov_is_passed_over(text):
    assert coverage.parse(text, ["a.c"]) is None
