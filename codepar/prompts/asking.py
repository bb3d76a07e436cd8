"""One request to a model as a stream that is listened to, with a twin for a straggler; the first whole answer is taken.

Limits: one ``Generator``; where it has several servers behind it, it chooses. A loser's tokens are not counted: nobody reports
them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from codepar.errors import EngineUnavailable
from codepar.prompts.pace import Pace
from codepar.protocols import Generation, Generator, Prompt, Sampling

_LOOK_S = 0.1


def now_s() -> float:
    """Seconds on the clock of the event loop, which a simulation may set."""
    return asyncio.get_running_loop().time()


class TimeIsUp(TimeoutError):
    """Nothing was asked any more."""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer and whether it was asked for twice."""

    generation: Generation
    hedged: bool


@dataclass
class _Listening:
    """A request under way: how long it has been out and how much text it has shown."""

    task: asyncio.Task[Generation]
    begun: float
    characters: int = 0


@dataclass
class Budget:
    """The seconds of one item, counted from its first request, and the ``deadline`` of the plan (as ``now_s``)."""

    item_s: float | None
    deadline: float | None
    begun: float | None = None

    def spent(self) -> float:
        """Seconds since the first request, 0 before."""
        return 0.0 if self.begun is None else now_s() - self.begun

    def left(self) -> float | None:
        """Seconds that are left, None without a bound; the first call starts the item's clock."""
        now = now_s()
        if self.begun is None:
            self.begun = now
            bounds = [self.deadline, None if self.item_s is None else now + self.item_s]
            self.deadline = min((bound for bound in bounds if bound is not None), default=None)
        return None if self.deadline is None else self.deadline - now


class Asker:
    """Asks within ``slots``. A twin takes a free slot or is not sent: in a full batch it would slow all others down."""

    def __init__(self, generator: Generator, slots: asyncio.Semaphore, pace: Pace | None, grace_s: float = 5.0) -> None:
        self._generator = generator
        self._slots = slots
        self._pace = pace
        self._grace_s = grace_s
        self.requests = 0

    async def ask(self, prompt: Prompt, sampling: Sampling, budget: Budget, on_first: Callable[[], None] | None = None) -> Given:
        """The answer. ``on_first`` is called when its first text comes, which is when its prompt is computed.

        Raises what the engine raises, ``TimeIsUp`` where nothing of the budget is left, ``TimeoutError`` where the engine
        overdraws it.
        """
        async with self._slots:
            left = budget.left()
            if left is not None and left <= 0:
                raise TimeIsUp
            async with asyncio.timeout(None if left is None else left + self._grace_s):
                return await self._race(prompt, sampling.model_copy(update={"budget_s": left}), on_first)

    async def _race(self, prompt: Prompt, sampling: Sampling, on_first: Callable[[], None] | None) -> Given:
        under_way = [self._begin(prompt, sampling, on_first)]
        try:
            while True:
                pending = [one.task for one in under_way if not one.task.done()]
                await asyncio.wait(pending, timeout=self._look_s(under_way), return_when=asyncio.FIRST_COMPLETED)
                for one in under_way:
                    if one.task.done() and one.task.exception() is None:
                        return self._won(one, is_hedged=len(under_way) > 1)
                if all(one.task.done() for one in under_way):
                    return Given(under_way[0].task.result(), hedged=False)
                if self._wants_twin(under_way):
                    await self._slots.acquire()
                    under_way.append(self._begin(prompt, sampling, None))
        finally:
            await self._end(under_way)

    def _begin(self, prompt: Prompt, sampling: Sampling, on_first: Callable[[], None] | None) -> _Listening:
        self.requests += 1
        listening: _Listening

        def hear(text: str) -> None:
            if on_first is not None and not listening.characters:
                on_first()
            listening.characters += len(text)

        task = asyncio.ensure_future(_listen(self._generator, prompt, sampling, hear))
        listening = _Listening(task, now_s())
        return listening

    def _look_s(self, under_way: list[_Listening]) -> float | None:
        return None if self._pace is None or len(under_way) > 1 else _LOOK_S

    def _wants_twin(self, under_way: list[_Listening]) -> bool:
        if self._pace is None or len(under_way) > 1 or self._slots.locked():
            return False
        out = now_s() - under_way[0].begun
        if not self._pace.lags(out, under_way[0].characters):
            return False
        self._pace.hedged += 1
        return True

    def _won(self, winner: _Listening, *, is_hedged: bool) -> Given:
        generation = winner.task.result()
        if self._pace is not None:
            self._pace.finished(now_s() - winner.begun, len(generation.text))
        return Given(generation, is_hedged)

    async def _end(self, under_way: list[_Listening]) -> None:
        for one in under_way:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in under_way), return_exceptions=True)
        for _ in under_way[1:]:
            self._slots.release()


async def _listen(generator: Generator, prompt: Prompt, sampling: Sampling, hear: Callable[[str], None]) -> Generation:
    stream = generator.stream(prompt, sampling)
    last: Generation | None = None
    try:
        async for chunk in stream:
            if chunk.text:
                hear(chunk.text)
            last = chunk.generation or last
    finally:
        # Left to the garbage collector, a stream that was broken off would go on in the engine.
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    if last is None:
        raise EngineUnavailable("the engine sent an empty stream", remedy="look at its log")
    return last
