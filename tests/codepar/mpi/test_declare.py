import pytest

from codepar.mpi.apply import apply_edits
from codepar.mpi.complete import Completer
from codepar.mpi.declare import handle_type, with_declarations
from codepar.mpi.headers import load_signatures
from codepar.mpi.remove import strip
from codepar.mpi.rules_check import RuleBroken
from codepar.protocols import Generation
from codepar.syntax.tree import parse

SOURCE = """#include <mpi.h>
#define PARTS 3
int main(int argc, char **argv)
{
    int rank, size, n = 4, x[8];
    if (rank == 0) {
        x[0] = n;
    }
    x[1] = size;
    return 0;
}
"""


@pytest.fixture(scope="module")
def signatures():
    return load_signatures()


@pytest.fixture
def completed(signatures):
    """The program after what a model said, with the declarations and the drops."""

    def _complete(labels, source=SOURCE):
        completer = Completer(parse(source, path="main.c"), signatures, declares=True)
        answer = Generation(text=f" parallel {labels}", finish_reason="stop", prompt_tokens=1, completion_tokens=1)
        proposal = completer.read_answer(answer)
        edits, dropped = with_declarations(completer.rules, proposal.edits)
        return apply_edits(source, edits), edits, [*proposal.dropped, *dropped]

    return _complete


def declarations(edits):
    return [(edit.after_line, edit.text) for edit in edits if edit.kind == "declaration"]


def test_a_status_is_declared_at_the_top_of_the_function(completed):
    text, edits, dropped = completed("(8 1, MPI_Recv(x, 8, MPI_INT, 0, 0, MPI_COMM_WORLD, &status);)")
    assert declarations(edits) == [(4, "MPI_Status status;")]
    assert "{\n    MPI_Status status;\n    int rank" in text
    assert not parse(text, path="main.c").root.has_error
    assert dropped == []
    (declared, call) = edits
    assert (declared.function, declared.arguments, declared.origin, call.kind) == ("", (), "model", "call")


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (
            "(8 1, MPI_Isend(x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &reqs[0]);)"
            " (8 2, MPI_Irecv(x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &reqs[1]);)"
            " (9 1, MPI_Waitall(2, reqs, MPI_STATUSES_IGNORE);)",
            [(4, "MPI_Request reqs[2];")],
        ),
        (
            "(8 1, MPI_Isend(x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &reqs[n - 1]);)"
            " (9 1, MPI_Waitall(n, reqs, MPI_STATUSES_IGNORE);)",
            [(8, "MPI_Request reqs[n];")],
        ),
        (
            "(8 1, MPI_Isend(x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, reqs + n);)"
            " (9 1, MPI_Waitall(PARTS, reqs, MPI_STATUSES_IGNORE);)",
            [(4, "MPI_Request reqs[PARTS];")],
        ),
        (
            "(5 1, MPI_Comm_split(MPI_COMM_WORLD, n, 0, &half);) (9 1, MPI_Barrier(half);)",
            [(4, "MPI_Comm half;")],
        ),
        ("(5 1, MPI_Probe(0, 0, MPI_COMM_WORLD, &st);) (5 2, MPI_Get_count(&st, MPI_INT, &n);)", [(4, "MPI_Status st;")]),
    ],
)
def test_what_several_calls_share_is_declared_once(completed, calls, expected):
    text, edits, dropped = completed(calls)
    assert declarations(edits) == expected
    assert dropped == []
    assert not parse(text, path="main.c").root.has_error


@pytest.mark.parametrize(
    ("calls", "rule"),
    [
        ("(9 1, MPI_Wait(&request, MPI_STATUS_IGNORE);)", "no call gives it a value"),
        ("(9 1, MPI_Barrier(half);)", "no call gives it a value"),
        (
            "(5 1, MPI_Comm_dup(MPI_COMM_WORLD, &both);) (9 1, MPI_Recv(x, 8, MPI_INT, 0, 0, MPI_COMM_WORLD, &both);)",
            "as MPI_Comm and as MPI_Status",
        ),
        ("(9 1, MPI_Isend(x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &reqs[n]);)", "cannot be declared"),
        (
            "(7 1, MPI_Isend(x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &reqs[n - 1]);)"
            " (9 1, MPI_Waitall(n, reqs, MPI_STATUSES_IGNORE);)",
            "cannot be declared",
        ),
        ("(9 1, MPI_Bcast(nowhere, 1, MPI_INT, 0, MPI_COMM_WORLD);)", "`nowhere` is not in scope"),
    ],
)
def test_what_cannot_be_declared_is_dropped(completed, calls, rule):
    _, edits, dropped = completed(calls)
    assert declarations(edits) == []
    assert rule in dropped[0].rule
    assert all("request" not in edit.text for edit in edits)


def test_without_leave_nothing_is_declared(signatures):
    rules = Completer(parse(SOURCE, path="main.c"), signatures).rules
    with pytest.raises(RuleBroken, match="`status` is not in scope"):
        rules.check(8, "MPI_Recv(x, 8, MPI_INT, 0, 0, MPI_COMM_WORLD, &status);", inline=False)


def test_the_right_calls_bring_a_stripped_program_back(completed):
    original = SOURCE.replace("    if (rank", "    MPI_Status status;\n    if (rank").replace(
        "    x[1]", "    MPI_Recv(x, 8, MPI_INT, 0, 0, MPI_COMM_WORLD, &status);\n    x[1]"
    )
    stripped = strip(original, "main.c", level="declarations")
    (call,) = stripped.calls
    text, edits, _ = completed(f"({call.after_line} 1, {call.removed.strip()})", stripped.source)
    assert "MPI_Status status;" in text
    assert [edit.kind for edit in edits] == ["declaration", "call"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MPI_Status *", "MPI_Status"),
        ("MPI_Request[]", "MPI_Request"),
        ("const MPI_Datatype[]", "MPI_Datatype"),
        ("MPI_Comm", "MPI_Comm"),
        ("int *", None),
        ("void *", None),
        ("MPI_User_function *", None),
    ],
)
def test_handle_type(text, expected):
    assert handle_type(text) == expected
