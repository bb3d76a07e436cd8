"""A service of one's own: broker, store, sweep, and real worker processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from codepar.broker import EmbeddedBroker
from codepar.events import Events
from codepar.jobs import Event, Job, JobKind
from codepar.queue import JobQueue, QueueName
from codepar.settings import Settings
from codepar.store import Store, open_store
from codepar.sweeper import Sweeper


class Service:
    """What a test does with the service. Waits raise when they last too long."""

    def __init__(self, settings: Settings, store: Store, folder: Path) -> None:
        self.settings = settings
        self.store = store
        self.queue = JobQueue(settings)
        self.sweeper = Sweeper(settings, store, self.queue)
        self.log = folder / "worker.log"
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self, queue: QueueName = QueueName.EXECUTE, concurrency: int = 1) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "worker", "--queues", queue.value, "--concurrency", str(concurrency), "--with-parent"]
        with self.log.open("ab") as log:
            worker = subprocess.Popen(command, env=os.environ | self.settings.environment(), stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def submit(self, source: str, *, kind: JobKind = JobKind.EXECUTION, **options: Any) -> str:
        job = self.store.create_job(kind, {"source": source, "options": options}).job
        self.queue.send_job(job.id, job.kind)
        self.store.mark_sent(job.id)
        return job.id

    def wait(self, job_id: str, timeout_s: float = 60.0) -> Job:
        deadline = time.monotonic() + timeout_s
        while not (job := self.store.get(job_id)).state.is_terminal:
            assert time.monotonic() < deadline, f"{job}\n{self.log.read_text()}"
            time.sleep(0.02)
        return job

    def wait_for_process(self, job_id: str, marker: str, timeout_s: float = 30.0) -> int:
        """The worker process that holds the job, as soon as the program with ``marker`` in its command line runs."""
        deadline = time.monotonic() + timeout_s
        while not self.processes_with(marker):
            assert time.monotonic() < deadline, f"{self.store.get(job_id)}\n{self.log.read_text()}"
            time.sleep(0.02)
        return int(self.store.owner_of(job_id).split("/")[1])

    def processes_with(self, marker: str) -> list[psutil.Process]:
        """Living processes that have ``marker`` as an argument; sandboxed ones are seen from outside."""
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            if marker in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found

    def wait_until_gone(self, marker: str, timeout_s: float = 10.0) -> None:
        deadline = time.monotonic() + timeout_s
        while left := self.processes_with(marker):
            assert time.monotonic() < deadline, left
            time.sleep(0.05)

    def events(self, job_id: str) -> list[Event]:
        """All events up to the terminal one, waiting for it."""

        async def follow(events: Events) -> list[Event]:
            return [event async for event in events.follow(job_id)]

        return self._with_events(follow)

    def read_events(self, job_id: str) -> list[Event]:
        """The events so far."""

        async def read(events: Events) -> list[Event]:
            return list((await events.read(job_id, block_s=0)).events)

        return self._with_events(read)

    def _with_events(self, function: Callable[[Events], Awaitable[list[Event]]]) -> list[Event]:
        async def main() -> list[Event]:
            events = Events(self.settings, self.store)
            try:
                return await function(events)
            finally:
                await events.close()

        return asyncio.run(main())

    def close(self) -> None:
        self.sweeper.stop()
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.queue.close()


@pytest.fixture
def running_service(broker: EmbeddedBroker, tmp_path: Path) -> Callable[[Settings], AbstractContextManager[Service]]:
    """Broker, store and sweep of given settings; a test starts its workers."""

    @contextmanager
    def run(settings: Settings) -> Iterator[Service]:
        with closing(open_store(settings)) as store, closing(Service(settings, store, tmp_path)) as service:
            service.sweeper.start()
            yield service

    return run


@pytest.fixture
def service(
    service_settings: Settings, running_service: Callable[[Settings], AbstractContextManager[Service]]
) -> Iterator[Service]:
    with running_service(service_settings) as service:
        yield service


@pytest.fixture(scope="module")
def steady_service(tmp_path_factory: pytest.TempPathFactory, shared_cache: Callable[[Path], Path]) -> Iterator[Service]:
    """A service with three workers' children, for tests of a module that break no more than one of these."""
    folder = tmp_path_factory.mktemp("steady")
    settings = Settings(data_dir=shared_cache(folder / "data"), runtime_dir=folder / "run", heartbeat_s=0.3, lease_s=3.0)
    embedded = EmbeddedBroker(settings)
    embedded.start()
    with closing(open_store(settings)) as store, closing(Service(settings, store, folder)) as service:
        service.sweeper.start()
        service.start_worker(concurrency=3)
        yield service
    embedded.stop()
