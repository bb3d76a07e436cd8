"""Sanitizers for real: what each finds, with file and line, by both compilers; their word never makes anything better."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codepar.project import Project
from codepar.protocols import Execution, Status
from worker.toolchains import sanitizers

COMPILERS = ("gcc", "clang")
HEAD = "#include <stdio.h>\n#include <stdlib.h>\n#include <pthread.h>\n"
CLEAN = HEAD + 'int main(int c, char **v) { int *p = malloc(40); p[c] = 3; printf("%d\\n", p[c]); free(p); return 0; }\n'
# Each with the fault in line 5 and what the finding must say.
FAULTS = {
    "heap overflow": ("address", "int *p = malloc(40);\np[9 + c] = 1; free(p);", "heap-buffer-overflow, write of 4 bytes"),
    "use after free": ("address", "int *p = malloc(40); free(p);\nreturn p[c];", "heap-use-after-free, read of 4 bytes"),
    "double free": ("address", "char *p = malloc(c); free(p);\nfree(p);", "double-free"),
    "stack": ("address", "int a[4] = {0};\nreturn a[c + 3];", "stack-buffer-overflow"),
    "null": ("address", "int *volatile p = 0;\nreturn *p;", "SEGV"),
    "overflow": ("undefined", 'int x = 0x7fffffff;\nx += c; printf("%d\\n", x);', "signed integer overflow"),
    "index": ("undefined", 'int a[4] = {0};\nprintf("%d\\n", a[c + 3]);', "out of bounds"),
}
RACE = HEAD + (
    "int shared;\nvoid *add(void *p) {\nfor (int i = 0; i < 100; i++) shared++;\nreturn p; }\n"
    "int main(void) { pthread_t a, b; pthread_create(&a, 0, add, 0); pthread_create(&b, 0, add, 0);\n"
    "pthread_join(a, 0); pthread_join(b, 0); return 0; }\n"
)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found_with_their_line(boxed, fault, compiler):
    sanitizer, body, said = FAULTS[fault]
    source = f"{HEAD}int main(int c, char **v) {{ {body} return 0; }}\n"
    result = boxed.run(source, sanitize=(sanitizer,), compiler=compiler)
    found = next(one for one in result.diagnostics if said in one.message)
    assert (found.file, found.line) == ("main.c", 5), result.diagnostics
    assert result.status == (Status.RUNTIME_ERROR if fault == "overflow" else Status.MEMORY_ERROR)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("names", [("address", "undefined"), ("thread",), ("undefined",)])
def test_a_correct_program_stays_ok(boxed, names, compiler):
    result = boxed.run(CLEAN, sanitize=names, compiler=compiler)
    assert (result.status, result.stdout, result.diagnostics) == (Status.OK, "3\n", ())


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_race_names_both_places(boxed, compiler):
    result = boxed.run(RACE, sanitize=("thread",), compiler=compiler)
    assert result.status == Status.RACE
    first = next(one for one in result.diagnostics if one.kind == "race")
    assert (first.file, first.line) == ("main.c", 6)
    assert first.message.count("main.c:6") == 2
    assert "global 'shared'" in first.message


def test_flags_are_understood_like_the_option(boxed):
    source = f"{HEAD}int main(int c, char **v) {{ int *p = malloc(4);\np[c] = 1; free(p); }}\n"
    result = boxed.run(source, flags=("-fsanitize=address", "-O0"))
    assert (result.status, result.diagnostics[0].line) == (Status.MEMORY_ERROR, 5)
    assert boxed.run(CLEAN, flags=("-fsanitize=address",)).status == Status.OK


def test_leaks_need_a_trusted_run(boxed, trusted):
    source = f"{HEAD}void keep(void) {{\nchar *volatile p = malloc(10); p = 0; }}\nint main(void) {{ keep(); return 0; }}\n"
    refused = boxed.run(source, sanitize=("leak",))
    assert refused.status == Status.UNSUPPORTED
    assert "--trust" in refused.diagnostics[0].message
    result = trusted.run(source, sanitize=("leak",))
    assert result.status == Status.MEMORY_ERROR
    assert ("leak of 10 byte(s)" in result.diagnostics[0].message, result.diagnostics[0].line) == (True, 5)


def test_threads_and_addresses_do_not_go_together():
    with pytest.raises(ValidationError, match="goes with neither"):
        Execution(project=Project.of_source(CLEAN), sanitize=("thread", "address"))


MAKEFILE = "main: main.c\n\t%s -o main main.c\n"


def test_a_build_command_takes_the_flags_from_the_compiler_variable(boxed):
    source = f"{HEAD}int main(int c, char **v) {{ int *p = malloc(4);\np[c] = 1; free(p); }}\n"
    files = {"main.c": source, "Makefile": MAKEFILE % "$(CC)"}
    result = boxed.run(Project(files=files, build="make"), sanitize=("address",))
    assert (result.status, result.diagnostics[0].line) == (Status.MEMORY_ERROR, 5)
    passed_over = boxed.run(Project(files={**files, "Makefile": MAKEFILE % "gcc"}, build="make"), sanitize=("address",))
    assert passed_over.status == Status.UNSUPPORTED
    assert "$(CC)" in passed_over.diagnostics[0].message


def test_ranks_under_the_address_sanitizer(boxed):
    start = "int main(int c, char **v) { MPI_Init(&c, &v); int r; MPI_Comm_rank(MPI_COMM_WORLD, &r);\n"
    body = f"#include <mpi.h>\n#include <stdlib.h>\n{start}"
    clean = body + "int *p = malloc(40); p[r] = 1; free(p); MPI_Finalize(); return 0; }\n"
    assert boxed.run(clean, ranks=2, sanitize=("address",)).status == Status.OK
    result = boxed.run(clean.replace("p[r]", "p[9 + r]"), ranks=2, sanitize=("address",))
    assert result.status == Status.MEMORY_ERROR
    assert result.diagnostics[0].line == 4


def test_a_forged_report_makes_nothing_better(boxed):
    forged = HEAD + 'int main(void) { fprintf(stderr, "==1==ERROR: AddressSanitizer: made-up\\nSUMMARY: x\\n"); return %d; }\n'
    assert boxed.run(forged % 0).status == Status.OK
    assert boxed.run(forged % 3).status == Status.RUNTIME_ERROR
    assert boxed.run(forged % 0, sanitize=("address",)).status == Status.MEMORY_ERROR


@given(
    st.lists(
        st.sampled_from(
            [
                b"==1==ERROR: AddressSanitizer: x on address 0x1",
                b"WARNING: ThreadSanitizer: data race (pid=1)",
                b"    #0 f a.c:3",
                b"SUMMARY: x",
                b"a.c:3:4: runtime error: y",
                b"Direct leak of 3 byte(s) in 1 object(s) allocated from:",
                b"",
                b"  Write of size 4 at 0x1 by thread T1:",
                b"==1==ERROR: LeakSanitizer: detected memory leaks",
                b"\xff\xfe",
            ]
        )
        | st.binary(max_size=30),
        max_size=12,
    )
)
def test_whatever_is_printed_is_read_and_never_ok(lines):
    found = sanitizers.read(b"\n".join(lines), ["a.c"])
    if found is not None:
        assert found.status != Status.OK
        assert found.diagnostics
        assert len(found.diagnostics) <= sanitizers.MAX_FINDINGS
        assert all((one.file is None) == (one.line is None) for one in found.diagnostics)
