"""What the routers work with: settings, store, queue, events, engine; made once an application, closed with it.

Limits: no endpoint lives here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from codepar.api.instruments import Metrics
from codepar.engine.factory import open_generator
from codepar.errors import BrokerUnavailable, EngineUnavailable
from codepar.events import Events
from codepar.jobs import Job
from codepar.protocols import Generator
from codepar.queue import JobQueue
from codepar.settings import Settings
from codepar.store import Store

# After a failure the broker is left alone for so long: each try costs a thread about a second, and the sweep
# sends what was stored.
BROKER_PAUSE_S = 2.0
# A broker that hangs must not hold an answer back, nor the threads that read the store.
SEND_TIMEOUT_S = 3.0
SENDERS = 4
# They share one interpreter: more would slow each other and every answer down.
THINKERS = 4

_log = logging.getLogger(__name__)


@dataclass
class Services:
    """The parts behind the faces. ``send`` hands a stored job to the queue, ``thinkers`` are threads for long computations."""

    settings: Settings
    store: Store
    queue: JobQueue
    events: Events
    metrics: Metrics
    _broker_back_at: float = field(default=0.0, init=False)
    _senders: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(SENDERS, "send"), init=False)
    thinkers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THINKERS, "think"), init=False)
    _generator: Generator | None = field(default=None, init=False)

    async def generator(self) -> Generator:
        """The language model of the service, always another process. Raises ``EngineUnavailable`` when there is none."""
        if self.settings.engine_url is None:
            raise EngineUnavailable(
                "this service runs without a language model", remedy="codepar models pull, then start `codepar serve` again"
            )
        if self._generator is None:
            self._generator = await open_generator(self.settings)
        return self._generator

    async def send(self, job: Job) -> None:
        """Queue a stored job. A broker that is down loses nothing: the job stays stored and a worker's sweep sends it later."""
        if time.monotonic() < self._broker_back_at:
            return
        sending = asyncio.get_running_loop().run_in_executor(self._senders, self._send, job)
        sending.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await asyncio.shield(sending)
        except (BrokerUnavailable, TimeoutError) as error:
            self._broker_back_at = time.monotonic() + BROKER_PAUSE_S
            _log.warning("job %s is stored but not yet queued: %s", job.id, error or "the broker hangs")

    async def tell_end(self, job: Job) -> None:
        """Publish the end of a job that no worker will publish. Lost with the broker, it is rebuilt by the reader."""
        with suppress(BrokerUnavailable, TimeoutError):
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self.events.publish_end(job)

    def _send(self, job: Job) -> None:
        self.queue.send_job(job.id, job.kind)
        self.store.mark_sent(job.id)

    async def close(self) -> None:
        """Close every connection."""
        for pool in (self._senders, self.thinkers):
            pool.shutdown(wait=False, cancel_futures=True)
        if self._generator is not None:
            await self._generator.close()
        await self.events.close()
        self.queue.close()
        self.store.close()


def services_of(request: Request) -> Services:
    """The parts behind the application that serves this request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


ServicesOf = Annotated[Services, Depends(services_of)]
