"""Jobs in real worker processes, and what happens when these die."""

import json
import os
import signal
import sqlite3
import time
import uuid
from contextlib import closing

import psutil
import pytest

from codepar.flows.execute import ExecutionReport
from codepar.jobs import JobKind, JobState
from codepar.presence import workers_present
from codepar.protocols import Status
from codepar.queue import QueueName

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
# Prints once, at the end.
SLEEP = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { sleep(%d); puts("rested"); return 0; }\n'


@pytest.fixture
def marker():
    return f"marker-{uuid.uuid4()}"


def _terminal(events):
    return [event for event in events if event.type == "finished"]


def test_a_job_runs_and_its_progress_ends_once(steady_service):
    job = steady_service.wait(job_id := steady_service.submit(HELLO))
    assert job.error is None
    assert (job.state, job.attempt, job.result["status"], job.result["stdout"]) == (JobState.SUCCEEDED, 1, "ok", "hello\n")
    events = steady_service.events(job_id)
    assert events[0].type == "started"
    assert [event.id for event in _terminal(events)] == [events[-1].id]
    assert events[-1].data["state"] == "succeeded"


NULS = '#include <stdio.h>\nint main(void) { fwrite("a\\0b", 1, 3, stdout); fputs("\\xff", stderr); return getchar(); }\n'


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_job_runs_with_either_store_and_nul_characters_come_back(request, service_settings, running_service, database):
    url = request.getfixturevalue("new_database")() if database == "postgresql" else None
    with running_service(service_settings.model_copy(update={"database_url": url})) as service:
        service.start_worker()
        job = service.wait(service.submit(NULS, stdin="\0"))
    assert (job.state, job.error) == (JobState.SUCCEEDED, None)
    assert (job.result["stdout"], job.result["stderr"], job.result["exit_code"]) == ("a\0b", "\ufffd", 0)


def test_a_worker_is_present_while_it_works(service):
    worker = service.start_worker()
    assert service.wait(service.submit(HELLO)).state is JobState.SUCCEEDED
    deadline = time.monotonic() + 30
    while not (present := workers_present(service.settings, QueueName.EXECUTE)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [(one.pid, one.fault) for one in present] == [(worker.pid, None)]
    assert workers_present(service.settings, QueueName.JOBS) == []
    worker.terminate()
    assert worker.wait(15) == 0
    assert workers_present(service.settings, QueueName.EXECUTE) == []


def test_a_program_that_does_not_compile_is_a_verdict(steady_service):
    job = steady_service.wait(steady_service.submit("int main(void) { return x; }"))
    assert (job.state, job.result["status"]) == (JobState.SUCCEEDED, "compile_error")


def test_each_line_of_the_log_names_its_own_job(service):
    service.start_worker()
    ids = [service.store.create_job(JobKind.EXECUTION, {"no": "project"}).job.id for _ in range(2)]
    for job_id in ids:
        service.wait(job_id)
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    assert [line["job_id"] for line in lines if "failed" in line["message"]] == ids


def test_a_request_that_cannot_be_read_fails_with_the_reason(steady_service):
    job_id = steady_service.store.create_job(JobKind.EXECUTION, {"no": "project"}).job.id
    job = steady_service.wait(job_id)
    assert (job.state, job.error.code) == (JobState.FAILED, "invalid_input")
    assert "project" in job.error.message


def test_a_job_stored_while_the_broker_was_away_is_sent_later(steady_service):
    job_id = steady_service.store.create_job(JobKind.EXECUTION, {"source": HELLO}).job.id
    assert steady_service.wait(job_id).state is JobState.SUCCEEDED


def test_a_message_that_the_broker_lost_is_sent_again(service):
    job_id = service.submit(HELLO)
    service.queue._redis.flushall()
    service.start_worker()
    assert service.wait(job_id).result["stdout"] == "hello\n"


def test_a_message_delivered_three_times_gives_one_result(steady_service, marker):
    job_id = steady_service.submit(SLEEP % 1, arguments=[marker])
    for _ in range(2):
        steady_service.queue.send_job(job_id, JobKind.EXECUTION)
    steady_service.wait_for_process(job_id, marker)
    job = steady_service.wait(job_id)
    steady_service.queue.send_job(job_id, JobKind.EXECUTION)
    assert steady_service.wait(steady_service.submit(HELLO)).state is JobState.SUCCEEDED
    assert (job.attempt, steady_service.store.get(job_id)) == (1, job)
    assert [event.type for event in steady_service.events(job_id)].count("started") == 1


def test_a_killed_child_is_replaced_and_the_job_has_one_result(steady_service, marker):
    job_id = steady_service.submit(SLEEP % 5, arguments=[marker])
    os.kill(steady_service.wait_for_process(job_id, marker), signal.SIGKILL)
    steady_service.wait_until_gone(marker, 4.0)
    job = steady_service.wait(job_id)
    assert (job.state, job.attempt, job.result["stdout"]) == (JobState.SUCCEEDED, 2, "rested\n")
    assert len(_terminal(steady_service.events(job_id))) == 1


def test_a_killed_worker_leaves_no_process_and_its_successor_ends_the_job(service, marker):
    worker = service.start_worker()
    job_id = service.submit(SLEEP % 5, arguments=[marker])
    child = service.wait_for_process(job_id, marker)
    worker.kill()
    worker.wait()
    service.wait_until_gone(marker, 4.0)
    # Where process 1 does not reap, a dead child stays as a zombie.
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    service.start_worker()
    job = service.wait(job_id)
    assert (job.state, job.attempt, job.result["stdout"]) == (JobState.SUCCEEDED, 2, "rested\n")
    assert len(_terminal(service.events(job_id))) == 1


def test_a_job_that_kills_its_worker_each_time_ends_as_infra_error(steady_service, marker):
    job_id = steady_service.submit(SLEEP % 5, arguments=[marker], ranks=[1, 2])
    for _ in range(3):
        os.kill(steady_service.wait_for_process(job_id, marker), signal.SIGKILL)
        steady_service.wait_until_gone(marker, 4.0)
    job = steady_service.wait(job_id)
    assert (job.state, job.attempt, job.error.code) == (JobState.FAILED, 3, "infra_error")
    report = ExecutionReport.model_validate(job.result)
    assert report.status is Status.INFRA_ERROR
    assert [(run.ranks, run.status) for run in report.runs] == [(1, Status.INFRA_ERROR), (2, Status.INFRA_ERROR)]
    assert "3 attempts" in report.diagnostics[0].message
    assert len(_terminal(steady_service.events(job_id))) == 1
    assert steady_service.wait(steady_service.submit(HELLO)).state is JobState.SUCCEEDED


def test_what_a_lost_attempt_had_finished_is_not_done_again(steady_service, marker):
    job_id = steady_service.submit(SLEEP % 1, arguments=[marker], ranks=[1, 2])
    while not (first := [event for event in steady_service.read_events(job_id) if event.type == "run"]):
        time.sleep(0.05)
    os.kill(steady_service.wait_for_process(job_id, marker), signal.SIGKILL)
    job = steady_service.wait(job_id)
    again = [event for event in steady_service.events(job_id) if event.type == "run" and event.attempt == 2]
    assert (job.state, job.attempt, [event.data["ranks"] for event in again]) == (JobState.SUCCEEDED, 2, [1, 2])
    # Two runs never take the same time to the microsecond.
    assert again[0].data["wall_s"] == first[0].data["wall_s"]
    assert steady_service.queue._redis.keys("codepar:memory:*") == []


def _freeze(service, *processes):
    """Stop them where they hold no lock of the database: what a machine that loses power would free, a stopped process keeps."""
    while True:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(service.settings.data_dir / "codepar.sqlite3", timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError:
            for process in processes:
                os.kill(process, signal.SIGCONT)
            time.sleep(0.05)


def test_a_frozen_worker_loses_its_lease_and_its_late_result(service, marker):
    frozen = service.start_worker()
    job_id = service.submit(SLEEP % 1, arguments=[marker])
    child = service.wait_for_process(job_id, marker)
    _freeze(service, child, frozen.pid)
    service.start_worker()
    job = service.wait(job_id)
    for process in (frozen.pid, child):
        os.kill(process, signal.SIGCONT)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
    time.sleep(1)
    assert service.store.get(job_id) == job
    assert len(_terminal(service.events(job_id))) == 1


def test_a_cancelled_job_stops_its_program_before_the_next_heartbeat(service_settings, running_service, marker):
    with running_service(service_settings.model_copy(update={"heartbeat_s": 3600, "lease_s": 7200})) as service:
        _cancel(service, marker)


def _cancel(service, marker):
    service.start_worker()
    job_id = service.submit(SLEEP % 60, arguments=[marker], limits={"wall_s": 120})
    service.wait_for_process(job_id, marker)
    service.store.request_cancel(job_id)
    job = service.wait(job_id, 10)
    assert (job.state, job.result) == (JobState.CANCELLED, None)
    service.wait_until_gone(marker)
    assert service.events(job_id)[-1].data["state"] == "cancelled"


def test_a_worker_that_is_told_to_end_puts_its_job_back(service, marker):
    worker = service.start_worker()
    job_id = service.submit(SLEEP % 3, arguments=[marker])
    service.wait_for_process(job_id, marker)
    worker.terminate()
    assert worker.wait(15) == 0
    assert service.processes_with(marker) == []
    assert service.store.get(job_id).state is JobState.QUEUED
    service.start_worker()
    job = service.wait(job_id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)


def test_a_broker_that_restarts_in_mid_job_costs_nothing(service, broker, marker):
    service.start_worker()
    running = service.submit(SLEEP % 3, arguments=[marker])
    waiting = service.submit(HELLO)
    service.wait_for_process(running, marker)
    broker.stop()
    broker.start()
    assert (service.wait(running).attempt, service.wait(waiting).state) == (1, JobState.SUCCEEDED)
    assert len(_terminal(service.events(running))) == 1


def test_a_broker_that_comes_back_after_long_is_noticed_soon(service, broker):
    service.start_worker()
    assert service.wait(service.submit(HELLO)).state is JobState.SUCCEEDED
    broker.stop()
    deadline = time.monotonic() + 60
    # kombu by itself would look after 2, 4, 6 and 8 s, then wait longer still.
    while (tries := service.log.read_text().count("Trying again in 1.00 second")) < 5:
        assert time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.05)
    broker.start()
    assert service.wait(service.submit(HELLO), 20).state is JobState.SUCCEEDED
    assert service.log.read_text().count("Trying again in") <= tries + 3
    assert "Trying again in 2" not in service.log.read_text()


def test_a_worker_with_full_hands_while_the_broker_is_away_works_on_when_it_is_back(service, broker, marker):
    service.start_worker()
    job_id = service.submit(SLEEP % 1, arguments=[marker])
    service.wait_for_process(job_id, marker)
    broker.stop()
    deadline = time.monotonic() + 60
    while "could not be acknowledged" not in service.log.read_text():
        assert time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.05)
    broker.start()
    assert service.wait(service.submit(HELLO), 30).state is JobState.SUCCEEDED
    assert (service.wait(job_id).state, service.store.get(job_id).attempt) == (JobState.SUCCEEDED, 1)


def test_a_completion_runs_on_the_jobs_queue_and_its_programs_on_execute(service):
    service.start_worker(QueueName.JOBS)
    service.start_worker(QueueName.EXECUTE)
    source = '#include <mpi.h>\n#include <stdio.h>\nint main(int argc, char **argv) {\n  puts("one");\n  return 0;\n}\n'
    options = {"ranks": [1, 2], "reference": {"source": source}}
    job = service.wait(service.submit(source, kind=JobKind.MPI_COMPLETION, **options), 120)
    assert job.state is JobState.SUCCEEDED
    assert [verdict["ranks"] for verdict in job.result["verification"]] == [1, 2]
