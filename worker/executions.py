"""One delivery of a remote execution: run it here and answer, unless nobody wants it. The other side is ``codepar.remote``.

Limits: says nothing to the store; a job knows its executions only by their results.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import redis

from codepar.errors import CodeparError
from codepar.owners import new_owner
from codepar.protocols import Execution
from codepar.queue import broker_errors
from codepar.remote import KEY_LIFE_S, OUTAGE_S, ExecutionKeys, RemoteFault, Reply, key_life, lost_worker
from worker.leases import ShuttingDown
from worker.pulse import Pulse, Stop, Stopped
from worker.runtime import Runtime

_log = logging.getLogger(__name__)


def deliver_execution(runtime: Runtime, execution_id: str, delivery: int, body: dict[str, Any]) -> None:
    """Run and reply. Raises ``ShuttingDown`` when this worker ends first."""
    keys = ExecutionKeys(execution_id)
    if runtime.redis.get(keys.wanted) != str(delivery):
        _log.info("execution %s is not wanted any more", execution_id)
        return
    owner = new_owner()
    starts = _begin(runtime, keys, owner)
    if starts > runtime.settings.max_attempts:
        _answer(runtime, keys, Reply(result=lost_worker(starts - 1)))
        return
    watch = _Watch(runtime, keys, delivery, owner)
    interval_s = min(runtime.settings.heartbeat_s, key_life(runtime.settings) / 3)
    pulse = Pulse(watch.beat, interval_s, runtime.shutdown, watch.is_given_up)
    try:
        reply = runtime.run(pulse.guard(_execute(runtime, body)))
    except Stopped as stopped:
        if stopped.reason is Stop.SHUTDOWN:
            _withdraw(runtime, keys)
            raise ShuttingDown from None
        runtime.redis.delete(keys.alive)
        return
    _answer(runtime, keys, reply)


class _Watch:
    """Says that the worker is there, and asks whether the caller still is."""

    def __init__(self, runtime: Runtime, keys: ExecutionKeys, delivery: int, owner: str) -> None:
        self._runtime = runtime
        self._owner = owner
        self._keys = keys
        self._delivery = str(delivery)
        self._missed = 0

    def beat(self) -> Stop | None:
        """Raises ``BrokerUnavailable``."""
        with broker_errors():
            pipe = self._runtime.redis.pipeline(transaction=False)
            pipe.set(self._keys.alive, self._owner, ex=key_life(self._runtime.settings))
            pipe.get(self._keys.wanted)
            wanted = pipe.execute()[1]
        if wanted not in {None, self._delivery}:
            return Stop.CANCELLED
        # One miss is forgiven: a broker that just came back may have let the key run out.
        self._missed = self._missed + 1 if wanted is None else 0
        return Stop.CANCELLED if self._missed > 1 else None

    def is_given_up(self) -> bool:
        """Whether the caller let go of this delivery. Raises ``BrokerUnavailable``."""
        with broker_errors():
            return self._runtime.redis.get(self._keys.wanted) not in {None, self._delivery}


async def _execute(runtime: Runtime, body: dict[str, Any]) -> Reply:
    try:
        return Reply(result=await runtime.local_executor().execute(Execution.model_validate(body)))
    except CodeparError as error:
        return Reply(fault=RemoteFault.of(error))
    except Exception as error:
        _log.exception("an execution failed")
        return Reply(fault=RemoteFault(code=CodeparError.code, message=f"internal error: {type(error).__name__}: {error}"))


def _begin(runtime: Runtime, keys: ExecutionKeys, owner: str) -> int:
    pipe = runtime.redis.pipeline()
    pipe.set(keys.alive, owner, ex=key_life(runtime.settings))
    pipe.incr(keys.starts)
    pipe.expire(keys.starts, KEY_LIFE_S)
    return int(pipe.execute()[1])


def _withdraw(runtime: Runtime, keys: ExecutionKeys) -> None:
    # This start does not count: the worker ends, and not because of the execution.
    pipe = runtime.redis.pipeline()
    pipe.delete(keys.alive)
    pipe.decr(keys.starts)
    pipe.execute()


def _answer(runtime: Runtime, keys: ExecutionKeys, reply: Reply) -> None:
    """Push the reply, trying on while the broker is away: the work would be lost with it."""
    text = reply.encoded()
    deadline = time.monotonic() + OUTAGE_S
    while True:
        try:
            pipe = runtime.redis.pipeline()
            pipe.rpush(keys.reply, text)
            pipe.expire(keys.reply, KEY_LIFE_S)
            pipe.delete(keys.alive)
            pipe.execute()
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if time.monotonic() > deadline or runtime.shutdown():
                raise
            _log.warning("the reply cannot be sent yet: %s", error)
            time.sleep(0.5)
        else:
            return
