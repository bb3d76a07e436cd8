"""Ask a language model for an MPI version of a program, within its context and a time that all answers share.

Limits: one engine; what it says is read elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codepar.errors import InvalidInput
from codepar.flows.asking import MARGIN_TOKENS, Asked, Asking, sampling_of
from codepar.mpi.parallelize.ask import Failure, conversation, prompt_of, text_of
from codepar.protocols import Generation, Prompt

_MAX_ANSWER_TOKENS = 8192
_LEAST_ANSWER_TOKENS = 512
_GROWTH = 2.0
"""An MPI version has more text than the serial program, seldom twice as much."""


@dataclass
class Asker:
    """Asks for several answers side by side about the same files."""

    asking: Asking
    files: Mapping[str, str]

    async def ask(self, turn: int, failures: Mapping[int, Failure | None]) -> dict[int, Generation]:
        """An answer for each candidate that gets one; ``failures`` are what was wrong with their last ones, None at first.

        Raises what the engine raises when it cannot answer the very first question.
        """
        questions = {}
        for candidate, failure in failures.items():
            prompt, room = await self._prompt(failure)
            questions[candidate] = Asked(prompt, sampling_of(candidate, turn, room, repairs=failure is not None))
        return await self.asking.ask(questions, is_first=turn == 0)

    async def _prompt(self, failure: Failure | None) -> tuple[Prompt, int]:
        """The fullest conversation that leaves room for an answer. Raises ``InvalidInput`` when none does."""
        capabilities = await self.asking.generator.capabilities()
        own = await self.asking.count("\n".join(self.files.values()))
        wanted = min(_MAX_ANSWER_TOKENS, max(_LEAST_ANSWER_TOKENS, int(_GROWTH * own)))
        for example, said in ((True, failure), (False, failure), (False, None)):
            turns = conversation(self.files, said, example=example)
            room = capabilities.context_tokens - await self.asking.count(text_of(turns)) - MARGIN_TOKENS
            if room >= min(wanted, int(1.2 * own) + 128):
                return prompt_of(turns, capabilities), min(room, wanted)
        raise InvalidInput(
            f"the program has {own} tokens; with an answer as long it does not fit the model's context of "
            f"{capabilities.context_tokens}",
            remedy="name the part that should be parallel, or a model with a longer context",
        )
