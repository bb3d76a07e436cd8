"""A run fills the file, goes on where it stopped, and never mixes runs."""

import json
import sys

import pytest

from codepar.errors import Conflict, InvalidInput
from evaluators.harness import Plan, environment_hash, run_tasks
from evaluators.isolated import IsolatedSystem
from evaluators.samples import read_samples

SYSTEM = """
import json, os, sys
answers, log = int(sys.argv[sys.argv.index("--answers") + 1]), sys.argv[1]
os.write(answers, b'{"ready": {"model": "tiny"}}\\n')
for line in sys.stdin:
    source = json.loads(line)["source"]
    open(log, "a").write("asked\\n")
    if "42" in source and os.path.exists(log + ".crash"): os.abort()
    status = "infra_error" if os.path.exists(log + ".down") else "ok"
    os.write(answers, json.dumps({"status": status, "edits": [], "seconds": 0.1}).encode() + b"\\n")
"""


@pytest.fixture
def one(tmp_path):
    """A system that logs each request, and crashes or fails where a file tells it to."""
    script = tmp_path / "system.py"
    script.write_text(SYSTEM)
    with IsolatedSystem([sys.executable, str(script), str(tmp_path / "log")], {}, 30) as system:
        yield system


def plan(tasks, **changes):
    return Plan(
        **{"benchmark": "hpcorpusmpi", "tasks": tasks, "system": "one", "variant": "original", "data": "d" * 12, **changes}
    )


def asked(tmp_path):
    return len((tmp_path / "log").read_text().splitlines())


def test_one_row_a_task_with_what_identifies_it(one, tasks, tmp_path):
    ran = run_tasks(plan(tasks), one, tmp_path / "s.jsonl", print)
    assert (ran.made, ran.found, ran.faults) == (3, 0, 0)
    rows = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert [row["task_id"] for row in rows] == [task.task_id for task in tasks]
    assert {row["environment"] for row in rows} == {environment_hash({"model": "tiny"})}
    assert rows[0]["seconds"] == 0.1


def test_a_crash_is_a_row_and_the_run_goes_on(one, tasks, tmp_path):
    (tmp_path / "log.crash").touch()
    run_tasks(plan(tasks), one, tmp_path / "s.jsonl", print)
    assert [row.status.value for row in read_samples(tmp_path / "s.jsonl").rows] == ["ok", "runtime_error", "runtime_error"]


def test_it_goes_on_where_it_stopped(one, tasks, tmp_path):
    run_tasks(plan(tasks[:2]), one, tmp_path / "s.jsonl", print)
    with (tmp_path / "s.jsonl").open("a") as file:
        file.write('{"task_id": "torn')
    ran = run_tasks(plan(tasks), one, tmp_path / "s.jsonl", print)
    assert (ran.found, ran.made, asked(tmp_path)) == (2, 1, 3)
    assert len(read_samples(tmp_path / "s.jsonl").rows) == 3


def test_what_the_infrastructure_spoilt_is_made_again(one, tasks, tmp_path):
    (tmp_path / "log.down").touch()
    assert run_tasks(plan(tasks), one, tmp_path / "s.jsonl", print).faults == 3
    (tmp_path / "log.down").unlink()
    ran = run_tasks(plan(tasks), one, tmp_path / "s.jsonl", print)
    assert (ran.found, ran.made, ran.faults) == (0, 3, 0)
    assert {row.status.value for row in read_samples(tmp_path / "s.jsonl").rows} == {"ok"}


def test_a_run_without_ground_to_stand_on_stops(one, tasks, tmp_path):
    (tmp_path / "log.down").touch()
    said = []
    many = [task.__class__(f"{task.task_id}x{index}", task.repository, task.source, "") for task in tasks for index in range(9)]
    assert run_tasks(plan(many), one, tmp_path / "s.jsonl", said.append).made == 5
    assert "in a row" in said[-1]


@pytest.mark.parametrize("changes", [{"system": "other"}, {"variant": "renamed"}, {"data": "e" * 12}])
def test_a_file_of_another_run_is_left_alone(one, tasks, tmp_path, changes):
    path = tmp_path / "s.jsonl"
    run_tasks(plan(tasks[:1]), one, path, print)
    before = path.read_bytes()
    with pytest.raises(Conflict, match="samples of another"):
        run_tasks(plan(tasks, **changes), one, path, print)
    assert path.read_bytes() == before


def test_a_file_that_holds_something_else_is_left_alone(one, tasks, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam")
    with pytest.raises(InvalidInput, match="holds no sample"):
        run_tasks(plan(tasks), one, path, print)
    assert path.read_text() == "Dear Sir or Madam"
