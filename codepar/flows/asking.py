"""Ask a language model for several answers side by side, within a time that all of them share.

Limits: one engine; what is asked and how an answer is read are the flows' own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from codepar.errors import CodeparError
from codepar.protocols import Generation, Generator, Prompt, Sampling

LIVELY = 0.6
"""The temperature of every answer but the first, which is greedy."""
MARGIN_TOKENS = 64
_CHARACTERS_A_TOKEN = 2.4
_GRACE_S = 5.0


@dataclass(frozen=True)
class Asked:
    """One question: what is completed, and how."""

    prompt: Prompt
    sampling: Sampling


@dataclass
class Asking:
    """``budget_s`` is what is left for asking; running programs does not use it up. ``spent_s`` and ``tokens`` were used."""

    generator: Generator
    budget_s: float
    notes: list[str] = field(default_factory=list)
    spent_s: float = 0.0
    tokens: int = 0
    answers: int = 0

    async def ask(self, questions: Mapping[int, Asked], *, is_first: bool) -> dict[int, Generation]:
        """An answer for each question that gets one.

        Raises what the engine raises when it cannot answer the very first question; later failures are ``notes``.
        """
        if self.budget_s <= 0:
            self.note("the language model's time was up")
            return {}
        begun = time.monotonic()
        answers = await asyncio.gather(*map(self._one, questions.values()), return_exceptions=True)
        spent = time.monotonic() - begun
        self.budget_s -= spent
        self.spent_s += spent
        given = {}
        for candidate, answer in zip(questions, answers, strict=True):
            if isinstance(answer, Generation):
                given[candidate] = answer
                self.tokens += answer.completion_tokens
                self.answers += 1
            elif is_first and candidate == min(questions) and not isinstance(answer, TimeoutError):
                raise answer
            elif isinstance(answer, CodeparError | TimeoutError):
                self.note(f"the language model did not answer: {str(answer) or 'it took too long'}")
            else:
                raise answer
        return given

    async def _one(self, asked: Asked) -> Generation:
        sampling = asked.sampling.model_copy(update={"budget_s": self.budget_s})
        async with asyncio.timeout(self.budget_s + _GRACE_S):
            return await self.generator.complete(asked.prompt, sampling)

    def note(self, text: str) -> None:
        """Remember it once."""
        if text not in self.notes:
            self.notes.append(text)

    async def count(self, text: str) -> int:
        """The engine's own count of tokens; an estimate where it does not count, as other people's servers may not."""
        try:
            return await self.generator.count_tokens(text)
        except Exception:
            return int(len(text) / _CHARACTERS_A_TOKEN)


def sampling_of(candidate: int, turn: int, max_tokens: int, *, repairs: bool, stop: tuple[str, ...] = ()) -> Sampling:
    """Greedy for the first answer of the first candidate, lively with a seed of its own for the others."""
    greedy = candidate == 0 and not repairs
    return Sampling(max_tokens=max_tokens, temperature=0.0 if greedy else LIVELY, seed=1 + candidate + 100 * turn, stop=stop)
