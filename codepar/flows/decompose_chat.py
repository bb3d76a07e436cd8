"""A chat model that answers a last message of several tasks part by part: a ``Generator`` around another one.

To its user it is a model like any other: one answer, or a stream whose pieces are the finished parts in their order. A message
that is one task, or whose parts do not pay, goes through untouched. Limits: nothing is compiled or run here; an answer that must
fit a grammar, has stop texts, or is wanted with log-probabilities is never split.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from codepar.flows.decompose import Hands, parts_run, predicted
from codepar.flows.decompose_extract import read as read_parts
from codepar.flows.decompose_join import item_text
from codepar.flows.decompose_mode import mode_of
from codepar.flows.decompose_parts import PartsRun
from codepar.flows.decompose_read import Read, schedule_of
from codepar.flows.decompose_request import DecompositionOptions, DecompositionRequest, Extractor, SplitChoice
from codepar.flows.decompose_result import ItemResult
from codepar.project import MAX_FILE_BYTES
from codepar.prompts.by_model import ModelExtraction
from codepar.protocols import Capabilities, Chunk, FinishReason, Generation, Generator, Prompt, Sampling, SilentProgress
from codepar.settings import Settings


class SplitGenerator:
    """``generator`` with requests of several tasks split by ``choice``. Closing it is the owner's affair."""

    def __init__(self, generator: Generator, choice: SplitChoice, settings: Settings, *, extractor: Extractor = "rules") -> None:
        self._generator = generator
        self._choice: SplitChoice = choice
        self._settings = settings
        self._extractor: Extractor = extractor

    async def capabilities(self) -> Capabilities:
        return await self._generator.capabilities()

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        read = await self._read(prompt, sampling)
        if read is None:
            return await self._generator.complete(prompt, sampling)
        last: Generation | None = None
        async for chunk in self._parts(read, prompt, sampling):
            last = chunk.generation or last
        assert last is not None
        return last

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        read = await self._read(prompt, sampling)
        chunks = self._generator.stream(prompt, sampling) if read is None else self._parts(read, prompt, sampling)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            close = getattr(chunks, "aclose", None)
            if close is not None:
                await close()

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return list(await asyncio.gather(*(self.complete(prompt, sampling) for prompt in prompts)))

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        return await self._generator.score(prompt, choices)

    async def count_tokens(self, text: str) -> int:
        return await self._generator.count_tokens(text)

    async def close(self) -> None:
        return None

    async def _read(self, prompt: Prompt, sampling: Sampling) -> Read | None:
        """The last message as parts; None where it is to be answered as it is."""
        if not prompt.messages or prompt.messages[-1].role != "user":
            return None
        if sampling.grammar is not None or sampling.stop or sampling.logprobs is not None:
            return None
        text = prompt.messages[-1].content
        if len(text.encode(errors="surrogatepass")) > MAX_FILE_BYTES:
            return None
        options = DecompositionOptions(
            split=self._choice,
            run=True,
            extractor=self._extractor,
            verify=False,
            max_tokens=sampling.max_tokens,
            temperature=sampling.temperature,
        )
        request = DecompositionRequest(prompt=text, options=options)
        read = await predicted(await read_parts(request, self._generator), self._generator, self._settings)
        return read if mode_of(read.found, self._choice, judged=0).name == "parts" else None

    async def _parts(self, read: Read, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        assert prompt.messages is not None
        schedule = schedule_of(read.request).model_copy(
            update={
                "sampling": sampling.model_copy(update={"budget_s": None}),
                "before": prompt.messages[:-1],
                "budget_s": sampling.budget_s or read.request.options.budget_s,
                "accept_cut": True,
            }
        )
        telling = _Telling(read, sampling.max_tokens)
        run = parts_run(read, Hands(self._generator, None, SilentProgress(), self._settings, telling.hear), schedule)
        working = asyncio.ensure_future(telling.work(run))
        try:
            while (chunk := await telling.pieces.get()) is not None:
                yield chunk
            # What went wrong is raised here, to whoever reads.
            await working
            capabilities = await self._generator.capabilities()
            yield Chunk(text="", generation=telling.generation(run, capabilities.model))
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


@dataclass
class _Telling:
    """The answer as it grows: within ``room`` tokens, part after part."""

    read: Read
    room: int
    pieces: asyncio.Queue[Chunk | None] = field(default_factory=asyncio.Queue)
    said: list[str] = field(default_factory=list)
    used: int = 0

    async def work(self, run: PartsRun) -> None:
        """Carry the run out; the queue ends with it, whatever comes of it."""
        try:
            await run.run()
            for text, tokens in _afterwards(run):
                self._say(text, tokens)
        finally:
            self.pieces.put_nowait(None)

    async def hear(self, result: ItemResult) -> None:
        """One part is finished; without an accepted answer it says so."""
        merger = self.read.merger
        assert merger is not None
        self._say(item_text(merger.targets[result.id], result), result.answer_tokens)

    def _say(self, text: str, tokens: int) -> None:
        left = self.room - self.used
        if left <= 0:
            return
        self.used += tokens
        if tokens > left:
            text = text[: max(1, len(text) * left // tokens)]
        piece = f"\n\n{text}" if self.said else text
        self.said.append(piece)
        self.pieces.put_nowait(Chunk(text=piece))

    def generation(self, run: PartsRun, model: str) -> Generation:
        """The whole answer, with the tokens of all requests."""
        results = list(run.results.values())
        asked = self.read.extraction or ModelExtraction(decomposition=self.read.found)
        reason: FinishReason = "length" if self.used >= self.room else "stop"
        cached = [one.cached_tokens for one in results if one.cached_tokens is not None]
        return Generation(
            text="".join(self.said),
            finish_reason=reason,
            prompt_tokens=asked.prompt_tokens
            + sum(one.prompt_tokens for one in results)
            + sum(one.prompt_tokens for one in run.extra),
            completion_tokens=asked.completion_tokens
            + sum(one.answer_tokens for one in results)
            + sum(one.completion_tokens for one in run.extra),
            cached_tokens=sum(cached) if cached else None,
            model=model,
        )


def _afterwards(run: PartsRun) -> list[tuple[str, int]]:
    """What follows the parts: the whole request's answer where a part has none, the closing wish; each with its tokens."""
    tokens = {one.text: one.completion_tokens for one in run.extra}
    said = []
    if run.whole is not None and run.whole.strip() and any(not one.ok for one in run.results.values()):
        said.append((f"### The request as a whole\n\n{run.whole.strip()}", tokens.get(run.whole, 0)))
    if run.closing is not None:
        said.append((run.closing.strip(), tokens.get(run.closing, 0)))
    return said
