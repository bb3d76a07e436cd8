"""An ``Executor`` that sends each execution to the ``execute`` queue by name and awaits the reply, without blocking the loop.

What asks for a GPU goes to the queue ``gpu``, and is refused where nobody serves that.

One execution lives in four short-lived keys: ``wanted`` (the caller is there, and for which delivery), ``starts`` (how often one
began), ``alive`` (who has it in hand, and of which delivery) and ``reply``. A worker that died with its keeper is noticed when
``alive`` runs out or names a dead process, and the execution is sent again; a caller that died or gave up is noticed when
``wanted`` runs out, and the execution is stopped.
Limits: an execution may run twice when its worker falls silent; its first reply counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from codepar.errors import BrokerUnavailable, CodeparError
from codepar.jobs import new_id
from codepar.owners import is_dead
from codepar.presence import require_gpu_worker
from codepar.protocols import Diagnostic, Execution, ExecutionResult, Status
from codepar.queue import CONNECT_TIMEOUT_S, JobQueue, QueueName, broker_unavailable, queue_of_execution
from codepar.settings import Settings

KEY_LIFE_S = 3600
POLL_S = 1
OUTAGE_S = 60.0
# A delivery number that none has: the caller gave up.
NOBODY = 0
MAX_REPLY_BYTES = 64 * 1024**2

_T = TypeVar("_T")


@dataclass(frozen=True)
class ExecutionKeys:
    """The names of one execution's keys."""

    id: str

    @property
    def wanted(self) -> str:
        return f"codepar:execution:{self.id}:wanted"

    @property
    def starts(self) -> str:
        return f"codepar:execution:{self.id}:starts"

    @property
    def alive(self) -> str:
        return f"codepar:execution:{self.id}:alive"

    @property
    def reply(self) -> str:
        return f"codepar:execution:{self.id}:reply"


@dataclass(frozen=True)
class Holder:
    """What ``alive`` says: who works on which delivery."""

    delivery: int
    owner: str

    @property
    def text(self) -> str:
        return f"{self.delivery} {self.owner}"

    @classmethod
    def parse(cls, text: str) -> Holder:
        delivery, _, owner = text.partition(" ")
        return cls(int(delivery), owner)

    @property
    def is_dead(self) -> bool:
        """Whether its process certainly runs no more."""
        return is_dead(self.owner)


class RemoteFault(BaseModel):
    """An error of our tree on its way through the broker."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    remedy: str | None = None
    param: str | None = None

    @classmethod
    def of(cls, error: CodeparError) -> RemoteFault:
        """The error as data."""
        return cls(code=error.code, message=error.message, remedy=error.remedy, param=error.param)

    def to_error(self) -> CodeparError:
        """The error again, of the class that has its code."""
        return _classes().get(self.code, CodeparError)(self.message, remedy=self.remedy, param=self.param)


class Reply(BaseModel):
    """What a worker answers: a result or a fault."""

    model_config = ConfigDict(frozen=True)

    result: ExecutionResult | None = None
    fault: RemoteFault | None = None

    def encoded(self) -> str:
        """As JSON; outputs that are too large to carry are cut, and the status says so."""
        text = self.model_dump_json()
        if len(text) <= MAX_REPLY_BYTES or self.result is None:
            return text
        note = Diagnostic(kind="output_limit", message=f"the outputs exceed {MAX_REPLY_BYTES} bytes and were left out")
        cut = {"status": Status.OUTPUT_LIMIT, "stdout": "", "stderr": "", "rank_stdout": (), "diagnostics": (note,)}
        return Reply(result=self.result.model_copy(update=cut)).model_dump_json()


class RemoteExecutor:
    """``Executor`` over the broker. Belongs to one event loop; ``close`` it there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue = JobQueue(settings)
        self._redis = Redis.from_url(settings.broker_url, socket_connect_timeout=CONNECT_TIMEOUT_S)

    async def execute(self, execution: Execution) -> ExecutionResult:
        """Run it somewhere. Status ``infra_error`` when the worker was lost in each attempt.

        Raises what the remote executor raised, ``GpuUnavailable`` where no worker has the device that is asked for, and
        ``BrokerUnavailable`` after a minute without a broker.
        """
        return await self.execute_as(new_id(), execution)

    async def execute_as(self, execution_id: str, execution: Execution) -> ExecutionResult:
        """The same under a given name: a caller that takes over from one that died joins what that one had begun."""
        keys = ExecutionKeys(execution_id)
        try:
            result = await self._deliver(keys, execution.model_dump(mode="json"))
        except asyncio.CancelledError:
            await self._let_go(keys, NOBODY)
            raise
        except CodeparError:
            await self._let_go(keys, None)
            raise
        await self._let_go(keys, None)
        return result

    async def close(self) -> None:
        """Close the connections."""
        self._queue.close()
        await self._redis.aclose()

    async def _deliver(self, keys: ExecutionKeys, body: dict[str, Any]) -> ExecutionResult:
        queue = queue_of_execution(body)
        await self._require_worker(queue)
        delivery = await self._patiently(self._delivery_under_way, keys)
        if delivery > 0:
            reply = await self._await_reply(keys, delivery, queue, starts_before=0)
            if reply is not None:
                return _unpacked(reply)
        lost = 0
        while lost < self._settings.max_attempts:
            delivery += 1
            before = await self._patiently(self._want, keys, delivery)
            await self._patiently(asyncio.to_thread, self._queue.send_execution, keys.id, delivery, body)
            reply = await self._await_reply(keys, delivery, queue, before)
            if reply is not None:
                return _unpacked(reply)
            lost = await self._patiently(self._starts, keys)
        return lost_worker(lost)

    async def _delivery_under_way(self, keys: ExecutionKeys) -> int:
        """The delivery that an earlier caller of this name was waiting for, 0 for none."""
        return int(await self._redis.get(keys.wanted) or 0)

    async def _let_go(self, keys: ExecutionKeys, word: int | None) -> None:
        """Forget the execution; ``NOBODY`` tells a worker that has it to stop."""
        with suppress(redis.RedisError, OSError):
            await self._redis.delete(keys.wanted, keys.reply, keys.starts)
            if word is not None:
                await self._redis.set(keys.wanted, word, ex=2 * key_life(self._settings))

    async def _await_reply(self, keys: ExecutionKeys, delivery: int, queue: QueueName, starts_before: int) -> Reply | None:
        loop = asyncio.get_running_loop()
        sent = loop.time()
        while True:
            reply = await self._patiently(self._pop, keys, POLL_S)
            if reply is not None:
                return reply
            started = await self._patiently(self._want, keys, delivery) > starts_before
            alive = await self._patiently(self._is_alive, keys)
            overdue = loop.time() - sent > self._settings.lease_s
            if not started and overdue:
                await self._require_worker(queue)
            if (started and not alive) or (not started and overdue and await self._is_forgotten(queue)):
                # The reply is written before `alive` goes, so it may have come since we looked.
                return await self._patiently(self._pop, keys, None)

    async def _pop(self, keys: ExecutionKeys, block_s: int | None) -> Reply | None:
        if block_s is None:
            found = await self._redis.lpop(keys.reply)
        else:
            pair = await self._redis.blpop([keys.reply], timeout=block_s)
            found = None if pair is None else pair[1]
        return None if found is None else Reply.model_validate_json(found)  # type: ignore[arg-type] # a list only with a count

    async def _want(self, keys: ExecutionKeys, delivery: int) -> int:
        """Say that the caller is there; returns how often a worker began."""
        # Long enough for another attempt of the job to come back for it.
        await self._redis.set(keys.wanted, delivery, ex=2 * key_life(self._settings))
        return await self._starts(keys)

    async def _starts(self, keys: ExecutionKeys) -> int:
        return int(await self._redis.get(keys.starts) or 0)

    async def _is_alive(self, keys: ExecutionKeys) -> bool:
        holder = await self._redis.get(keys.alive)
        return isinstance(holder, bytes) and not Holder.parse(holder.decode()).is_dead

    async def _require_worker(self, queue: QueueName) -> None:
        # The other queues have workers wherever the service runs; a device may be nowhere.
        if queue is QueueName.GPU:
            await self._patiently(asyncio.to_thread, require_gpu_worker, self._settings)

    async def _is_forgotten(self, queue: QueueName) -> bool:
        # Nothing waits in the queue, and yet no worker began: the broker lost the message.
        depths: dict[QueueName, int] = await self._patiently(asyncio.to_thread, self._queue.depths)
        return depths[queue] == 0

    async def _patiently(self, operation: Callable[..., Awaitable[_T]], *arguments: Any) -> _T:
        """Try until it works: a broker that restarts must not fail a job."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + OUTAGE_S
        while True:
            try:
                return await operation(*arguments)
            except (redis.RedisError, OSError, BrokerUnavailable) as error:
                if loop.time() > deadline:
                    raise error if isinstance(error, BrokerUnavailable) else broker_unavailable(error) from error
                await asyncio.sleep(0.5)
            finally:
                _raise_if_cancelled()


def _raise_if_cancelled() -> None:
    # The client may turn a cancellation that meets a time-out into the latter; it must not be lost.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def key_life(settings: Settings) -> int:
    """Seconds after which a silent caller or worker counts as gone."""
    return max(int(settings.lease_s), 2)


def lost_worker(attempts: int) -> ExecutionResult:
    """The result of an execution whose worker died each time."""
    message = f"the worker was lost in each of {attempts} attempts"
    return ExecutionResult(status=Status.INFRA_ERROR, diagnostics=(Diagnostic(kind="infra_error", message=message),))


def _unpacked(reply: Reply) -> ExecutionResult:
    if reply.fault is not None:
        raise reply.fault.to_error()
    assert reply.result is not None
    return reply.result


def _classes() -> dict[str, type[CodeparError]]:
    found: dict[str, type[CodeparError]] = {}
    todo = [CodeparError]
    while todo:
        kind = todo.pop()
        # A subclass without a code of its own is told apart by nothing, so the base keeps the name.
        found.setdefault(kind.code, kind)
        todo.extend(kind.__subclasses__())
    return found
