"""``codepar mpi check`` as a shell sees it."""

from __future__ import annotations

import io
import json
import sys

import pytest

from codepar.cli.main import run

WRONG = """#include <mpi.h>
int main(int argc, char **argv) {
  int rank, x = 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);
  if (rank == 1) MPI_Recv(&x, 1, MPI_INT, 0, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Finalize();
}
"""


@pytest.fixture
def check(monkeypatch, capsys):
    """The command in this process: exit code, standard output, standard error."""

    def call(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run(["mpi", "check", *arguments])
        return code, *capsys.readouterr()

    return call


def test_findings_look_like_a_compilers(check, tmp_path):
    path = tmp_path / "a.c"
    path.write_text(WRONG)
    code, out, err = check(str(path))
    assert code == 1
    first, second, third = out.splitlines()
    assert first.startswith(f"{path}:7: error: MPI_Recv: rank 1 waits")
    assert first.endswith("[tag-mismatch]")
    assert second.startswith(f"{path}:6: note: MPI_Send")
    assert third.startswith(f"{path}:7: note: fix: ")
    assert "1 finding in 1 file" in err


def test_json_of_a_folder_and_of_standard_input(check, tmp_path):
    (tmp_path / "a.c").write_text(WRONG)
    (tmp_path / "right.c").write_text(WRONG.replace("0, 8", "0, 7"))
    code, out, _ = check(str(tmp_path), "--json")
    value = json.loads(out)
    assert (code, value["files"], value["programs"], value["replayed"]) == (1, 2, 2, 2)
    [finding] = value["findings"]
    assert {key: finding[key] for key in ("kind", "severity", "file", "line")} == {
        "kind": "tag-mismatch",
        "severity": "error",
        "file": "a.c",
        "line": 7,
    }
    assert finding["related"][0]["line"] == 6
    code, out, _ = check("-", "--json", stdin=WRONG)
    assert (code, json.loads(out)["findings"][0]["file"]) == (1, "main.c")


def test_a_right_program_has_nothing_on_standard_output(check, tmp_path):
    path = tmp_path / "a.c"
    path.write_text(WRONG.replace("0, 8", "0, 7"))
    assert check(str(path))[:2] == (0, "")


@pytest.mark.parametrize("text", ["", "int main() { return 0; }"])
def test_nothing_to_check_is_bad_input(check, tmp_path, text):
    path = tmp_path / "a.c"
    path.write_text(text)
    code, out, err = check(str(path))
    assert (code, out) == (2, "")
    assert "codepar: " in err
    assert check(str(tmp_path / "absent.c"))[0] == 2


def test_fortran_and_python_beside_c(check, tmp_path):
    (tmp_path / "a.c").write_text(WRONG)
    fortran = "program a\nuse mpi\ncall MPI_Init(ierr)\ncall MPI_Barrier(MPI_COMM_WORLD)\ncall MPI_Finalize(ierr)\nend program\n"
    (tmp_path / "b.f90").write_text(fortran)
    (tmp_path / "c.py").write_text("from mpi4py import MPI\nMPI.COMM_WORLD.isend(1, dest=MPI.PROC_NULL)\n")
    code, out, _ = check(str(tmp_path), "--json")
    value = json.loads(out)
    assert (code, value["files"], value["programs"], value["replayed"]) == (1, 3, 3, 3)
    found = [(one["kind"], one["file"], one["line"]) for one in value["findings"]]
    assert found == [("tag-mismatch", "a.c", 7), ("ierror-missing", "b.f90", 4), ("request-unwaited", "c.py", 2)]


@pytest.mark.parametrize(
    ("language", "text"), [("fortran", "call MPI_Barrier(0, 0, 0)\n"), ("python", "MPI.COMM_WORLD.isend(1, 0)\n")]
)
def test_standard_input_in_other_languages(check, language, text):
    head = {"fortran": "program a\nuse mpi\ncall MPI_Init(ierr)\n", "python": "from mpi4py import MPI\n"}[language]
    tail = "call MPI_Finalize(ierr)\nend program\n" if language == "fortran" else ""
    code, out, _ = check("-", "--language", language, stdin=head + text + tail)
    assert code == 1
    assert out.startswith({"fortran": "main.f90:4:", "python": "main.py:2:"}[language])
    assert check("-", stdin=head + text + tail)[0] == 1


def test_python_that_cannot_be_read_is_named(check, tmp_path):
    (tmp_path / "a.py").write_text("from mpi4py import MPI\nprint 'two'\n")
    code, out, err = check(str(tmp_path))
    assert (code, out) == (0, "")
    assert "a.py: line 2 is not Python 3" in err
