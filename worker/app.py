"""The Celery worker: its tasks (thin) and the life of its processes.

The pool is prefork: one task a process at a time, each with a keeper that does the work and outlives a kill (``worker.keeper``);
the kernel ends the children with their parent. The parent says in the broker that it is there, and whether its walls hold.
Limits: time limits and revocation of Celery are not used; tasks stop by their pulse.
"""

from __future__ import annotations

import asyncio
import mmap
import socket
import warnings
from collections.abc import Sequence
from typing import Any

from celery import Celery
from celery.exceptions import Reject
from celery.platforms import SecurityWarning
from celery.signals import (
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)

from codepar.errors import CodeparError
from codepar.logs import configure_logs
from codepar.presence import Announcer
from codepar.queue import EXECUTE_TASK, JOB_TASK, QueueName, make_app
from codepar.settings import Settings
from worker.handover import Handover
from worker.keeper import Answer, Errand
from worker.sandbox import SandboxedRunner
from worker.toolchains.gpu.toolchain import require_gpu


class Worker:
    """One worker: a parent that consumes and ``concurrency`` children that hand what comes to their keepers.

    ``service`` is a descriptor of the process with which everything ends, keepers too.
    """

    def __init__(self, settings: Settings, queues: list[QueueName], concurrency: int, service: int | None = None) -> None:
        self._settings = settings
        self._queues = [queue.value for queue in queues]
        self._announcer = Announcer(settings, queues, lambda: _fault(settings, queues))
        self._concurrency = concurrency
        self._service = service
        # Shared with children and keepers: they have no other way to learn that the parent was asked to end.
        self._shutdown = mmap.mmap(-1, 1)
        self._handover: Handover | None = None
        self.app = self._make_app()

    def run(self) -> int:
        """Work until SIGTERM or SIGINT, then put back what is under way. Returns the exit code."""
        connections = (
            (setup_logging, self._configure_logs),
            (worker_process_init, self._open),
            (worker_process_shutdown, self._close),
            (worker_ready, self._appear),
            (worker_shutting_down, self._begin_shutdown),
            (worker_shutdown, self._disappear),
        )
        for signal, receiver in connections:
            signal.connect(receiver, weak=False)
        # It warns root of pickled messages; ours are JSON alone, and what strangers wrote runs as another user behind walls.
        warnings.simplefilter("ignore", SecurityWarning)
        worker = self.app.Worker(
            queues=self._queues,
            pool="prefork",
            concurrency=self._concurrency,
            hostname=f"{'-'.join(self._queues)}@{socket.gethostname()}",
            quiet=True,
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
        )
        worker.start()
        return int(worker.exitcode or 0)

    def _make_app(self) -> Celery:
        app = make_app(self._settings)

        @app.task(name=JOB_TASK)  # type: ignore[untyped-decorator] # Celery ships no types
        def job(job_id: str) -> None:
            self._hand_over(JOB_TASK, job_id)

        @app.task(name=EXECUTE_TASK)  # type: ignore[untyped-decorator]
        def execute(execution_id: str, delivery: int, body: dict[str, Any]) -> None:
            self._hand_over(EXECUTE_TASK, execution_id, delivery, body)

        return app

    def _hand_over(self, task: str, *arguments: Any) -> None:
        assert self._handover is not None, "tasks run in pool processes only"
        if self._handover.give(Errand(task, arguments)) is Answer.AGAIN:
            raise Reject("not done with", requeue=True)

    def _configure_logs(self, **_: Any) -> None:
        configure_logs(self._settings.log_level)

    def _open(self, **_: Any) -> None:
        self._handover = Handover(self._settings, lambda: self._shutdown[0] != 0, self._service)

    def _close(self, **_: Any) -> None:
        if self._handover is not None:
            self._handover.close()

    def _appear(self, **_: Any) -> None:
        self._announcer.start()

    def _disappear(self, **_: Any) -> None:
        self._announcer.stop()

    def _begin_shutdown(self, **_: Any) -> None:
        self._shutdown[0] = 1


def _fault(settings: Settings, queues: Sequence[QueueName]) -> str | None:
    """Why this worker would refuse what it takes; None when it can work."""
    if QueueName.EXECUTE not in queues and QueueName.GPU not in queues:
        return None
    try:
        report = asyncio.run(SandboxedRunner(settings).probe())
        if report.holds and QueueName.GPU in queues:
            require_gpu(settings)
    except CodeparError as error:
        return str(error)
    return None if report.holds else "; ".join(f"{wall.name}: {wall.detail}" for wall in report.broken)
