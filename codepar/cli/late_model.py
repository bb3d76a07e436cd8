"""A language model that is loaded at the first question: where the rules suffice it costs no time and no memory.

Limits: the first question waits for the weights; whoever made it closes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from codepar.cli.model import open_model
from codepar.errors import EngineUnavailable
from codepar.protocols import Capabilities, Chunk, Generation, Generator, Prompt, Sampling
from codepar.settings import Settings


class LateModel:
    """A ``Generator``. Every question raises ``EngineUnavailable`` where no model can be opened."""

    def __init__(self, settings: Settings, budget_s: float) -> None:
        self._settings = settings
        self._budget_s = budget_s
        self._opening = asyncio.Lock()
        self._opened: Generator | None = None
        self._is_missing = False

    async def _model(self) -> Generator:
        async with self._opening:
            if self._opened is None and not self._is_missing:
                self._opened = await open_model(self._settings, self._budget_s)
                self._is_missing = self._opened is None
        if self._opened is None:
            raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")
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

    async def count_tokens(self, text: str) -> int:
        return await (await self._model()).count_tokens(text)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
