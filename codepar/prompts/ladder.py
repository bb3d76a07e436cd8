"""One item from rung to rung: asked, asked again with what was wrong, asked with its neighbours' code.

What an engine failed at is asked again as it was, after a pause; an answer that was cut off, with twice the room. Limits: the
whole request serially, the last rung, is the caller's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from codepar.errors import CodeparError, InvalidInput
from codepar.prompts.asking import Asker, Budget, TimeIsUp
from codepar.prompts.carried import Check, ItemAnswer, Rung, ScheduleOptions
from codepar.prompts.plan import Plan, Step
from codepar.prompts.wording import corrected_prompt, first_prompt, with_neighbours
from codepar.protocols import Generation, Prompt, Sampling

_PAUSE_S = 0.5
_MOST_TOKENS = 32_768
_MORE_TIME = "give more time: item_budget_s, or budget_s for all"
_REMEDIES = {"budget": _MORE_TIME, "length": "give more room: max_tokens"}


@dataclass
class Health:
    """Whether the engine answers at all: after ``most`` failures in a row, nothing more is asked. ``cause`` is the last one.
    ``is_refused``: it called the last request that failed wrong."""

    most: int
    failures: int = 0
    answers: int = 0
    last: str | None = None
    is_refused: bool = False

    @property
    def cause(self) -> str | None:
        """Why nothing more is asked, None while it is."""
        return self.last if self.failures >= self.most else None

    def give_up(self, error: CodeparError) -> None:
        """Ask nothing more."""
        self.failures = self.most
        self.last = str(error)

    def answered(self) -> None:
        """An answer came, whatever it is worth."""
        self.failures = 0
        self.answers += 1

    def failed(self, error: CodeparError) -> None:
        """A request that is wrong by itself says nothing of the engine once that has answered others."""
        if not (isinstance(error, InvalidInput) and (self.answers or error.param == "prompt")):
            self.failures += 1
        self.last = str(error)
        self.is_refused = isinstance(error, InvalidInput)


@dataclass
class _Tally:
    """What is known of an item so far."""

    text: str = ""
    why: str | None = None
    remedy: str | None = None
    attempts: int = 0
    rung: Rung = "first"
    hedged: bool = False
    prompt_tokens: int = 0
    cached_tokens: int | None = None
    answer_tokens: int = 0
    is_cut: bool = False

    def take(self, generation: Generation, *, hedged: bool) -> None:
        self.text = generation.text
        self.hedged |= hedged
        self.prompt_tokens += generation.prompt_tokens
        self.answer_tokens += generation.completion_tokens
        self.is_cut = generation.finish_reason == "length"
        if generation.cached_tokens is not None:
            self.cached_tokens = (self.cached_tokens or 0) + generation.cached_tokens

    def answer(self, item: str, seconds: float, *, ok: bool) -> ItemAnswer:
        return ItemAnswer(
            id=item,
            text=self.text,
            ok=ok,
            why=None if ok else self.why,
            remedy=None if ok else self.remedy,
            attempts=self.attempts,
            rung=self.rung,
            hedged=self.hedged,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=self.cached_tokens,
            answer_tokens=self.answer_tokens,
            seconds=seconds,
        )


class Ladder:
    """Climbs for the items of one plan. ``chat``: the model takes conversations."""

    def __init__(
        self, plan: Plan, asker: Asker, health: Health, options: ScheduleOptions, check: Check | None, *, chat: bool
    ) -> None:
        self._plan = plan
        self._asker = asker
        self._health = health
        self._options = options
        self._check = check
        self._chat = chat

    async def climb(self, step: Step, asked: str, budget: Budget, on_first: Callable[[], None] | None = None) -> ItemAnswer:
        """The first acceptable answer, or the last one with what is wrong with it."""
        tally, ok = _Tally(), False
        for rung in self._options.rungs:
            if self._health.cause is not None:
                tally.why = tally.why or "not asked: the engine failed too often"
                break
            tally.rung = rung
            goes_on = await self._attempt(step, asked, tally, budget, on_first)
            ok = tally.why is None
            if ok or not goes_on:
                break
        return tally.answer(step.item, budget.spent(), ok=ok)

    async def _attempt(self, step: Step, asked: str, tally: _Tally, budget: Budget, on_first: Callable[[], None] | None) -> bool:
        """One request and its check; whether another rung may help. ``tally.why`` is None where the answer is acceptable."""
        prompt = self._prompt(step, asked, tally)
        tally.attempts += 1
        try:
            given = await self._asker.ask(prompt, self._sampling(tally), budget, on_first)
        except TimeIsUp:
            tally.attempts -= 1
            tally.why = tally.why or "not asked: the time was up"
            tally.remedy = _MORE_TIME
            return False
        except TimeoutError:
            tally.why = tally.why or f"no answer within {budget.spent():.0f} s"
            tally.remedy = _MORE_TIME
            return False
        except CodeparError as error:
            self._health.failed(error)
            tally.why, tally.remedy = str(error), None
            if isinstance(error, InvalidInput):
                return False
            await asyncio.sleep(_PAUSE_S * tally.attempts)
            return True
        if given.generation.finish_reason != "cancelled":
            self._health.answered()
        tally.take(given.generation, hedged=given.hedged)
        tally.why = await self._fault(step, given.generation)
        tally.remedy = _REMEDIES.get(given.generation.finish_reason)
        return given.generation.finish_reason != "budget"

    def _prompt(self, step: Step, asked: str, tally: _Tally) -> Prompt:
        before = self._options.before
        if not tally.text or tally.why is None or (tally.is_cut and tally.rung == "retry"):
            return first_prompt(before, asked, chat=self._chat)
        if tally.rung == "neighbours":
            return first_prompt(before, with_neighbours(asked, step, self._plan, tally.why), chat=self._chat)
        return corrected_prompt(before, asked, tally.text, tally.why, chat=self._chat)

    def _sampling(self, tally: _Tally) -> Sampling:
        sampling = self._options.sampling
        if tally.is_cut:
            return sampling.model_copy(update={"max_tokens": min(_MOST_TOKENS, 2 * sampling.max_tokens)})
        return sampling

    async def _fault(self, step: Step, generation: Generation) -> str | None:
        """What is wrong with an answer, None where it is acceptable."""
        if generation.finish_reason == "budget":
            return "the time for this part was up: what is there is not all"
        if generation.finish_reason == "cancelled":
            return "the engine was stopped"
        if generation.finish_reason == "length" and not self._options.accept_cut:
            return f"the answer was cut off after {generation.completion_tokens} tokens"
        if not generation.text.strip():
            return "the answer is empty"
        try:
            return None if self._check is None else await self._check(step, generation.text)
        except CodeparError as error:
            return f"it could not be checked: {error}"
