"""The pulse of one task: a thread that says "alive" and hears "stop", and cancels the task's coroutine then.

It beats every few seconds and looks more often, cheaply, whether there is a reason to beat at once: a cancellation is heard soon.

A thread, so that a coroutine that computes for long does not fall silent. Work whose worker died ends after ``OUTAGE_S`` in which
no beat was heard: nobody would stop it otherwise. Limits: a coroutine that never awaits is not stopped.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, TypeVar

from codepar.errors import BrokerUnavailable, StoreUnavailable
from codepar.remote import OUTAGE_S

_T = TypeVar("_T")
_LOOK_S = 0.25
_HURRY_EVERY_S = 0.5
_CANCEL_AGAIN_S = 5.0

_log = logging.getLogger(__name__)


class Stop(StrEnum):
    """Why a task shall end early."""

    CANCELLED = "cancelled"
    LOST = "lost"
    SHUTDOWN = "shutdown"


class Stopped(Exception):
    """The coroutine was cancelled for ``reason``."""

    def __init__(self, reason: Stop) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Pulse:
    """Calls ``beat`` every ``interval_s``, and when ``hurry`` says so; its answer, or ``shutdown`` being set, ends the work."""

    def __init__(
        self,
        beat: Callable[[], Stop | None],
        interval_s: float,
        shutdown: Callable[[], bool],
        hurry: Callable[[], bool] = lambda: False,
        alone: Callable[[], bool] = lambda: False,
    ) -> None:
        self._beat = beat
        self._interval_s = interval_s
        self._shutdown = shutdown
        self._hurry = hurry
        self._alone = alone
        self._done = threading.Event()
        self._reason: Stop | None = None
        self._due = 0.0
        self._next_look = 0.0
        self._heard = 0.0

    async def guard(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Await ``work`` under this pulse. Raises ``Stopped`` when it was made to end, and what ``work`` raises."""
        task = asyncio.ensure_future(work)
        thread = threading.Thread(target=self._run, args=(asyncio.get_running_loop(), task), name="pulse", daemon=True)
        thread.start()
        try:
            return await task
        except asyncio.CancelledError:
            if self._reason is None:
                raise
            raise Stopped(self._reason) from None
        finally:
            self._done.set()
            await asyncio.to_thread(thread.join)

    def _run(self, loop: asyncio.AbstractEventLoop, task: asyncio.Future[Any]) -> None:
        self._heard = time.monotonic()
        self._due = self._heard + self._interval_s
        while not self._done.wait(min(_LOOK_S, self._interval_s)):
            reason = Stop.SHUTDOWN if self._shutdown() else None
            if reason is None and self._is_time():
                self._due = time.monotonic() + self._interval_s
                reason = self._ask()
            if reason is not None:
                self._reason = reason
                self._cancel(loop, task)
                return

    def _is_time(self) -> bool:
        moment = time.monotonic()
        if moment >= self._due:
            return True
        if moment < self._next_look:
            return False
        try:
            return self._hurry()
        except (StoreUnavailable, BrokerUnavailable):
            # The beat will say it.
            return False
        finally:
            self._next_look = time.monotonic() + _HURRY_EVERY_S

    def _cancel(self, loop: asyncio.AbstractEventLoop, task: asyncio.Future[Any]) -> None:
        # More than once: a library may swallow a cancellation. Not often: cleaning up takes its time.
        while True:
            loop.call_soon_threadsafe(task.cancel)
            if self._done.wait(_CANCEL_AGAIN_S):
                return

    def _ask(self) -> Stop | None:
        try:
            reason = self._beat()
        except (StoreUnavailable, BrokerUnavailable) as error:
            _log.warning("a heartbeat failed: %s", error)
            if self._alone() and time.monotonic() - self._heard > OUTAGE_S:
                return Stop.LOST
            # Go on: when the silence lasts, the compare-and-swap on the lease decides whose result counts.
            return None
        self._heard = time.monotonic()
        return reason
