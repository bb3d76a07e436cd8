"""Runs a coroutine that computes for long in a thread with a loop of its own, so that other requests are answered meanwhile.

The language model stays in the loop it belongs to and is asked from there. Limits: threads share one interpreter, so others are
answered later, not as if nothing ran; a computation that was cancelled goes on to its next ``await``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from codepar.engine.behind import scorer_of
from codepar.protocols import Capabilities, Chunk, Generation, Generator, Prompt, Sampling, SiteScores, SiteText

_T = TypeVar("_T")


async def aside(pool: ThreadPoolExecutor, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """The result of ``work()``, run in a thread of ``pool``. Cancelling this cancels it there."""
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []
    given_up = False

    async def main() -> _T:
        task = asyncio.current_task()
        assert task is not None
        begun.append((asyncio.get_running_loop(), task))
        if given_up:
            raise asyncio.CancelledError
        return await work()

    running = asyncio.get_running_loop().run_in_executor(pool, lambda: asyncio.run(main()))
    # Nobody may be left to ask how it ended.
    running.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        given_up = True
        for loop, task in begun:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(task.cancel)
        raise


class FromElsewhere:
    """A ``Generator`` of the loop in which this object is made, for use in other threads' loops."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._home = asyncio.get_running_loop()

    async def capabilities(self) -> Capabilities:
        return await self._ask(self._generator.capabilities())

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        return await self._ask(self._generator.complete(prompt, sampling))

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return await self._ask(self._generator.batch(prompts, sampling))

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        chunks = self._generator.stream(prompt, sampling)
        while (chunk := await self._ask(_next(chunks))) is not None:
            yield chunk

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        return await self._ask(self._generator.score(prompt, choices))

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """As `SiteScorer` has it, where the generator is one: ``capabilities`` says so."""
        return await self._ask(_scored(self._generator, texts))

    async def count_tokens(self, text: str) -> int:
        return await self._ask(self._generator.count_tokens(text))

    async def close(self) -> None:
        """Nothing: the generator outlives the request."""

    async def _ask(self, question: Coroutine[Any, Any, _T]) -> _T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(question, self._home))


async def _next(chunks: AsyncIterator[Chunk]) -> Chunk | None:
    return await anext(chunks, None)


async def _scored(generator: Generator, texts: Sequence[SiteText]) -> list[SiteScores]:
    return await scorer_of(generator).score_sites(texts)
