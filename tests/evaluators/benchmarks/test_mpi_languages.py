"""Programs of other languages: what is wanted of them, where, and what a name of theirs counts as."""

import json

import pytest

from codepar.errors import InvalidInput, NotFound
from codepar.mpi.remove import strip
from evaluators.benchmarks.mpi_languages import is_languages, load, row_of
from evaluators.calls import ProposedCall
from evaluators.samples import Sample
from evaluators.scoring import Pair, count, rates

FORTRAN = """program p
  integer :: me, ierr
  ! first of all
  CALL MPI_INIT(ierr)

  call mpi_comm_rank(MPI_COMM_WORLD, ME, ierr)
  print *, me
  call MPI_Finalize(ierr)
end program p
"""
PYTHON = """from mpi4py import MPI
comm = MPI.COMM_WORLD
rank = comm.Get_rank()
if rank == 0:
    comm.send([1], dest=1)
"""


@pytest.fixture
def data(tmp_path):
    rows = [
        row_of("ada/waves", "src/p.f90", "development", strip(FORTRAN, "p.f90")),
        row_of("bob/ring", "ring.py", "set_aside", strip(PYTHON, "ring.py")),
    ]
    path = tmp_path / "programs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_wanted_calls_have_one_spelling(data):
    (fortran,) = load(data, "fortran")
    assert [(call.function, call.arguments) for call in fortran.wanted("corrected")] == [
        ("MPI_Init", "ierr"),
        ("MPI_Comm_rank", "mpi_comm_world,me,ierr"),
        ("MPI_Finalize", "ierr"),
    ]
    (python,) = load(data, "python", "set_aside")
    assert [(call.function, call.arguments) for call in python.wanted("corrected")] == [
        ("Get_rank", "comm"),
        ("send", "comm,[1],dest=1"),
    ]


def test_blank_lines_and_comments_make_no_other_place(data):
    (task,) = load(data, "fortran")
    assert [task.at_gap(call).line for call in task.wanted("corrected")] == [2, 2, 5]


@pytest.mark.parametrize("line", [2, 3, 4])
def test_a_call_in_the_right_gap_is_right_however_it_is_spelt(data, line):
    (task,) = load(data, "fortran")
    edits = (ProposedCall(after_line=line, function="MPI_Init", arguments=("IERR",)),)
    counts = count([Pair(Sample(task_id=task.task_id, edits=edits), task)], ("corrected",), None)
    found = rates(counts, ("corrected",))
    assert found["whole_call_precision"].value == 1.0
    assert found["whole_call_recall"].value == pytest.approx(1 / 3)


def test_one_language_and_one_half_are_taken(data, tmp_path):
    assert [task.path for task in load(data)] == ["src/p.f90", "ring.py"]
    with pytest.raises(InvalidInput, match="no such program in python"):
        load(data, "python", "development")
    with pytest.raises(NotFound):
        load(tmp_path / "none.jsonl", "python")
    data.write_text("{}\n")
    with pytest.raises(InvalidInput, match="line 1"):
        load(data)


def test_samples_of_the_benchmark_are_told(tmp_path):
    samples = tmp_path / "s.jsonl"
    samples.write_text('{"benchmark": "mpi-languages", "task_id": "a"}\n')
    assert is_languages(samples)
    samples.write_text('{"benchmark": "hpcorpusmpi", "task_id": "a"}\n')
    assert not is_languages(samples)
