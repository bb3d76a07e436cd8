"""What a keeper has from task to task: store, progress, executor, generator and the loop they live in.

Opened after the fork, and lazily: a part that cannot be opened fails the task that needs it, and is tried again by
the next. Limits: one task at a time; only what a task awaits moves, nothing runs between tasks.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import redis

from codepar.errors import EngineUnavailable, NotFound
from codepar.events import Events
from codepar.protocols import Executor, Generator
from codepar.queue import CONNECT_TIMEOUT_S
from codepar.remote import RemoteExecutor
from codepar.settings import Settings
from codepar.store import Store, open_store
from worker.executor import open_executor

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Runtime:
    """The parts, opened when first asked for. ``shutdown``: the work shall end. ``alone``: its worker died, and it goes on."""

    def __init__(self, settings: Settings, shutdown: Callable[[], bool], alone: Callable[[], bool] = lambda: False) -> None:
        self.settings = settings
        self.shutdown = shutdown
        self.alone = alone
        self._runner = asyncio.Runner()
        self._store: Store | None = None
        self._redis: redis.Redis | None = None
        self._events: Events | None = None
        self._local: Executor | None = None
        self._remote: RemoteExecutor | None = None
        self._generator: Generator | None = None

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run to the end on this process's one loop."""
        # The runner would keep the context of its first task, and with it that job's name in the logs.
        return self._runner.run(work, context=contextvars.copy_context())

    @property
    def store(self) -> Store:
        """Raises ``StoreUnavailable``."""
        if self._store is None:
            self._store = open_store(self.settings, pool_size=2)
        return self._store

    @property
    def redis(self) -> redis.Redis:
        """A client for threads; the loop's own is in ``events``."""
        if self._redis is None:
            self._redis = redis.Redis.from_url(
                self.settings.broker_url,
                socket_connect_timeout=CONNECT_TIMEOUT_S,
                socket_timeout=CONNECT_TIMEOUT_S * 2,
                decode_responses=True,
            )
        return self._redis

    @property
    def events(self) -> Events:
        """Progress streams."""
        if self._events is None:
            self._events = Events(self.settings, self.store)
        return self._events

    def local_executor(self) -> Executor:
        """Runs code on this machine, in the sandbox. Raises ``SandboxUnavailable``, ``ToolMissing``."""
        if self._local is None:
            self._local = open_executor(self.settings, trusted=False)
        return self._local

    def remote_executor(self) -> Executor:
        """Runs code wherever a worker of the ``execute`` queue is."""
        if self._remote is None:
            self._remote = RemoteExecutor(self.settings)
        return self._remote

    async def generator(self) -> Generator | None:
        """The language model at ``engine_url``; None without one, as the flows answer without it too, and say so.

        Weights are never loaded here: one engine process serves all workers (design, "How data flows").
        """
        if self._generator is None and self.settings.engine_url is not None:
            # Imported here: processes that only execute need no engine.
            from codepar.engine.factory import open_generator

            try:
                self._generator = await open_generator(self.settings)
            except (EngineUnavailable, NotFound) as error:
                _log.warning("going on without a language model: %s", error)
        return self._generator

    def close(self) -> None:
        """Close what was opened."""
        self._runner.run(self._close_async())
        self._runner.close()
        if self._redis is not None:
            self._redis.close()
        if self._store is not None:
            self._store.close()

    async def _close_async(self) -> None:
        for part in (self._remote, self._events):
            if part is not None:
                await part.close()
