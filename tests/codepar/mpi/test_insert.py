from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from codepar.errors import InvalidInput
from codepar.mpi.holes import HOLE
from codepar.mpi.insert import insert
from codepar.mpi.remove import strip
from codepar.mpi.stripped import Stripped

PROGRAM = """#include <mpi.h>
#include <stdio.h>

static void exchange(double *left, double *right, int n, int peer)
{
    MPI_Status status;
    MPI_Sendrecv(left, n, MPI_DOUBLE, peer, 0,
                 right, n, MPI_DOUBLE, peer, 0, MPI_COMM_WORLD, &status);
}

int main(int argc, char **argv)
{
    int rank, size;
    double start, a[4] = {0}, b[4];

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    start = MPI_Wtime();
    for (int step = 0; step < 10; step++) {
        a[0] += step;
        exchange(a, b, 4, rank ^ 1);
        if (rank == 0) MPI_Barrier(MPI_COMM_WORLD);
        a[1] += step; MPI_Bcast(a, 4, MPI_DOUBLE, 0, MPI_COMM_WORLD); a[2] += step;
    }
    MPI_Reduce(a, b, 4, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD); MPI_Barrier(MPI_COMM_WORLD);
    if (MPI_Wtime() - start > 1.0) {
        printf("%d slow\\n", rank);
    }
    printf("%f\\n", b[0]);
    MPI_Finalize();
    return 0;
}
"""


def edited(text, change):
    stripped = strip(text, "a.c")
    source = change(stripped.source)
    assert source != stripped.source
    return insert(stripped.model_copy(update={"source": source})), source


def test_unchanged_it_is_the_original(program):
    text, path = program
    stripped = strip(text, path)
    assert insert(stripped) == text
    assert insert(Stripped.model_validate_json(stripped.model_dump_json())) == text
    assert insert(stripped.model_copy(update={"base": None})) == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("#include <stdio.h>\n", "#include <stdio.h>\n#include <math.h>\n\n/* new */\n"),
        ("#include <stdio.h>\n", ""),
        ("    int rank, size;\n", "    int rank;\n    int size;\n"),
        ("    for (int step = 0; step < 10; step++) {\n", "    for (int step = 0; step < 20; ++step) {\n"),
        ("        a[0] += step;\n", "        a[0] += step;\n        a[3] -= step;\n"),
        ('    printf("%f\\n", b[0]);\n', '    b[0] *= 2;\n    printf("%f %f\\n", b[0],\n           b[1]);\n'),
        ("    return 0;\n", "    return rank < 0;\n"),
        ("static void exchange", "static int unused;\n\nstatic void exchange"),
    ],
)
def test_after_an_edit_elsewhere_every_call_is_in_its_place(old, new):
    result, source = edited(PROGRAM, lambda text: text.replace(old, new))
    assert result == PROGRAM.replace(old, new)
    assert strip(result, "a.c").source == source


def test_a_changed_line_with_a_hole_or_amid_which_a_call_stood():
    for old, new in [
        ("- start > 1.0", "- start > 2.5"),
        ("a[1] += step;", "a[1] += 2 * step;"),
        ("if (rank == 0)", "if (rank == 1)"),
        ("    start =", "        start  ="),
    ]:
        result, _ = edited(PROGRAM, lambda text, old=old, new=new: text.replace(old, new))
        assert result == PROGRAM.replace(old, new)


def test_a_moved_function_takes_its_calls_along():
    start, end = PROGRAM.index("static void"), PROGRAM.index("int main")
    function = PROGRAM[start:end]
    moved = PROGRAM[:start] + "static void exchange(double *, double *, int, int);\n\n" + PROGRAM[end:] + "\n" + function
    stripped = strip(PROGRAM, "a.c")
    result = insert(stripped.model_copy(update={"source": strip(moved, "a.c").source}))
    assert result == moved


def test_a_call_whose_hole_was_deleted_comes_back_as_a_statement():
    result, _ = edited(PROGRAM, lambda text: text.replace("    start = 0.0/* mpi: double */;\n", "    start = 0;\n"))
    assert "    start = 0;\n" in result
    assert result.count("MPI_Wtime()") == 2
    assert "MPI_Wtime();" in result


def test_other_newlines_are_respected():
    crlf = PROGRAM.replace("\n", "\r\n")
    result, _ = edited(crlf, lambda text: text.replace("\r\n", "\n"))
    assert result == PROGRAM


def test_an_object_without_its_base_still_loses_nothing():
    stripped = strip(PROGRAM, "a.c")
    changed = stripped.source.replace("    int rank, size;\n", "    int rank;\n    int size;\n")
    result = insert(stripped.model_copy(update={"source": changed, "base": None}))
    assert strip(result, "a.c").source.split() == changed.split()
    assert Counter(call.function for call in strip(result, "a.c").calls) == Counter(call.function for call in stripped.calls)


@pytest.mark.parametrize(
    "span",
    [(9999, 9999), (5, 2), (3, 8)],
)
def test_spans_that_do_not_fit_are_refused(span):
    dumped = strip(PROGRAM, "a.c").model_dump()
    dumped["calls"][0]["span"] = span
    with pytest.raises((InvalidInput, ValidationError), match="span"):
        insert(Stripped.model_validate(dumped))


def test_a_span_that_cuts_a_character_is_refused():
    stripped = strip("int f() { /* é */ x = MPI_Foo(a); }", "a.c")
    call = stripped.calls[0].model_copy(update={"span": (14, 14), "inline": False})
    with pytest.raises(InvalidInput, match="cuts a character"):
        insert(stripped.model_copy(update={"calls": (call,)}))


_LINES = len(strip(PROGRAM, "a.c").source.split("\n"))
_NEW_LINES = st.sampled_from(["/* note */", "// note", "    int added = 1;", "    a[0] = 1.0;", "", "#define ADDED 1"])
_EDITS = st.lists(st.tuples(st.sampled_from(["insert", "change", "delete"]), st.integers(0, _LINES - 1), _NEW_LINES), max_size=6)


def _apply(lines, edits):
    """Edit lines that hold no hole; a change keeps the statement, a deletion takes only whole plain statements and blanks."""
    for kind, number, new in edits:
        index = number % len(lines)
        line = lines[index]
        if kind == "insert":
            lines.insert(index, new)
        elif HOLE.search(line):
            continue
        elif kind == "change":
            lines[index] = f"{line} /* changed */"
        elif (line.startswith("    ") and line.rstrip().endswith(";")) or not line.strip():
            del lines[index]
    return lines


@settings(max_examples=200, deadline=None)
@given(_EDITS)
def test_whatever_is_edited_elsewhere_every_call_is_there_once(edits):
    stripped = strip(PROGRAM, "a.c")
    source = "\n".join(_apply(stripped.source.split("\n"), edits))
    result = insert(stripped.model_copy(update={"source": source}))
    again = strip(result, "a.c")
    assert [(c.function, c.arguments) for c in again.calls] == [(c.function, c.arguments) for c in stripped.calls]
    assert again.source == source


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_is_lost_even_when_the_source_is_torn_up(data):
    stripped = strip(PROGRAM, "a.c")
    lines = stripped.source.split("\n")
    source = "\n".join(data.draw(st.permutations(lines))[: data.draw(st.integers(0, len(lines)))])
    result = insert(stripped.model_copy(update={"source": source}))
    for call in stripped.calls:
        assert result.count(call.removed.strip().removesuffix(";")) >= 1
    wanted = Counter(call.removed.strip().removesuffix(";") for call in stripped.calls)
    assert all(result.count(text) >= count for text, count in wanted.items())
