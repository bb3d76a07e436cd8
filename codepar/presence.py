"""Workers say that they are there, each for its queues, and whether they can work; ``/ready`` and ``codepar doctor`` ask.

One sorted set a queue in the broker: members are workers, scores the moment they run out. Limits: nothing is scheduled by it;
the clocks of the machines must agree within ``LIFE_S``.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import redis

from codepar.errors import BrokerUnavailable, GpuUnavailable
from codepar.protocols import Record
from codepar.queue import CONNECT_TIMEOUT_S, QueueName, broker_errors
from codepar.settings import Settings

LIFE_S = 10.0
BEAT_S = 3.0
GPU_REMEDY = (
    "where a device is, `codepar serve` starts one by itself, or python -m worker --queues gpu; `emulate` runs CUDA on the CPU"
)

_log = logging.getLogger(__name__)


class WorkerPresence(Record):
    """One worker. ``fault`` says why it takes work and refuses it, for example a wall of the sandbox that does not hold."""

    host: str
    pid: int
    fault: str | None = None


def workers_present(settings: Settings, queue: QueueName) -> list[WorkerPresence]:
    """The workers of a queue that were heard of lately. Raises ``BrokerUnavailable``."""
    client = _connect(settings)
    with broker_errors():
        try:
            members = client.zrangebyscore(_key(queue), time.time(), "+inf")
        finally:
            client.close()
    return [WorkerPresence.model_validate_json(member) for member in members if isinstance(member, bytes)]


def require_gpu_worker(settings: Settings) -> None:
    """Return when a worker that can work serves the queue ``gpu``. Raises ``GpuUnavailable``, ``BrokerUnavailable``."""
    present = workers_present(settings, QueueName.GPU)
    if not present:
        raise GpuUnavailable("no GPU worker: nobody serves the queue `gpu`", remedy=GPU_REMEDY)
    faults = [worker.fault for worker in present if worker.fault]
    if len(faults) == len(present):
        raise GpuUnavailable(f"no GPU worker can work: {faults[0]}", remedy=GPU_REMEDY)


class Announcer:
    """A thread that says "here" for this process until it is stopped. ``fault`` is asked once, in the thread."""

    def __init__(self, settings: Settings, queues: Sequence[QueueName], fault: Callable[[], str | None]) -> None:
        self._client = _connect(settings)
        self._queues = tuple(queues)
        self._fault = fault
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Take the word back and end."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.close()

    def _run(self) -> None:
        presence = WorkerPresence(host=socket.gethostname(), pid=os.getpid(), fault=self._fault())
        member = json.dumps(presence.model_dump())
        while True:
            self._say(member)
            if self._stopped.wait(BEAT_S):
                break
        with suppress(BrokerUnavailable), broker_errors():
            for queue in self._queues:
                self._client.zrem(_key(queue), member)

    def _say(self, member: str) -> None:
        moment = time.time()
        try:
            with broker_errors():
                pipe = self._client.pipeline(transaction=False)
                for queue in self._queues:
                    pipe.zremrangebyscore(_key(queue), "-inf", moment)
                    pipe.zadd(_key(queue), {member: moment + LIFE_S})
                pipe.execute()
        except BrokerUnavailable as error:
            _log.debug("nobody heard that this worker is here: %s", error)


def _key(queue: QueueName) -> str:
    return f"codepar:workers:{queue.value}"


def _connect(settings: Settings) -> redis.Redis:
    return redis.Redis.from_url(
        settings.broker_url, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=CONNECT_TIMEOUT_S * 2
    )
