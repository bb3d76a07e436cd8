"""The progress of a job as a Redis stream, with exactly one terminal event, and a way to wait for its end.

Events are kept for a day and at most a thousand a job. The store is the truth: where the stream was lost (a wiped broker), or its
writer died before the last word, the terminal event is rebuilt from the job, so that every reader comes to an end.
Limits: other lost events are not rebuilt.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import redis
from redis.asyncio import Redis

from codepar.errors import BrokerUnavailable, InvalidInput
from codepar.jobs import Event, Job
from codepar.queue import CONNECT_TIMEOUT_S, broker_unavailable
from codepar.settings import Settings

FINISHED = "finished"
STREAM_LIFE_S = 24 * 3600
STREAM_LENGTH = 1000
MAX_DATA_BYTES = 256 * 1024
CHANNEL = "codepar:finished"

# A reader looks into the store this often while its stream is silent, a waiter while the broker is.
STORE_CHECK_S = 2.0
START = "0-0"

_EVENT_ID = re.compile(r"\d{1,19}(-\d{1,19})?")
_log = logging.getLogger(__name__)

# KEYS: stream, ended flag. ARGV: type, attempt, data, length, life. Nothing follows the terminal event.
_ADD = """
if redis.call('EXISTS', KEYS[2]) == 1 then return false end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'type', ARGV[1], 'attempt', ARGV[2], 'data', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return id
"""
# The same, once: the flag remembers the event's id. ARGV 6 and 7: channel and job.
_END = """
if redis.call('EXISTS', KEYS[2]) == 1 then return false end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'type', ARGV[1], 'attempt', ARGV[2], 'data', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('SET', KEYS[2], id, 'EX', ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[7])
return id
"""


class JobSource(Protocol):
    """The one thing asked of the store."""

    def get(self, job_id: str) -> Job: ...


@dataclass(frozen=True)
class Batch:
    """New events, oldest first. ``ended`` True: nothing will follow."""

    events: tuple[Event, ...]
    ended: bool


class Events:
    """Reads and writes progress. Belongs to one event loop; ``close`` it there."""

    def __init__(self, settings: Settings, jobs: JobSource) -> None:
        self._jobs = jobs
        self._redis = Redis.from_url(settings.broker_url, socket_connect_timeout=CONNECT_TIMEOUT_S, decode_responses=True)
        self._add = self._redis.register_script(_ADD)
        self._end = self._redis.register_script(_END)
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._listener: asyncio.Task[None] | None = None

    async def publish(self, job_id: str, type: str, attempt: int, data: dict[str, Any]) -> None:
        """Add one event; after the terminal one it is dropped. Raises ``BrokerUnavailable``."""
        with _translated():
            await self._add(keys=_keys(job_id), args=_arguments(type, attempt, data))

    async def publish_end(self, job: Job) -> None:
        """Add the terminal event of a finished job, unless it is there. Raises ``BrokerUnavailable``."""
        arguments = [*_arguments(FINISHED, job.attempt, _end_data(job)), CHANNEL, job.id]
        with _translated():
            await self._end(keys=_keys(job.id), args=arguments)

    async def read(self, job_id: str, after_id: str | None = None, block_s: float = 15.0) -> Batch:
        """The events after ``after_id`` (None: from the first), waiting up to ``block_s`` for one.

        Works without a broker too: then only the terminal event comes, from the store. Raises ``NotFound``,
        ``InvalidInput`` for an id that is none, ``StoreUnavailable``.
        """
        after = checked_event_id(after_id)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + block_s
        pause = 0.0
        while True:
            try:
                batch = await self._read_stream(job_id, after, pause)
            except BrokerUnavailable:
                batch = await self._read_store(job_id, after, min(pause, 0.5))
            left = deadline - loop.time()
            if batch.events or batch.ended or left <= 0:
                return batch
            pause = min(STORE_CHECK_S, left)

    async def follow(self, job_id: str, after_id: str | None = None) -> AsyncIterator[Event]:
        """Every event after ``after_id`` up to the terminal one."""
        while True:
            batch = await self.read(job_id, after_id)
            for event in batch.events:
                after_id = event.id
                yield event
            if batch.ended:
                return

    async def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job as soon as it is finished, or as it is after ``timeout_s``. Raises ``NotFound``, ``StoreUnavailable``."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        finished = asyncio.Event()
        self._waiters.setdefault(job_id, set()).add(finished)
        self._listen()
        try:
            while True:
                job = await asyncio.to_thread(self._jobs.get, job_id)
                left = deadline - loop.time()
                if job.state.is_terminal or left <= 0:
                    return job
                with suppress(TimeoutError):
                    await asyncio.wait_for(finished.wait(), min(STORE_CHECK_S, left))
                finished.clear()
        finally:
            self._forget(job_id, finished)

    async def close(self) -> None:
        """Stop listening and close the connections."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self._redis.aclose()

    async def _read_stream(self, job_id: str, after: str, block_s: float) -> Batch:
        events = await self._entries(job_id, after, block_s)
        if events:
            return Batch(events, events[-1].type == FINISHED)
        job = await asyncio.to_thread(self._jobs.get, job_id)
        if not job.state.is_terminal:
            return Batch((), ended=False)
        await self.publish_end(job)
        return Batch(await self._entries(job_id, after, 0.0), ended=True)

    async def _entries(self, job_id: str, after: str, block_s: float) -> tuple[Event, ...]:
        block = max(int(block_s * 1000), 1) if block_s > 0 else None
        with _translated():
            found = await self._redis.xread({_keys(job_id)[0]: after}, count=100, block=block)
        streams: Iterable[Any] = found.values() if isinstance(found, dict) else [entries for _, entries in found or []]
        return tuple(_event(entry) for entries in streams for entry in entries)

    async def _read_store(self, job_id: str, after: str, pause_s: float) -> Batch:
        job = await asyncio.to_thread(self._jobs.get, job_id)
        if not job.state.is_terminal:
            await asyncio.sleep(pause_s)
            return Batch((), ended=False)
        event = Event(id=_following(after, job), type=FINISHED, attempt=job.attempt, data=_end_data(job))
        return Batch((event,), ended=True)

    def _listen(self) -> None:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        for waiter in self._waiters.get(str(message["data"]), ()):
                            waiter.set()
            except (redis.RedisError, OSError) as error:
                # Waiters go on by looking into the store.
                _log.debug("the broker is silent: %s", error)
                await asyncio.sleep(STORE_CHECK_S / 2)

    def _forget(self, job_id: str, waiter: asyncio.Event) -> None:
        self._waiters[job_id].discard(waiter)
        if not self._waiters[job_id]:
            del self._waiters[job_id]


class JobProgress:
    """``Progress`` of one attempt. What cannot be published is logged and lost: progress must not fail a job."""

    def __init__(self, events: Events, job_id: str, attempt: int) -> None:
        self._events = events
        self._job_id = job_id
        self._attempt = attempt

    async def report(self, type: str, data: dict[str, Any]) -> None:
        try:
            await self._events.publish(self._job_id, type, self._attempt, data)
        except BrokerUnavailable as error:
            _log.warning("progress %s was not published: %s", type, error)


def checked_event_id(text: str | None) -> str:
    """The id to read after; raises ``InvalidInput`` when it is none."""
    if text is None:
        return START
    if not _EVENT_ID.fullmatch(text):
        raise InvalidInput(f"{text[:40]!r} is no event id", remedy="send the id of the last event heard", param="Last-Event-ID")
    return text


def _keys(job_id: str) -> list[str]:
    return [f"codepar:events:{job_id}", f"codepar:ended:{job_id}"]


def _arguments(type: str, attempt: int, data: dict[str, Any]) -> list[Any]:
    text = json.dumps(data, separators=(",", ":"))
    if len(text) > MAX_DATA_BYTES:
        text = json.dumps({"omitted_bytes": len(text)})
    return [type, attempt, text, STREAM_LENGTH, STREAM_LIFE_S]


def _end_data(job: Job) -> dict[str, Any]:
    # The result is left out: it may be large, and `GET /v1/jobs/{id}` has it.
    return {"state": job.state.value, "error": None if job.error is None else job.error.model_dump(mode="json")}


def _event(entry: tuple[str, dict[str, str]]) -> Event:
    identifier, fields = entry
    return Event(id=identifier, type=fields["type"], attempt=int(fields["attempt"]), data=json.loads(fields["data"]))


def _following(after: str, job: Job) -> str:
    moment = int((job.finished_at or job.created_at).timestamp() * 1000)
    milliseconds, _, sequence = after.partition("-")
    if int(milliseconds) >= moment:
        return f"{milliseconds}-{int(sequence or 0) + 1}"
    return f"{moment}-0"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise broker_unavailable(error) from error
