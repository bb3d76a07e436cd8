"""A language model that is opened at the first question: where the rules suffice it costs no time and no memory.

Limits: the first question waits for the weights; whoever made it closes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from codepar.engine.behind import scorer_of
from codepar.protocols import Capabilities, Chunk, Generation, Generator, Prompt, Sampling, SiteScores, SiteText


class LateGenerator:
    """A ``Generator`` that hands every question on to the one that ``opening`` gives. What ``opening`` raises is raised."""

    def __init__(self, opening: Callable[[], Awaitable[Generator]]) -> None:
        self._open = opening
        self._opening = asyncio.Lock()
        self._opened: Generator | None = None

    async def _model(self) -> Generator:
        async with self._opening:
            if self._opened is None:
                self._opened = await self._open()
        return self._opened

    async def capabilities(self) -> Capabilities:
        return await (await self._model()).capabilities()

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        return await (await self._model()).complete(prompt, sampling)

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        model = await self._model()
        async for chunk in model.stream(prompt, sampling):
            yield chunk

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return await (await self._model()).batch(prompts, sampling)

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        return await (await self._model()).score(prompt, choices)

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """As `SiteScorer` has it, where the opened model is one: ``capabilities`` says so."""
        return await scorer_of(await self._model()).score_sites(texts)

    async def count_tokens(self, text: str) -> int:
        return await (await self._model()).count_tokens(text)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
