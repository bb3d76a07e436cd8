"""Ask a language model for an MPI version of a program, within its context and a time that all answers share.

Limits: one engine; what it says is read elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from codepar.errors import CodeparError, InvalidInput
from codepar.mpi.encode import CHARACTERS_A_TOKEN
from codepar.mpi.parallelize.ask import Failure, conversation, prompt_of, text_of
from codepar.protocols import Generation, Generator, Prompt, Sampling

_MAX_ANSWER_TOKENS = 8192
_LEAST_ANSWER_TOKENS = 512
_GROWTH = 2.0
"""An MPI version has more text than the serial program, seldom twice as much."""
_MARGIN_TOKENS = 64
_LIVELY = 0.6
_GRACE_S = 5.0


@dataclass
class Asker:
    """Asks for several answers side by side. ``budget_s`` is what is left for asking; running programs does not use it up."""

    generator: Generator
    files: Mapping[str, str]
    budget_s: float
    notes: list[str] = field(default_factory=list)

    async def ask(self, turn: int, failures: Mapping[int, Failure | None]) -> dict[int, Generation]:
        """An answer for each candidate that gets one; ``failures`` are what was wrong with their last ones, None at first.

        Raises what the engine raises when it cannot answer the very first question; later failures are ``notes``.
        """
        if self.budget_s <= 0:
            self._note("the language model's time was up")
            return {}
        begun = time.monotonic()
        asked = [self._ask(turn, candidate, failure) for candidate, failure in failures.items()]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        self.budget_s -= time.monotonic() - begun
        given = {}
        for candidate, answer in zip(failures, answers, strict=True):
            if isinstance(answer, Generation):
                given[candidate] = answer
            elif turn == 0 and candidate == 0 and not isinstance(answer, TimeoutError):
                raise answer
            elif isinstance(answer, CodeparError | TimeoutError):
                self._note(f"the language model did not answer: {str(answer) or 'it took too long'}")
            else:
                raise answer
        return given

    async def _ask(self, turn: int, candidate: int, failure: Failure | None) -> Generation:
        prompt, room = await self._prompt(failure)
        greedy = candidate == 0 and failure is None
        temperature = 0.0 if greedy else _LIVELY
        seed = 1 + candidate + 100 * turn
        sampling = Sampling(max_tokens=room, temperature=temperature, seed=seed, budget_s=self.budget_s)
        async with asyncio.timeout(self.budget_s + _GRACE_S):
            return await self.generator.complete(prompt, sampling)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    async def _prompt(self, failure: Failure | None) -> tuple[Prompt, int]:
        """The fullest conversation that leaves room for an answer. Raises ``InvalidInput`` when none does."""
        capabilities = await self.generator.capabilities()
        own = await self._tokens("\n".join(self.files.values()))
        wanted = min(_MAX_ANSWER_TOKENS, max(_LEAST_ANSWER_TOKENS, int(_GROWTH * own)))
        for example, said in ((True, failure), (False, failure), (False, None)):
            turns = conversation(self.files, said, example=example)
            room = capabilities.context_tokens - await self._tokens(text_of(turns)) - _MARGIN_TOKENS
            if room >= min(wanted, int(1.2 * own) + 128):
                return prompt_of(turns, capabilities), min(room, wanted)
        raise InvalidInput(
            f"the program has {own} tokens; with an answer as long it does not fit the model's context of "
            f"{capabilities.context_tokens}",
            remedy="name the part that should be parallel, or a model with a longer context",
        )

    async def _tokens(self, text: str) -> int:
        """The engine's own count; an estimate where it does not count, as other people's servers may not."""
        try:
            return await self.generator.count_tokens(text)
        except Exception:
            return int(len(text) / CHARACTERS_A_TOKEN)
