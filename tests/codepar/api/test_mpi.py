"""MPI completion over REST: verified as a job, at once for an editor, and what is refused."""

import subprocess

import pytest

STRIPPED = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
    int rank, size;
    if (rank == 0) printf("ready\\n");
    return 0;
}
"""


def complete(served, source, options, **arguments):
    body = {"project": {"files": {"main.c": source}}, "options": options}
    return served.http.post("/v1/mpi/completions", json=body, **arguments)


def test_a_completion_is_verified_at_each_rank_count(served, tmp_path):
    answer = complete(served, STRIPPED, {"ranks": [1, 2], "invariant": True}, params={"wait": 90})
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job["kind"] == "mpi_completion"
    assert job["state"] == "succeeded", job["error"]
    result = job["result"]
    assert result["verified"] is True
    assert [(verdict["ranks"], verdict["status"], verdict["agrees"]) for verdict in result["verification"]] == [
        (1, "ok", True),
        (2, "ok", True),
    ]
    assert "MPI_Init" in result["source"]
    assert all(edit["confidence"] is not None for edit in result["edits"])
    applies(result["diff"], tmp_path)


def test_an_editor_is_answered_at_once_and_nothing_is_stored(served, tmp_path):
    answer = complete(served, STRIPPED, {"verify": False})
    assert answer.status_code == 200
    job = answer.json()
    assert job["state"] == "succeeded"
    assert job["result"]["verified"] is False
    assert job["result"]["verification"] == []
    applies(job["result"]["diff"], tmp_path)
    assert served.http.get(f"/v1/jobs/{job['id']}").status_code == 404


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize(
    "source", ["", "   \n", "int main(void) { return 0;\n", "Dear committee,\nplease find enclosed.\n", "int a\0b;\n"]
)
def test_what_is_no_c_is_refused_at_once(served, source, verify):
    answer = complete(served, source, {"verify": verify})
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["message"]


def test_a_command_of_the_client_is_not_run(served, tmp_path):
    answer = complete(served, STRIPPED, {"oracle": f"touch {tmp_path}/ran"})
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "options.oracle"
    assert not (tmp_path / "ran").exists()


def applies(diff, folder, source=STRIPPED):
    (folder / "main.c").write_text(source)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "apply", "--check", "-"], cwd=folder, input=diff, text=True, check=True)


SERIAL = '#include <stdio.h>\nint main(void) { puts("3"); return 0; }\n'


def test_the_level_serial_needs_a_model(served):
    answer = complete(served, SERIAL, {"level": "serial"})
    assert answer.status_code == 503, answer.text
    assert "language model" in answer.json()["error"]["message"]


@pytest.mark.parametrize("options", [{"level": "serial", "line": 2}, {"level": "serial", "repair": 99}, {"level": "none"}])
def test_wrong_options_of_levels_are_refused(served, options):
    assert complete(served, SERIAL, options).status_code == 422


def test_a_serial_program_is_made_parallel(served, tmp_path):
    source = """#include <stdio.h>
int main(void)
{
    long sum = 0;
    for (long i = 0; i < 4000; i++)
        sum += i * i % 7;
    printf("%ld\\n", sum);
    return 0;
}
"""
    answer = complete(served, source, {"level": "serial", "ranks": [1, 3]}, params={"wait": 110})
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert result["verified"] is True, result["reason"]
    assert [attempt["origin"] for attempt in result["attempts"]] == ["rule"]
    assert len(result["shares"]["by_rank"]) == 3
    assert result["verification"][1]["traffic"]["ranks"] == 3
    applies(result["diff"], tmp_path, source)


@pytest.mark.parametrize(
    ("name", "source", "call"),
    [
        ("p.f90", "program p\n  use mpi\n  integer :: me, ierr\n  print *, me\nend program p\n", "  call MPI_Init(ierr)\n"),
        ("p.py", "from mpi4py import MPI\nrank = (0x4D5049 and int())\nprint(rank)\n", "rank = MPI.COMM_WORLD.Get_rank()\n"),
    ],
)
def test_fortran_and_python_are_completed_at_once(served, name, source, call):
    body = {"project": {"files": {name: source}}, "options": {"verify": False}}
    answer = served.http.post("/v1/mpi/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert call in answer.json()["result"]["source"]
    at_cursor = served.http.post("/v1/mpi/completions", json=body | {"options": {"line": 3, "file": name}})
    assert at_cursor.status_code == 422
    assert "cursor" in at_cursor.json()["error"]["message"]


def test_an_mpi4py_program_is_run(served):
    source = "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nrank = (0x4D5049 and int())\nprint(comm.allreduce(rank))\n"
    reference = source.replace("(0x4D5049 and int())", "comm.Get_rank()")
    options = {"ranks": [2], "reference": {"files": {"p.py": reference}}}
    body = {"project": {"files": {"p.py": source}}, "options": options}
    answer = served.http.post("/v1/mpi/completions", json=body, params={"wait": 90})
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["verified"] is True, answer.text
