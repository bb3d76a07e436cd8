"""The execution flow on the real executor: its request, its report, its progress."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from codepar.flows.execute import ExecutionRequest, execute
from codepar.protocols import SilentProgress, Status
from codepar.settings import Settings
from worker.executor import open_executor

RUN_FIELDS = {
    "status",
    "exit_code",
    "stdout",
    "stderr",
    "wall_s",
    "cpu_s",
    "peak_memory_bytes",
    "emulated",
    "executor",
    "diagnostics",
}


class Listener(SilentProgress):
    """Keeps what it hears."""

    def __init__(self):
        self.heard = []

    async def report(self, type, data):
        self.heard.append((type, data["ranks"], data["status"]))


def run(body, tmp_path):
    listener = Listener()
    executor = open_executor(Settings(data_dir=tmp_path), trusted=True)
    return asyncio.run(execute(ExecutionRequest.model_validate(body), executor, listener)), listener


def test_one_run_has_the_design_s_shape(tmp_path):
    report, _ = run({"source": '#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n'}, tmp_path)
    wire = report.model_dump(mode="json")
    assert set(wire) >= RUN_FIELDS
    assert (wire["status"], wire["stdout"], wire["ranks"], len(wire["runs"])) == ("ok", "x\n", None, 1)


def test_several_counts_are_run_in_turn_and_the_first_bad_one_decides(tmp_path):
    body = "int n; MPI_Init(&c, &v); MPI_Comm_size(MPI_COMM_WORLD, &n); MPI_Finalize(); return n == 2;"
    source = f"#include <mpi.h>\nint main(int c, char **v) {{ {body} }}\n"
    report, listener = run({"source": source, "options": {"ranks": [1, 2, 3]}}, tmp_path)
    assert [(one.ranks, one.status) for one in report.runs] == [(1, "ok"), (2, "runtime_error"), (3, "ok")]
    assert (report.status, report.ranks) == (Status.RUNTIME_ERROR, 2)
    assert listener.heard == [("run", 1, "ok"), ("run", 2, "runtime_error"), ("run", 3, "ok")]


def test_a_failed_build_is_not_repeated(tmp_path):
    report, _ = run({"source": "int main(void) { return x; }\n", "options": {"ranks": [1, 2]}}, tmp_path)
    assert [one.status for one in report.runs] == [Status.COMPILE_ERROR]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"source": "x", "project": {"source": "x"}},
        {"source": "x", "options": {"ranks": 0}},
        {"source": "x", "options": {"ranks": 10_000}},
        {"source": "x", "options": {"ranks": []}},
        {"source": "x", "options": {"ranks": "many"}},
        {"source": "x", "options": {"ranks": True}},
        {"source": "x", "options": {"unknown": 1}},
        {"project": {"files": {"../a.c": "x"}}},
        {"source": 3},
    ],
)
def test_wrong_requests_are_refused(body):
    with pytest.raises(ValidationError):
        ExecutionRequest.model_validate(body)
