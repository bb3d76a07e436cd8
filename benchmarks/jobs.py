"""What queue, leases and store cost: trivial executions as jobs against the local executor called directly, in one run.

    .venv/bin/python benchmarks/jobs.py [--jobs 60] [--json]

Starts a broker, a store, the sweep and one worker of its own in a temporary folder; caches of programs are off on both sides,
which take turns. Then kills the worker (SIGKILL to its parent process) in the middle of a job, starts another, and says how much
longer than running it once more the job then takes.
Limits: without REST in between (benchmarks/service.py has it); one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from codepar.broker import EmbeddedBroker
from codepar.jobs import JobKind
from codepar.project import Project
from codepar.protocols import Execution, Executor
from codepar.queue import JobQueue, QueueName
from codepar.settings import Settings
from codepar.store import Store, open_store
from codepar.sweeper import Sweeper
from worker.executor import open_executor

PROGRAM = '#include <stdio.h>\nint main(void) {{ printf("%d\\n", {number}); return 0; }}\n'
SLEEP = "#include <unistd.h>\nint main(void) { sleep(6); return 0; }\n"


def start_worker(settings: Settings, concurrency: int) -> subprocess.Popen[bytes]:
    """One worker of the ``execute`` queue."""
    command = [sys.executable, "-P", "-m", "worker", "--queues", QueueName.EXECUTE.value, "--concurrency", str(concurrency)]
    return subprocess.Popen(command, env=os.environ | settings.environment(), stderr=subprocess.DEVNULL)


class Jobs:
    """Submits jobs and waits for them."""

    def __init__(self, settings: Settings, store: Store, queue: JobQueue) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue

    def submit(self, source: str) -> str:
        job = self._store.create_job(JobKind.EXECUTION, {"source": source, "options": {"cache": False}}).job
        self._queue.send_job(job.id, job.kind)
        self._store.mark_sent(job.id)
        return job.id

    def wait(self, job_id: str) -> None:
        while not self._store.get(job_id).state.is_terminal:
            time.sleep(0.01)

    def round(self, numbers: range) -> float:
        """Seconds for all."""
        begun = time.perf_counter()
        for job_id in [self.submit(PROGRAM.format(number=number)) for number in numbers]:
            self.wait(job_id)
        return time.perf_counter() - begun


async def direct_round(executor: Executor, numbers: range, concurrency: int) -> float:
    """Seconds for the same programs, so many at a time."""
    places = asyncio.Semaphore(concurrency)

    async def one(number: int) -> None:
        async with places:
            await executor.execute(Execution(project=Project.of_source(PROGRAM.format(number=number)), cache=False))

    begun = time.perf_counter()
    await asyncio.gather(*(one(number) for number in numbers))
    return time.perf_counter() - begun


def recovery(settings: Settings, jobs: Jobs, worker: subprocess.Popen[bytes]) -> tuple[float, subprocess.Popen[bytes]]:
    """Seconds that a killed worker costs a job of 6 s beyond running it once more, and the worker started instead."""
    begun = time.perf_counter()
    jobs.wait(jobs.submit(SLEEP))
    normal = time.perf_counter() - begun
    job_id = jobs.submit(SLEEP)
    time.sleep(2)
    killed = time.perf_counter()
    worker.kill()
    worker.wait()
    successor = start_worker(settings, 1)
    jobs.wait(job_id)
    return time.perf_counter() - killed - normal, successor


def measure(settings: Settings, jobs: Jobs, count: int) -> dict[str, float]:
    """The table."""
    concurrency = settings.execute_workers
    worker = start_worker(settings, concurrency)
    executor = open_executor(settings, trusted=False)
    with asyncio.Runner() as runner:
        jobs.round(range(4))
        runner.run(direct_round(executor, range(4), concurrency))
        queued = direct = 0.0
        for first in (100, 1000):
            direct += runner.run(direct_round(executor, range(first, first + count), concurrency))
            queued += jobs.round(range(first, first + count))
    late, worker = recovery(settings, jobs, worker)
    worker.terminate()
    worker.wait()
    return {
        "direct executions/s": round(2 * count / direct, 2),
        "jobs/s": round(2 * count / queued, 2),
        "ratio": round(direct / queued, 3),
        "recovery after SIGKILL, s": round(late, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder, "data"), runtime_dir=Path(folder, "run"), log_level="warning")
        broker = EmbeddedBroker(settings)
        broker.start()
        store, queue = open_store(settings), JobQueue(settings)
        sweeper = Sweeper(settings, store, queue)
        sweeper.start()
        figures = measure(settings, Jobs(settings, store, queue), options.jobs)
        sweeper.stop()
        queue.close()
        store.close()
        broker.stop()
    print(json.dumps(figures) if options.json else "\n".join(f"{name:28} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
