import ast

import pytest

from codepar.errors import InvalidInput
from codepar.mpi.complete import Completer
from codepar.mpi.foreign import read_foreign, turned_back
from codepar.mpi.headers import load_signatures
from codepar.mpi.program import read_program
from codepar.mpi.proposal import Edit
from codepar.mpi.remove import strip
from codepar.syntax.language import Language

ORIGINAL = """from mpi4py import MPI
import numpy as np

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()
start = MPI.Wtime()
if rank == 0:
    data = list(range(size))
else:
    data = None
data = comm.bcast(data, root=0)
local = np.ones(4)
whole = np.zeros(4)
comm.Reduce(local, whole, op=MPI.SUM, root=0)
if rank == 0:
    for i in range(1, size):
        note = comm.recv(source=i)
        print(note)
else:
    comm.send(data, dest=0)
print(rank, whole, MPI.Wtime() - start)
"""


@pytest.fixture(scope="module")
def signatures():
    return load_signatures()


def reading(text, signatures):
    return read_foreign(text, "p.py", Language.PYTHON, signatures)


def call(line, function, *arguments):
    text = f"{function}({', '.join(arguments)});"
    return Edit(after_line=line, text=text, function=function, arguments=arguments, confidence=0.5, origin="model")


def row_before(program, start):
    """The line of the C text before the first one that begins so."""
    lines = program.as_c.split("\n")
    return next(number for number, line in enumerate(lines) if line.startswith(start))


def test_holes_tell_what_they_held(signatures):
    program = reading(strip(ORIGINAL, "p.py").source, signatures)
    edits, _ = turned_back(program, Completer(read_program(program.as_c, "a.c"), signatures, "a.c").by_rules())
    assert {(edit.after_line, edit.text) for edit in edits} >= {
        (5, "comm.Get_rank()"),
        (6, "comm.Get_size()"),
        (7, "MPI.Wtime()"),
        (12, "comm.bcast(data, root=0)"),
        (17, "comm.recv(source=i)"),
    }
    assert all(edit.inline for edit in edits if edit.after_line in {5, 6, 7, 12, 17})
    ast.parse(program.applied(edits))


def test_without_guesses_the_holes_wait_for_a_call(signatures):
    program = reading(strip(ORIGINAL, "p.py").source, signatures)
    assert turned_back(program, [], guess=False) == ([], [])


def test_calls_found_in_c_take_buffers_where_they_stand_alone(signatures):
    stripped = strip(ORIGINAL, "p.py").source
    program = reading(stripped, signatures)
    line = row_before(program, "if (rank == 0) {")
    gap = program.as_c.split("\n").index("if (rank == 0) {", line + 1)
    given = ("local", "whole", "4", "MPI_DOUBLE", "MPI_SUM", "0", "MPI_COMM_WORLD")
    edits, dropped = turned_back(program, [call(gap, "MPI_Reduce", *given)], guess=False)
    assert [edit.text for edit in edits] == ["comm.Reduce(local, whole, op=MPI.SUM, root=0)"]
    assert not dropped
    completed = program.applied(edits)
    assert "whole = np.zeros(4)\ncomm.Reduce(local, whole, op=MPI.SUM, root=0)\nif rank == 0:\n" in completed


@pytest.mark.parametrize(
    ("proposed", "reason"),
    [
        (("MPI_Send", "other", "1", "MPI_INT", "0", "0", "MPI_COMM_WORLD"), "`other` is not in scope"),
        (("MPI_Bcast", "size", "1", "MPI_INT", "0", "MPI_COMM_WORLD"), "is no array"),
        (("MPI_Type_commit", "&size"), "is not said in mpi4py"),
        (("MPI_Send", "size", "1", "MPI_INT", "sizeof(size)", "0", "MPI_COMM_WORLD"), "no like in Python"),
    ],
)
def test_what_mpi4py_cannot_say_is_dropped_with_the_reason(signatures, proposed, reason):
    program = reading(strip(ORIGINAL, "p.py").source, signatures)
    edits, dropped = turned_back(program, [call(row_before(program, "whole = "), *proposed)], guess=False)
    assert not edits
    assert reason in dropped[0].rule


def test_a_statement_at_the_end_of_a_block_is_indented_as_the_block(signatures):
    program = reading("from mpi4py import MPI\nif MPI:\n    x = 1\n# remark\ny = 2\n", signatures)
    gap = program.as_c.split("\n").index("}")
    edits, _ = turned_back(program, [call(gap, "MPI_Barrier", "MPI_COMM_WORLD")])
    assert program.applied(edits) == (
        "from mpi4py import MPI\nif MPI:\n    x = 1\n    MPI.COMM_WORLD.Barrier()\n# remark\ny = 2\n"
    )


def test_a_rank_that_nobody_sets_is_asked_for(signatures):
    program = reading("from mpi4py import MPI\nprint(rank)\n", signatures)
    edits, _ = turned_back(program, Completer(read_program(program.as_c, "a.c"), signatures, "a.c").by_rules())
    assert program.applied(edits) == "from mpi4py import MPI\nrank = MPI.COMM_WORLD.Get_rank()\nprint(rank)\n"


def test_complete_programs_lack_nothing_and_prose_is_refused(signatures):
    assert reading(ORIGINAL, signatures).is_complete
    assert not reading(strip(ORIGINAL, "p.py").source, signatures).is_complete
    for text in ("", "Dear Sir or Madam, this is a letter: it has (no code.\n" * 3):
        with pytest.raises(InvalidInput):
            reading(text, signatures)


def test_line_ends_are_kept(signatures):
    program = reading("from mpi4py import MPI\r\nprint(rank)\r\n", signatures)
    edits, _ = turned_back(program, Completer(read_program(program.as_c, "a.c"), signatures, "a.c").by_rules())
    assert program.applied(edits).count("\r\n") == program.applied(edits).count("\n") == 3
