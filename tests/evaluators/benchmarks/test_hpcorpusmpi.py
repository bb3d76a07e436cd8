"""The published form becomes programs that parse, line by line the same."""

import json

import pytest

from codepar.errors import InvalidInput, NotFound
from codepar.mpi.holes import find_holes
from codepar.mpi.program import read_program
from evaluators.benchmarks.hpcorpusmpi import load, with_holes


def test_programs_belong_to_repositories(tasks):
    assert [(task.task_id, task.repository) for task in tasks] == [
        ("ada_waves_1", "ada_waves"),
        ("ada_waves_2", "ada_waves"),
        ("bob_ring-code_1", "bob_ring-code"),
    ]


def test_lines_stay_where_they_are_and_the_cut_line_gets_its_hole(tasks):
    lines = tasks[0].source.split("\n")
    assert lines[0] == "int main(int argc, char **argv)"
    assert lines[7] == "  t0 = 0.0/* mpi: double */;"
    assert [(hole.line, hole.type) for hole in find_holes(tasks[0].source)] == [(8, "double")]
    assert read_program(tasks[0].source, "main.c").errors == ()


def test_corrected_labels_meet_the_hole_and_the_statements(tasks):
    original = [(call.line, call.function) for call in tasks[0].wanted("original")]
    corrected = [(call.line, call.function) for call in tasks[0].wanted("corrected")]
    assert original[3:] == [(7, "MPI_Wtime"), (8, "MPI_Reduce"), (9, "MPI_Finalize")]
    assert corrected[3:] == [(8, "MPI_Wtime"), (9, "MPI_Reduce"), (10, "MPI_Finalize")]


@pytest.mark.parametrize(
    ("before", "line", "hole"),
    [
        ("int err;", "  err =", "0/* mpi: int */;"),
        ("", "  double begin =", "0.0/* mpi: double */;"),
        ("double a[3], begin;", "  begin = ", "0.0/* mpi: double */;"),
        ("double ts[4];", "  ts[i] =", "0.0/* mpi: double */;"),
        ("double total;", "  total +=", "0.0/* mpi: double */;"),
        ("float x;", "  unknown =", "0/* mpi: int */;"),
    ],
)
def test_the_type_of_a_hole_is_that_of_the_variable(before, line, hole):
    assert with_holes(f"{before}\n{line}").endswith(f"= {hole}")


@pytest.mark.parametrize("line", ["  if (a ==", "  x = 3;", "  while (a <=", '  printf("=");'])
def test_other_lines_are_left_alone(line):
    assert with_holes(line) == line


def test_programs_of_one_name_are_told_apart(tmp_path, write_rows, data):
    row = json.loads(data.read_text().splitlines()[0])
    names = [task.task_id for task in load(write_rows(tmp_path / "twice.jsonl", [row, row]))]
    assert names == ["ada_waves_1", "ada_waves_1#2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no program"),
        ("{}\n", "line 1: not a program"),
        ("[" * 5000, "line 1: not a program"),
        ('{"program": "a_1", "code": "1: int x;\\n3: int y;", "mpi_labels": ""}', "line 2 of a program is not numbered"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, text, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NotFound, match="does not exist"):
        load(tmp_path / "none.jsonl")
