"""What earlier attempts of a job found out: executions and generations that they finished are not done again.

A job whose worker died after a minute and a half does not need that time once more. Things are known by their content and by how
often it was asked for before (an oracle runs one program several times on purpose), so an attempt that asks the same in the same
order is given the same. Limits: kept in the broker for an hour, large results not at all; losing it costs time only.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import redis
from pydantic import BaseModel

from codepar.engine.behind import scorer_of
from codepar.protocols import (
    Capabilities,
    Chunk,
    Execution,
    ExecutionResult,
    Executor,
    Generation,
    Generator,
    Prompt,
    Sampling,
    SiteScores,
    SiteText,
    Status,
)
from codepar.remote import RemoteExecutor

LIFE_S = 3600
MAX_ENTRY_BYTES = 1024**2

_log = logging.getLogger(__name__)


class JobMemory:
    """One hash in the broker for each job. An object belongs to one attempt."""

    def __init__(self, client: redis.Redis, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._key = f"codepar:memory:{job_id}"
        self._asked: Counter[str] = Counter()

    def place(self, *parts: BaseModel) -> str:
        """The name of the next thing with this content; the same in every attempt."""
        digest = hashlib.sha256("\n".join(part.model_dump_json() for part in parts).encode()).hexdigest()
        self._asked[digest] += 1
        return f"{self._job_id}.{digest}.{self._asked[digest]}"

    async def recall(self, place: str) -> str | None:
        """What an earlier attempt put there."""
        try:
            found = await asyncio.to_thread(self._client.hget, self._key, place)
        except (redis.RedisError, OSError) as error:
            _log.warning("the memory of earlier attempts cannot be read: %s", error)
            return None
        return found if isinstance(found, str) else None

    async def keep(self, place: str, text: str) -> None:
        """Put it there for a later attempt."""
        if len(text) > MAX_ENTRY_BYTES:
            return
        try:
            await asyncio.to_thread(self._store, place, text)
        except (redis.RedisError, OSError) as error:
            _log.warning("a later attempt would not remember this: %s", error)

    def forget(self) -> None:
        """Drop everything: the job is finished."""
        try:
            self._client.delete(self._key)
        except (redis.RedisError, OSError) as error:
            _log.debug("left to run out: %s", error)

    def _store(self, place: str, text: str) -> None:
        pipe = self._client.pipeline()
        pipe.hset(self._key, place, text)
        pipe.expire(self._key, LIFE_S)
        pipe.execute()


class RememberingExecutor:
    """An ``Executor`` that asks the memory first. Under a remote one it also joins what an earlier attempt left running."""

    def __init__(self, executor: Executor, memory: JobMemory) -> None:
        self._executor = executor
        self._memory = memory

    async def execute(self, execution: Execution) -> ExecutionResult:
        place = self._memory.place(execution)
        known = await self._memory.recall(place)
        if known is not None:
            return ExecutionResult.model_validate_json(known)
        result = await self._run(place, execution)
        if result.status is not Status.INFRA_ERROR:
            await self._memory.keep(place, result.model_dump_json())
        return result

    async def _run(self, place: str, execution: Execution) -> ExecutionResult:
        if isinstance(self._executor, RemoteExecutor):
            return await self._executor.execute_as(place, execution)
        return await self._executor.execute(execution)


class RememberingGenerator:
    """A ``Generator`` that asks the memory first for whole generations; streams and scores, those of sites too, are made anew."""

    def __init__(self, generator: Generator, memory: JobMemory) -> None:
        self._generator = generator
        self._memory = memory

    async def capabilities(self) -> Capabilities:
        return await self._generator.capabilities()

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        place = self._memory.place(prompt, sampling)
        known = await self._memory.recall(place)
        if known is not None:
            return Generation.model_validate_json(known)
        generation = await self._generator.complete(prompt, sampling)
        await self._memory.keep(place, generation.model_dump_json())
        return generation

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        places = [self._memory.place(prompt, sampling) for prompt in prompts]
        known = [await self._memory.recall(place) for place in places]
        missing = [prompt for prompt, text in zip(prompts, known, strict=True) if text is None]
        made = iter(await self._generator.batch(missing, sampling) if missing else [])
        generations = [next(made) if text is None else Generation.model_validate_json(text) for text in known]
        for place, generation in zip(places, generations, strict=True):
            await self._memory.keep(place, generation.model_dump_json())
        return generations

    def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        return self._generator.stream(prompt, sampling)

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        return await self._generator.score(prompt, choices)

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """As `SiteScorer` has it, where the generator behind is one: ``capabilities`` says so."""
        return await scorer_of(self._generator).score_sites(texts)

    async def count_tokens(self, text: str) -> int:
        return await self._generator.count_tokens(text)

    async def close(self) -> None:
        """Nothing: the generator outlives the job."""
