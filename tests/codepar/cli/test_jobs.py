"""``codepar jobs`` against the running service, and what it says when there is none."""

import json
import subprocess

import pytest

from codepar.jobs import new_id


def run(served, *arguments):
    command = [served.process.args[0], "jobs", *arguments, "--server", served.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def submit(served, source="int main(void) { return 9; }\n", **options):
    return served.http.post("/v1/executions", json={"source": source, "options": options}).json()["id"]


def test_show_waits_and_prints_the_result(served):
    job_id = submit(served)
    shown = run(served, "show", job_id, "--wait", "60", "--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["result"]["exit_code"] == 9
    assert "succeeded" in run(served, "show", job_id).stdout


def test_list_names_the_newest_first(served):
    job_id = submit(served)
    assert run(served, "list", "--limit", "1").stdout.startswith(job_id)
    listed = json.loads(run(served, "list", "--limit", "1", "--json").stdout)
    assert [job["id"] for job in listed["jobs"]] == [job_id]


def test_events_end_with_the_job_and_can_be_resumed(served):
    job_id = submit(served)
    events = [json.loads(line) for line in run(served, "events", job_id, "--json").stdout.splitlines()]
    assert events[-1]["type"] == "finished"
    rest = run(served, "events", job_id, "--after", events[0]["id"], "--json").stdout.splitlines()
    assert [json.loads(line) for line in rest] == events[1:]


def test_cancel_ends_a_job(served):
    job_id = submit(served, "int main(void) { for (;;) {} }\n", limits={"wall_s": 60})
    assert run(served, "cancel", job_id).returncode == 0
    assert json.loads(run(served, "show", job_id, "--wait", "30", "--json").stdout)["state"] == "cancelled"


@pytest.mark.parametrize("job_id", [new_id(), "../../health", "a b"])
def test_what_is_no_job(served, job_id):
    shown = run(served, "show", job_id)
    assert shown.returncode == 2
    assert "job" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    ("server", "code"), [("http://127.0.0.1:9", 3), ("nonsense", 2), ("ftp://x", 2), ("http://host:port", 2)]
)
def test_no_service(served, server, code):
    command = [served.process.args[0], "jobs", "list", "--server", server]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert shown.returncode == code, shown.stderr
    assert "Traceback" not in shown.stderr
    assert server in shown.stderr
