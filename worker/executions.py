"""One delivery of a remote execution: run it here and answer, unless nobody wants it or somebody has it in hand already.

The other side is ``codepar.remote``.

Limits: says nothing to the store; a job knows its executions only by their results.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

import redis

from codepar.errors import CodeparError
from codepar.owners import new_owner
from codepar.protocols import Execution
from codepar.queue import broker_errors
from codepar.remote import KEY_LIFE_S, OUTAGE_S, ExecutionKeys, Holder, RemoteFault, Reply, key_life, lost_worker
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
    holder = Holder(delivery, new_owner())
    starts = _begin(runtime, keys, holder)
    if starts is None:
        _log.info("execution %s is under way elsewhere", execution_id)
        return
    if starts > runtime.settings.max_attempts:
        _answer(runtime, keys, Reply(result=lost_worker(starts - 1)))
        return
    watch = _Watch(runtime, keys, holder)
    interval_s = min(runtime.settings.heartbeat_s, key_life(runtime.settings) / 3)
    pulse = Pulse(watch.beat, interval_s, runtime.shutdown, watch.is_given_up, runtime.alone)
    try:
        reply = runtime.run(pulse.guard(_execute(runtime, body)))
    except Stopped as stopped:
        if stopped.reason is Stop.SHUTDOWN:
            _withdraw(runtime, keys)
            raise ShuttingDown from None
        _let_go(runtime, keys, holder)
        return
    _answer(runtime, keys, reply)


class _Watch:
    """Says that the worker is there, and asks whether the caller still is."""

    def __init__(self, runtime: Runtime, keys: ExecutionKeys, holder: Holder) -> None:
        self._runtime = runtime
        self._holder = holder
        self._keys = keys
        self._delivery = str(holder.delivery)
        self._missed = 0

    def beat(self) -> Stop | None:
        """Raises ``BrokerUnavailable``."""
        with broker_errors():
            wanted = self._runtime.redis.get(self._keys.wanted)
            if wanted not in {None, self._delivery}:
                # Not said before asked: another may have it in hand by now.
                return Stop.CANCELLED
            self._runtime.redis.set(self._keys.alive, self._holder.text, ex=key_life(self._runtime.settings))
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


def _begin(runtime: Runtime, keys: ExecutionKeys, holder: Holder) -> int | None:
    """How often the execution began, with this time; None while a living process has the same delivery in hand."""
    with runtime.redis.pipeline() as pipe:
        while True:
            pipe.watch(keys.alive)  # type: ignore[no-untyped-call] # redis is untyped here
            text = pipe.get(keys.alive)
            other = Holder.parse(text) if isinstance(text, str) else None
            if other is not None and other.delivery == holder.delivery and not other.is_dead:
                return None
            pipe.multi()
            pipe.set(keys.alive, holder.text, ex=key_life(runtime.settings))
            pipe.incr(keys.starts)
            pipe.expire(keys.starts, KEY_LIFE_S)
            with suppress(redis.WatchError):
                return int(pipe.execute()[1])


def _let_go(runtime: Runtime, keys: ExecutionKeys, holder: Holder) -> None:
    """Say no more that it is in hand, unless another says so now. A broker that is away forgets it by itself."""
    try:
        if runtime.redis.get(keys.alive) == holder.text:
            runtime.redis.delete(keys.alive)
    except redis.RedisError as error:
        _log.warning("left to run out: %s", error)


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
