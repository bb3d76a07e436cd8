"""The commands as a person types them: what is printed where, and the exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("codepar")
ORIGINAL = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank, size;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("rank %d of %d\\n", rank, size);
    MPI_Finalize();
    return 0;
}
"""


@pytest.fixture
def codepar(tmp_path):
    """Run the command in a folder that holds ``orig.c`` and, stripped, ``a.c``."""
    (tmp_path / "orig.c").write_text(ORIGINAL)
    environment = os.environ | {"CODEPAR_DATA_DIR": str(tmp_path / "data")}

    def _run(*words, stdin=""):
        command = [COMMAND, *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, input=stdin, capture_output=True, text=True, check=False)

    assert _run("mpi", "strip", "orig.c", "-o", "a.c").returncode == 0
    return _run


def test_complete_is_verified_and_patches(codepar, tmp_path):
    done = codepar("mpi", "complete", "a.c", "--reference", "orig.c", "--np", "1,2", "--no-model", "--trust", "--patch", "p.diff")
    assert done.returncode == 0, done.stderr
    assert "MPI_Init(&argc, &argv);" in done.stdout
    assert done.stderr.rstrip().endswith("verified")
    subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, check=True)
    assert (tmp_path / "a.c").read_text() == done.stdout


def test_json_has_the_designs_shape(codepar):
    done = codepar("mpi", "complete", "a.c", "--np", "2", "--no-model", "--trust", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert {"source", "diff", "edits", "dropped", "verification", "baseline", "verified", "reason"} <= set(answer)
    assert {"after_line", "text", "function", "arguments", "inline", "confidence", "origin"} <= set(answer["edits"][0])
    assert [set(verdict) >= {"ranks", "status", "agrees", "diagnostics"} for verdict in answer["verification"]] == [True]
    assert answer["verified"] is False
    assert "oracle" in answer["reason"]


def test_the_cursor_ranks_calls(codepar):
    done = codepar(
        "mpi",
        "complete",
        "-",
        "--line",
        "7",
        "--no-model",
        stdin=ORIGINAL.replace("    MPI_Comm_size(MPI_COMM_WORLD, &size);\n", ""),
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].split(maxsplit=1)[1].startswith("MPI_Comm_size")


def test_verify_asks_the_users_own_test(codepar):
    test = "mpicc -o p orig.c && mpiexec -n $CODEPAR_NP ./p | grep -q 'of 2'"
    assert codepar("mpi", "verify", "orig.c", "--oracle", test, "--np", "2", "--trust").returncode == 0
    assert codepar("mpi", "verify", "orig.c", "--oracle", test, "--np", "3", "--trust").returncode == 1


def test_verify_against_a_reference(codepar):
    assert codepar("mpi", "verify", "orig.c", "--reference", "orig.c", "--np", "2", "--trust").returncode == 0
    assert codepar("mpi", "verify", "a.c", "--reference", "orig.c", "--np", "2", "--trust").returncode == 1


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("mpi", "complete", "absent.c"), ""),
        (("mpi", "complete", "-"), ""),
        (("mpi", "complete", "a.c", "--np", "0"), ""),
        (("mpi", "complete", "a.c", "--np", "10000"), ""),
        (("mpi", "complete", "a.c", "--line", "999", "--no-model"), ""),
        (("mpi", "verify", "a.c", "--reference", "absent.c"), ""),
    ],
)
def test_wrong_use_and_bad_input_end_with_two(codepar, words, stdin):
    done = codepar(*words, stdin=stdin)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("codepar: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--np", "0"], 2, "--np 0: it must be greater"),
        (["--np", "1,1"], 2, "listed twice"),
        (["--timeout", "nan"], 2, "--timeout nan"),
        (["--oracle", " "], 2, "--oracle"),
        (["--oracle", "no-such-command-here", "--np", "1"], 1, "the oracle command was not found"),
        (["--flag=-fplugin=x", "--np", "1"], 2, "-fplugin=x is not allowed"),
    ],
)
def test_verify_names_what_is_wrong(codepar, words, code, said):
    done = codepar("mpi", "verify", "orig.c", "--trust", *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_an_empty_program_is_bad_input(codepar):
    done = codepar("mpi", "verify", "-", "--trust", stdin=" \n")
    assert (done.returncode, done.stderr) == (2, "codepar: the input is empty (give a C or C++ program)\n")


def test_the_place_of_the_answer_is_looked_at_before_the_work(codepar):
    done = codepar("mpi", "complete", "a.c", "--trust", "--patch", "none/p.diff")
    assert (done.returncode, "none is no folder" in done.stderr, done.stdout) == (2, True, "")


def test_fortran_is_completed_and_the_cursor_refused(codepar, tmp_path):
    (tmp_path / "p.f90").write_text("program p\n  use mpi\n  integer :: rank, ierr\n  print *, rank\nend program p\n")
    done = codepar("mpi", "complete", "p.f90", "--no-model", "--no-verify")
    assert done.returncode == 1, done.stderr
    assert "  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)\n  print *, rank\n  call MPI_Finalize(ierr)\n" in done.stdout
    at_cursor = codepar("mpi", "complete", "p.f90", "--no-model", "--no-verify", "--line", "4")
    assert at_cursor.returncode == 2
    assert "cursor" in at_cursor.stderr
