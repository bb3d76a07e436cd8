"""Executions sent by the remote executor, run in real worker processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest

from codepar.errors import SandboxUnavailable
from codepar.project import Project
from codepar.protocols import Execution, Executor, Limits, Status
from codepar.queue import QueueName
from codepar.remote import RemoteExecutor

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
SLEEP = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { sleep(%d); puts("rested"); return 0; }\n'
STAMPED_SLEEP = """#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  printf("%%ld.%%09ld\\n", (long)now.tv_sec, now.tv_nsec);
  sleep(%d);
  return 0;
}
"""


@pytest.fixture
def marker():
    return f"marker-{uuid.uuid4()}"


@pytest.fixture
def remote(service):
    return _remote(service)


@pytest.fixture
def steady_remote(steady_service):
    return _remote(steady_service)


def _remote(service):
    """Runs a coroutine function with a remote executor, and checks that no key is left behind."""

    def run(function):
        async def main():
            executor = RemoteExecutor(service.settings)
            try:
                return await function(executor)
            finally:
                await executor.close()

        result = asyncio.run(main())
        assert service.queue._redis.keys("codepar:execution:*:reply") == []
        assert all(service.queue._redis.ttl(key) > 0 for key in service.queue._redis.keys("codepar:execution:*"))
        return result

    return run


def _execution(source, *arguments, **options):
    return Execution(project=Project.of_source(source), arguments=arguments, **options)


async def _until(condition, timeout_s=30.0):
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the condition is in other processes
            await asyncio.sleep(0.02)


def _children(worker):
    return [child.pid for child in psutil.Process(worker.pid).children()]


def test_it_is_an_executor(service_settings):
    assert isinstance(RemoteExecutor(service_settings), Executor)


def test_executions_run_beside_each_other_and_each_gets_its_own_result(steady_service, steady_remote):
    sources = [HELLO.replace("hello", f"hello {n}") for n in range(6)]

    async def main(executor):
        return await asyncio.gather(*(executor.execute(_execution(source)) for source in sources))

    assert [result.stdout for result in steady_remote(main)] == [f"hello {n}\n" for n in range(6)]


def test_an_execution_whose_worker_child_died_is_run_again(service, remote, marker):
    worker = service.start_worker()

    async def main(executor):
        task = asyncio.create_task(executor.execute(_execution(SLEEP % 1, marker)))
        await _until(lambda: service.processes_with(marker))
        os.kill(_children(worker)[0], signal.SIGKILL)
        return await task

    assert remote(main).stdout == "rested\n"


def test_an_execution_whose_worker_was_killed_is_run_by_its_successor(service, remote, marker):
    worker = service.start_worker()

    async def main(executor):
        task = asyncio.create_task(executor.execute(_execution(SLEEP % 1, marker)))
        await _until(lambda: service.processes_with(marker))
        worker.kill()
        worker.wait()
        service.start_worker()
        return await task

    assert remote(main).stdout == "rested\n"


def test_an_execution_that_kills_its_worker_each_time_is_an_infra_error(service, remote, marker):
    worker = service.start_worker()

    async def main(executor):
        task = asyncio.create_task(executor.execute(_execution(SLEEP % 5, marker)))
        for _ in range(3):
            await _until(lambda: service.processes_with(marker))
            os.kill(_children(worker)[0], signal.SIGKILL)
            await _until(lambda: not service.processes_with(marker))
        return await task

    result = remote(main)
    assert result.status is Status.INFRA_ERROR
    assert "3 attempts" in result.diagnostics[0].message


def test_a_caller_that_takes_over_joins_what_the_dead_one_began(service, remote, marker):
    service.start_worker()
    source = STAMPED_SLEEP % 4
    code = (
        "import asyncio, sys\nfrom codepar.settings import Settings\nfrom codepar.remote import RemoteExecutor\n"
        "from codepar.protocols import Execution\n"
        "async def main(): await RemoteExecutor(Settings()).execute_as('name', Execution.model_validate_json(sys.argv[1]))\n"
        "asyncio.run(main())"
    )
    execution = _execution(source, marker)
    environment = os.environ | service.settings.environment()
    caller = subprocess.Popen([sys.executable, "-c", code, execution.model_dump_json()], env=environment)

    async def main(executor):
        await _until(lambda: service.processes_with(marker))
        caller.kill()
        caller.wait()
        moment = time.time()
        result = await executor.execute_as("name", execution)
        return moment, result

    moment, result = remote(main)
    assert float(result.stdout) < moment


def test_cancelling_stops_the_program(steady_service, steady_remote, marker):

    async def main(executor):
        task = asyncio.create_task(executor.execute(_execution(SLEEP % 60, marker, limits=Limits(wall_s=120))))
        await _until(lambda: steady_service.processes_with(marker))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _until(lambda: not steady_service.processes_with(marker))

    steady_remote(main)


def test_a_cancelled_execution_that_still_waits_is_never_run(service, remote, marker):
    async def main(executor):
        task = asyncio.create_task(executor.execute(_execution(SLEEP % 60, marker)))
        await _until(lambda: service.queue.depths()[QueueName.EXECUTE] == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        service.start_worker()
        return await executor.execute(_execution(HELLO))

    assert remote(main).stdout == "hello\n"
    assert service.processes_with(marker) == []


def test_a_broker_that_is_wiped_costs_a_delay(service, remote):
    async def main(executor):
        task = asyncio.create_task(executor.execute(_execution(HELLO)))
        await _until(lambda: service.queue.depths()[QueueName.EXECUTE] == 1)
        await asyncio.to_thread(service.queue._redis.flushall)
        service.start_worker()
        return await task

    assert remote(main).stdout == "hello\n"


def test_what_is_raised_there_is_raised_here(service, remote, tmp_path):
    service.settings = service.settings.model_copy(update={"sandbox_binds": (tmp_path / "absent",)})
    service.start_worker()

    async def main(executor):
        return await executor.execute(_execution(HELLO))

    with pytest.raises(SandboxUnavailable, match="absent"):
        remote(main)
