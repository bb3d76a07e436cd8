"""Ask a language model for translations of one function: different openings side by side, repairs with what was wrong.

Limits: one engine; a function that does not fit its context is not asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codepar.cuda.answer import Answer, read_chat_answer, read_text_answer
from codepar.cuda.ask import Failure, Question, Task, chat_question, text_question
from codepar.cuda.openings import openings
from codepar.cuda.translation import Target
from codepar.errors import InvalidInput
from codepar.flows.asking import MARGIN_TOKENS, Asked, Asking, sampling_of
from codepar.protocols import Capabilities, Generation

_LEAST_ANSWER_TOKENS = 192
_MOST_ANSWER_TOKENS = 4096
_GROWTH = 1.5
_CHAT_EXTRA_TOKENS = 512


@dataclass
class TranslationAsker:
    """Asks about one task. Models that can fill in code get the text form, those that only chat the conversation."""

    asking: Asking
    task: Task
    _openings: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._openings = openings(self.task.function) if self.task.target is Target.CUDA else ("",)

    async def ask(self, turn: int, failures: Mapping[int, Failure | None]) -> dict[int, Answer]:
        """An answer for each candidate that gets one; ``failures`` are what was wrong with their last ones, None at first.

        Raises what the engine raises when it cannot answer the very first question.
        """
        questions: dict[int, Question] = {}
        asked: dict[int, Asked] = {}
        for candidate, failure in failures.items():
            question, room = await self._question(candidate, failure)
            questions[candidate] = question
            sampling = sampling_of(candidate, turn, room, repairs=failure is not None, stop=question.stop)
            asked[candidate] = Asked(question.prompt, sampling)
        given = await self.asking.ask(asked, is_first=turn == 0)
        return {candidate: self._read(generation, questions[candidate]) for candidate, generation in given.items()}

    def _read(self, generation: Generation, question: Question) -> Answer:
        if question.prompt.messages is not None:
            return read_chat_answer(generation.text, self.task)
        return read_text_answer(generation.text, question.opening, self.task, is_one_function=question.is_one_function)

    async def _question(self, candidate: int, failure: Failure | None) -> tuple[Question, int]:
        """The fullest question that leaves room for an answer, and that room in tokens. Raises ``InvalidInput``."""
        capabilities = await self.asking.generator.capabilities()
        own = await self.asking.count(self.task.function.slice(self.task.function.span))
        extra = _CHAT_EXTRA_TOKENS if _is_chat(capabilities) or self.task.is_whole else 0
        wanted = min(_MOST_ANSWER_TOKENS, max(_LEAST_ANSWER_TOKENS, int(_GROWTH * own)) + extra)
        for examples, said in ((2, failure), (1, failure), (0, failure), (0, None)):
            question = self._form(capabilities, candidate, said, examples)
            room = capabilities.context_tokens - await self.asking.count(_text_of(question)) - MARGIN_TOKENS
            if room >= wanted:
                return question, wanted
        raise InvalidInput(
            f"`{self.task.function.name}` has {own} tokens; with an answer it does not fit the model's context of "
            f"{capabilities.context_tokens}",
            remedy="split the function, or name a model with a longer context",
        )

    def _form(self, capabilities: Capabilities, candidate: int, failure: Failure | None, examples: int) -> Question:
        if _is_chat(capabilities):
            return chat_question(self.task, failure, examples=min(examples, 1))
        opening = self._openings[candidate % len(self._openings)] if failure is None else ""
        return text_question(self.task, opening, failure, examples=examples)


def _is_chat(capabilities: Capabilities) -> bool:
    # A code model goes on from a text better than a small one follows rules; what has no such form is asked in words.
    return capabilities.chat and not capabilities.infill


def _text_of(question: Question) -> str:
    return question.prompt.text + "\n".join(turn.content for turn in question.prompt.messages or ())
