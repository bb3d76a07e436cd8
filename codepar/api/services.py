"""What the routers work with: settings, store, queue, events, engine; made once an application, closed with it.

Limits: no endpoint lives here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from codepar.api.instruments import Metrics
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

_log = logging.getLogger(__name__)


@dataclass
class Services:
    """The parts behind the faces. ``send`` hands a stored job to the queue."""

    settings: Settings
    store: Store
    queue: JobQueue
    events: Events
    metrics: Metrics
    _broker_back_at: float = field(default=0.0, init=False)
    _generator: Generator | None = field(default=None, init=False)

    async def generator(self) -> Generator:
        """The language model of the service, always another process. Raises ``EngineUnavailable`` when there is none."""
        if self.settings.engine_url is None:
            raise EngineUnavailable(
                "this service runs without a language model", remedy="codepar models pull, then start `codepar serve` again"
            )
        if self._generator is None:
            from codepar.engine.factory import open_generator

            self._generator = await open_generator(self.settings)
        return self._generator

    async def send(self, job: Job) -> None:
        """Queue a stored job. A broker that is down loses nothing: the job stays stored and a worker's sweep sends it later."""
        if time.monotonic() < self._broker_back_at:
            return
        try:
            await asyncio.to_thread(self._send, job)
        except BrokerUnavailable as error:
            self._broker_back_at = time.monotonic() + BROKER_PAUSE_S
            _log.warning("job %s is stored but not yet queued: %s", job.id, error)

    def _send(self, job: Job) -> None:
        self.queue.send_job(job.id, job.kind)
        self.store.mark_sent(job.id)

    async def close(self) -> None:
        """Close every connection."""
        await self.events.close()
        self.queue.close()
        self.store.close()


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


ServicesOf = Annotated[Services, Depends(_services)]
