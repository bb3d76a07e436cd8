"""The keeper: the process that does the work of one pool process, and goes on with it when that one is killed.

A pool process holds the broker's message; its keeper holds the lease, the programs under way and the result. A worker that is
killed therefore takes nothing with it: the keeper finishes what it has, answers, and ends; the message, when it comes again,
finds the lease held. Two deaths do end the work. A keeper that is killed itself is a lost attempt. And a pool process that dies
within ``SUSPECT_S`` of taking the work may have died of it: the keeper ends with it, the attempt counts, and little is lost.
Limits: one piece of work at a time; what a keeper without a worker logs may have no reader.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import Any

from codepar.errors import CodeparError
from codepar.queue import EXECUTE_TASK, JOB_TASK
from codepar.settings import Settings
from worker.executions import deliver_execution
from worker.leases import ShuttingDown, deliver_job
from worker.runtime import Runtime

SUSPECT_S = 3.0

_DELIVER: dict[str, Callable[..., None]] = {JOB_TASK: deliver_job, EXECUTE_TASK: deliver_execution}
_log = logging.getLogger(__name__)


class Answer(StrEnum):
    """What becomes of the message: it is ``done`` with, or must come ``again``."""

    DONE = "done"
    AGAIN = "again"


@dataclass(frozen=True)
class Errand:
    """A message as it goes from a pool process to its keeper: the task and its arguments, which are JSON."""

    task: str
    arguments: tuple[Any, ...]

    def encoded(self) -> bytes:
        return json.dumps([self.task, *self.arguments]).encode()

    @classmethod
    def decoded(cls, data: bytes) -> Errand:
        task, *arguments = json.loads(data)
        return cls(task, tuple(arguments))


class Keeper:
    """The process's side. ``service`` is a descriptor of the process that started the worker; it becomes readable at its end."""

    def __init__(self, settings: Settings, link: Connection, shutdown: Callable[[], bool], service: int | None) -> None:
        self._settings = settings
        self._link = link
        self._shutdown = shutdown
        self._service = service
        self._lock = threading.Lock()
        self._began: float | None = None
        self._alone = False
        self._told_to_end = False

    def run(self) -> None:
        """Work until the other end of the link is closed."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._watch, name="keeper", daemon=True).start()
        runtime = Runtime(self._settings, lambda: self._told_to_end or self._shutdown(), lambda: self._alone)
        try:
            while (errand := self._next()) is not None:
                self._say(self._do(runtime, errand))
        finally:
            runtime.close()

    def _next(self) -> Errand | None:
        try:
            errand = Errand.decoded(self._link.recv_bytes())
        except (EOFError, OSError):
            return None
        with self._lock:
            self._began = time.monotonic()
            # The message comes again, to somebody who is not alone.
            return None if self._alone else errand

    def _do(self, runtime: Runtime, errand: Errand) -> Answer:
        try:
            _DELIVER[errand.task](runtime, *errand.arguments)
        except ShuttingDown:
            return Answer.AGAIN
        except CodeparError as error:
            _log.error("a delivery failed, the sweep will send it again: %s", error)
        except Exception:
            _log.exception("a delivery failed")
        return Answer.DONE

    def _say(self, answer: Answer) -> None:
        with self._lock:
            self._began = None
        try:
            self._link.send_bytes(answer.value.encode())
        except OSError:
            _log.info("the work outlived its worker")

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._told_to_end = True

    def _watch(self) -> None:
        """See the ends of the pool process and of the service; the latter takes everything along."""
        poll = select.poll()
        # Nothing asked for: the end of the other side is told all the same.
        poll.register(self._link.fileno(), 0)
        if self._service is not None:
            poll.register(self._service, select.POLLIN)
        while True:
            if any(descriptor == self._service for descriptor, _ in poll.poll()):
                os._exit(1)
            self._left_alone()
            poll.unregister(self._link.fileno())

    def _left_alone(self) -> None:
        with self._lock:
            self._alone = True
            age_s = None if self._began is None else time.monotonic() - self._began
            if age_s is not None and age_s < SUSPECT_S:
                # As if killed: programs end with this process, and whoever takes the lease sees a dead owner.
                os._exit(1)
        if age_s is not None:
            _log.warning("the worker was killed after %.1f s of this work, which goes on", age_s)
