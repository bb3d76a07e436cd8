"""`codepar eval` from the shell: run, resume, score, and what it says of wrong use."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("codepar")
SOURCE = """int main(int argc, char **argv)
{
  int rank;
  double t;
  t =
  printf("%d %f", rank, t);
  return 0;
}
"""
INIT = "(4 1,   MPI_Init(&argc, &argv);) (4 2,   MPI_Comm_rank(MPI_COMM_WORLD, &rank);)"
LABELS = f" {INIT} (4 0,  MPI_Wtime();) (5 1,  MPI_Finalize();) "


@pytest.fixture
def folder(tmp_path):
    code = "\n".join(f"{number}: {line}" for number, line in enumerate(SOURCE.split("\n"), start=1))
    rows = [{"program": f"{name}_1", "code": code, "mpi_labels": LABELS} for name in ("ada_one", "bob_two", "eve_three")]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def codepar(folder, *arguments, stdin=None):
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "CODEPAR_DATA_DIR": str(folder / "home"), "PATH": path}
    run = subprocess.run(
        [COMMAND, "eval", *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in run.stderr
    return run


def report(run):
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_run_scores_and_goes_on_where_it_stopped(folder):
    arguments = ("run", "hpcorpusmpi", "--data", "data.jsonl", "--system", "rules", "-o", "s.jsonl", "--json")
    first = report(codepar(folder, *arguments, "--limit", "1"))
    assert (first["programs"], first["samples_file"], first["labels"]) == (1, "s.jsonl", "original")
    again = codepar(folder, *arguments)
    assert "2 samples made, 1 were there" in again.stderr
    found = report(again)
    assert (found["benchmark"], found["model"], found["programs"], found["repositories"]) == ("hpcorpusmpi", "rules", 3, 3)
    assert found["statuses"] == {"ok": 3}
    metric = found["metrics"]["corrected_line_function_f1"]
    assert metric["value"] == 1.0
    assert set(metric) == {"value", "low", "high", "n"}
    # The timer is inline: what follows it has drifted in the labels as published.
    assert found["metrics"]["line_function_recall"]["value"] == 0.75
    assert len((folder / "s.jsonl").read_text().splitlines()) == 3


def test_the_renamed_variant_is_scored_on_renamed_programs(folder):
    arguments = ("run", "hpcorpusmpi", "--data", "data.jsonl", "--system", "four-calls", "--labels", "corrected", "--json")
    found = report(codepar(folder, *arguments, "--variant", "renamed", "-o", "renamed.jsonl"))
    assert (found["variant"], found["labels"]) == ("renamed", "corrected")
    assert "&v1" in (folder / "renamed.jsonl").read_text()
    assert found["metrics"]["whole_call_precision"]["value"] == 1.0
    assert not any(name.startswith("corrected_") for name in found["metrics"])


def test_without_a_file_named_the_samples_lie_in_the_data_folder(folder):
    found = report(codepar(folder, "run", "hpcorpusmpi", "--data", "data.jsonl", "--system", "empty", "--json"))
    assert Path(found["samples_file"]).parent == folder / "home" / "evaluations"
    assert found["metrics"]["function_f1"]["value"] == 0.0


def test_score_takes_anyones_samples_and_compares(folder):
    rows = [{"task_id": f"{name}_1", "answer": LABELS} for name in ("ada_one", "bob_two", "eve_three")]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "theirs.jsonl").write_text(text)
    (folder / "none.jsonl").write_text("".join(json.dumps({**row, "answer": ""}) + "\n" for row in rows))
    found = report(codepar(folder, "score", "theirs.jsonl", "--data", "data.jsonl", "--against", "none.jsonl", "--json"))
    assert found["metrics"]["whole_call_f1"]["value"] == 1.0
    assert found["differences"]["whole_call_f1"]["value"] == 1.0
    piped = report(codepar(folder, "score", "-", "--data", "data.jsonl", "--json", stdin=text))
    assert piped["metrics"]["whole_call_f1"]["value"] == 1.0
    as_system = report(codepar(folder, "run", "hpcorpusmpi", "--data", "data.jsonl", "--system", "theirs.jsonl", "--json"))
    assert as_system["metrics"] == found["metrics"]


def test_released_answers_are_scored_by_themselves(folder):
    (folder / "released.jsonl").write_text(json.dumps({"pred": LABELS, "label": LABELS}) + "\n")
    run = codepar(folder, "score", "released.jsonl")
    assert run.returncode == 0
    assert "published metric (1 programs)" in run.stdout
    assert "1.00 [1.00, 1.00]" in run.stdout


def test_a_model_that_is_not_there_is_the_environments_fault(folder):
    run = codepar(folder, "run", "hpcorpusmpi", "--data", "data.jsonl", "--system", "model", "-o", "s.jsonl")
    assert run.returncode == 3
    assert "codepar models pull" in run.stderr
    assert not (folder / "s.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "other", "--data", "data.jsonl"), "no benchmark 'other'"),
        (("run", "hpcorpusmpi", "--data", "none.jsonl"), "none.jsonl does not exist"),
        (("run", "hpcorpusmpi", "--data", "data.jsonl", "--system", "magic"), "no system 'magic'"),
        (("run", "hpcorpusmpi", "--data", "data.jsonl", "--limit", "0"), "--limit"),
        (("run", "hpcorpusmpi", "--data", "data.jsonl", "--system", "empty", "-o", "no/s.jsonl"), "mkdir"),
        (("score", "none.jsonl"), "does not exist"),
        (("score", "data.jsonl", "--data", "data.jsonl"), "holds no sample"),
        (("score", "none.jsonl", "--against", "x"), "--data"),
    ],
)
def test_wrong_use_is_named(folder, arguments, message):
    run = codepar(folder, *arguments)
    assert run.returncode == 2
    assert message in run.stderr


def test_list(folder):
    assert "hpcorpusmpi" in codepar(folder, "list").stdout
    assert "four-calls" in report(codepar(folder, "list", "--json"))["systems"]


def test_fortran_programs_are_scored_too(folder):
    source = "program p\n  integer :: me, ierr\n  print *, me\nend program p\n"
    called = [("MPI_INIT", ["ierr"], 2), ("MPI_FINALIZE", ["ierr"], 3)]
    calls = [{"function": name, "arguments": given, "after_line": line} for name, given, line in called]
    named = {"task_id": "ada/one:p.f90", "repository": "ada/one", "path": "p.f90", "part": "development"}
    (folder / "l.jsonl").write_text(json.dumps({**named, "language": "fortran", "source": source, "calls": calls}) + "\n")
    arguments = ("run", "mpi-languages", "--data", "l.jsonl", "--language", "fortran", "--system", "rules", "-o", "s.jsonl")
    found = report(codepar(folder, *arguments, "--json"))
    assert found["metrics"]["whole_call_recall"]["value"] == 1.0
    again = report(codepar(folder, "score", "s.jsonl", "--data", "l.jsonl", "--json"))
    assert again["metrics"] == found["metrics"]
    assert "no such program" in codepar(folder, *arguments[:5], "python").stderr
