"""``--server``: what the shell says when the service's workers die each time."""

import json
import subprocess
import time

import psutil
import pytest

from codepar.flows.execute import ExecutionReport
from codepar.protocols import Status
from codepar.settings import Settings
from codepar.store import open_store

SLEEPER = "#include <mpi.h>\n#include <unistd.h>\nint main(int argc, char **argv) { sleep(20); return 0; }\n"


@pytest.fixture
def kill_owners(served):
    """Kills whoever works on the newest job, three times."""

    def kill(process):
        store = open_store(Settings(data_dir=served.data_dir))
        killed, deadline = set(), time.monotonic() + 60
        while len(killed) < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline, served.log.read_text()
            for owner in set(store.owners().values()) - killed:
                killed.add(owner)
                psutil.Process(int(owner.split("/")[1])).kill()
            time.sleep(0.02)
        store.close()

    return kill


def _start(served, tmp_path, *command):
    (tmp_path / "a.c").write_text(SLEEPER)
    line = [served.process.args[0], *command, str(tmp_path / "a.c"), "--server", served.url, "--json"]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_an_execution_that_was_lost_is_a_report_and_exit_3(served, tmp_path, kill_owners):
    with _start(served, tmp_path, "run", "--np", "1,2") as process:
        kill_owners(process)
        out, err = process.communicate(timeout=60)
    report = ExecutionReport.model_validate(json.loads(out))
    assert process.returncode == 3, err
    assert [(run.ranks, run.status) for run in report.runs] == [(1, Status.INFRA_ERROR), (2, Status.INFRA_ERROR)]


def test_a_completion_that_was_lost_is_said_and_exit_3(served, tmp_path, kill_owners):
    with _start(served, tmp_path, "mpi", "complete", "--invariant", "--timeout", "30") as process:
        kill_owners(process)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, ""), err
    assert "the worker was lost in each of 3 attempts" in err
    assert "codepar jobs events" in err
    assert "Traceback" not in err
