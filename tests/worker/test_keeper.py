"""What is left running when worker processes are killed, and what is not."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest

from codepar.jobs import JobKind, JobState
from codepar.project import Project
from codepar.protocols import Execution, Limits, Status
from codepar.queue import EXECUTE_TASK, JOB_TASK, QueueName
from codepar.remote import RemoteExecutor
from worker.handover import TITLE
from worker.keeper import SUSPECT_S, Errand

# Says when it began.
STAMPED_SLEEP = """#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void) {
  printf("%%ld\\n", (long)time(NULL));
  fflush(stdout);
  sleep(%d);
  puts("rested");
  return 0;
}
"""
LONG = STAMPED_SLEEP % (SUSPECT_S + 4)
ENDLESS = STAMPED_SLEEP % 300
LIMITS = {"wall_s": 400}
STRIPPED = """#include <mpi.h>
#include <unistd.h>
int main(int argc, char **argv) {
  sleep(%d);
  return 0;
}
"""


@pytest.fixture
def marker():
    return f"marker-{uuid.uuid4()}"


def _keepers(parent=None):
    """All of this machine, or those below a process."""
    processes = parent.children(recursive=True) if parent is not None else list(psutil.process_iter())
    found = []
    for process in processes:
        try:
            if TITLE in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            pass
    return found


def _grown_old(service, job_id, marker):
    """Wait until a death of the worker is not blamed on the job; returns the keeper that has it."""
    keeper = service.wait_for_process(job_id, marker)
    time.sleep(SUSPECT_S)
    return psutil.Process(keeper)


def _pool_process(worker):
    """The living one, which may have to be forked yet."""
    living = []

    def look():
        living[:] = [child for child in psutil.Process(worker.pid).children() if not _is_gone(child)]
        return living

    _wait_until(look)
    return living[0]


def _began(job):
    return int(job.result["stdout"].splitlines()[0])


def _starts(service):
    """How often each execution under way was begun."""
    redis = service.queue._redis
    return redis.mget(redis.keys("codepar:execution:*:starts"))


def _is_gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _wait_until(condition, timeout_s=30.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_keeper_is_nobodys_child_and_does_not_look_like_a_worker(service, marker):
    worker = service.start_worker()
    keeper = psutil.Process(service.wait_for_process(service.submit(LONG, arguments=[marker], limits=LIMITS), marker))
    assert keeper.cmdline()[0] == TITLE
    assert keeper.name() == TITLE.replace(" ", "-")
    assert "worker" not in " ".join(keeper.cmdline())
    assert keeper not in psutil.Process(worker.pid).children(recursive=True)
    assert os.getsid(keeper.pid) != os.getsid(worker.pid)


def test_work_outlives_its_pool_process_and_its_message_begins_nothing(service, marker):
    worker = service.start_worker()
    job_id = service.submit(LONG, arguments=[marker], limits=LIMITS)
    keeper = _grown_old(service, job_id, marker)
    for _ in range(3):
        killed = time.time()
        _pool_process(worker).kill()
        _wait_until(lambda: "nothing to do" in service.log.read_text())
    job = service.wait(job_id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)
    assert _began(job) < killed
    assert [event.type for event in service.events(job_id)] == ["started", "run", "finished"]
    _wait_until(lambda: _is_gone(keeper))


def test_work_outlives_the_worker_and_needs_no_successor(service, marker):
    worker = service.start_worker()
    job_id = service.submit(LONG, arguments=[marker], limits=LIMITS)
    keeper = _grown_old(service, job_id, marker)
    below = psutil.Process(worker.pid).children(recursive=True)
    worker.kill()
    worker.wait()
    for process in below:
        process.kill()
    job = service.wait(job_id)
    assert (job.state, job.attempt, job.result["stdout"].splitlines()[1]) == (JobState.SUCCEEDED, 1, "rested")
    _wait_until(lambda: _is_gone(keeper))


def test_an_execution_that_goes_on_is_not_started_again(service, marker):
    worker = service.start_worker()
    starts = []

    async def main():
        executor = RemoteExecutor(service.settings)
        execution = Execution(project=Project.of_source(LONG), arguments=(marker,), limits=Limits(**LIMITS))
        task = asyncio.create_task(executor.execute(execution))
        await asyncio.to_thread(_wait_until, lambda: service.processes_with(marker), 30)
        await asyncio.sleep(SUSPECT_S)
        starts.append(_starts(service))
        _pool_process(worker).kill()
        await asyncio.to_thread(_wait_until, lambda: "under way elsewhere" in service.log.read_text())
        starts.append(_starts(service))
        result = await task
        await executor.close()
        return result

    result = asyncio.run(main())
    assert result.status is Status.OK, result
    assert result.stdout.splitlines()[1] == "rested"
    assert starts[0] == starts[1]


def test_a_flow_outlives_the_worker_that_took_it(service):
    jobs = service.start_worker(QueueName.JOBS)
    service.start_worker()
    source = STRIPPED % 2
    job_id = service.submit(source, kind=JobKind.MPI_COMPLETION, ranks=[1], reference={"source": source}, limits=LIMITS)
    _wait_until(lambda: service.store.get(job_id).state is JobState.RUNNING, 30)
    time.sleep(SUSPECT_S + 0.5)
    jobs.kill()
    jobs.wait()
    job = service.wait(job_id, 120)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)


def test_a_keeper_that_is_killed_with_its_worker_is_not_waited_for(service_settings, running_service, marker):
    with running_service(service_settings.model_copy(update={"lease_s": 3600})) as service:
        worker = service.start_worker()
        job_id = service.submit(LONG, arguments=[marker], limits=LIMITS)
        keeper = _grown_old(service, job_id, marker)
        worker.kill()
        keeper.kill()
        worker.wait()
        service.wait_until_gone(marker)
        killed = int(time.time())
        service.start_worker()
        job = service.wait(job_id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
    assert _began(job) >= killed


def test_a_pool_process_goes_on_without_the_keeper_it_lost(service):
    worker = service.start_worker()
    assert service.wait(service.submit("int main(void) { return 1; }")).result["exit_code"] == 1
    pool_process = _pool_process(worker)
    for keeper in _keepers():
        if keeper.environ().get("CODEPAR_DATA_DIR") == str(service.settings.data_dir):
            keeper.kill()
    assert service.wait(service.submit("int main(void) { return 2; }")).result["exit_code"] == 2
    assert _pool_process(worker) == pool_process


def test_a_worker_that_is_told_to_end_ends_what_its_dead_pool_processes_left(service, marker):
    worker = service.start_worker()
    job_id = service.submit(LONG, arguments=[marker], limits=LIMITS)
    keeper = _grown_old(service, job_id, marker)
    _pool_process(worker).kill()
    worker.terminate()
    assert worker.wait(15) == 0
    service.wait_until_gone(marker)
    _wait_until(lambda: _is_gone(keeper))
    assert (service.store.get(job_id).state, service.store.get(job_id).attempt) == (JobState.QUEUED, 0)
    service.start_worker()
    assert service.wait(job_id).attempt == 1


def test_a_keeper_ends_with_the_service_even_in_the_middle_of_its_work(service, marker):
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-m', 'worker', '--queues', 'execute', '--with-parent'])\n"
        "time.sleep(600)\n"
    )
    with service.log.open("ab") as log:
        environment = os.environ | service.settings.environment()
        starter = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=log, stderr=log)
    job_id = service.submit(ENDLESS, arguments=[marker], limits=LIMITS)
    keeper = _grown_old(service, job_id, marker)
    starter.kill()
    starter.wait()
    service.wait_until_gone(marker)
    _wait_until(lambda: _is_gone(keeper))


def test_work_that_nobody_wants_any_more_ends_without_a_worker(service, marker):
    worker = service.start_worker()
    job_id = service.submit(ENDLESS, arguments=[marker], limits=LIMITS)
    keeper = _grown_old(service, job_id, marker)
    worker.kill()
    worker.wait()
    service.store.request_cancel(job_id)
    assert service.wait(job_id, 10).state is JobState.CANCELLED
    service.wait_until_gone(marker)
    _wait_until(lambda: _is_gone(keeper))


def test_a_keeper_told_to_end_puts_its_work_back(service, marker):
    worker = service.start_worker()
    job_id = service.submit(ENDLESS, arguments=[marker], limits=LIMITS)
    keeper = _grown_old(service, job_id, marker)
    worker.kill()
    worker.wait()
    keeper.send_signal(signal.SIGTERM)
    _wait_until(lambda: _is_gone(keeper))
    service.wait_until_gone(marker)
    assert (service.store.get(job_id).state, service.store.get(job_id).attempt) == (JobState.QUEUED, 0)


@pytest.mark.parametrize("errand", [Errand(JOB_TASK, ("id",)), Errand(EXECUTE_TASK, ("id", 2, {"stdin": "ä\0", "ranks": None}))])
def test_an_errand_arrives_as_it_was(errand):
    assert Errand.decoded(errand.encoded()) == errand
