"""The language model as second reader: what it quotes is grounded or dropped, and it is asked only where the rules are unsure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import pytest

from codepar.prompts.by_model import ModelExtraction, extract_with_model
from codepar.prompts.items import Refusal
from codepar.protocols import Capabilities, Chunk, Generation, Prompt, Sampling

UNSURE = "The poster is due, the flyer is late and the door sign is missing, could somebody look after that?"
CODE = "```c\nint f(int x) { return x; }\nint g(int x) { return -x; }\nint h(int x) { return 2 * x; }\n```"


class Answering:
    """A Generator that gives one answer and keeps what it was asked."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[tuple[Prompt, Sampling]] = []

    async def capabilities(self) -> Capabilities:
        return Capabilities(
            model="m", artefact="m", sha256="0" * 64, backend="test", context_tokens=4096, grammar=frozenset({"json_schema"})
        )

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        self.asked.append((prompt, sampling))
        return Generation(text=self.answer, finish_reason="stop", prompt_tokens=9, completion_tokens=4)

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        raise NotImplementedError
        yield

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return [await self.complete(prompt, sampling) for prompt in prompts]

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        raise NotImplementedError

    async def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def close(self) -> None:
        return None


def ask(prompt: str, tasks: object) -> tuple[ModelExtraction, Answering]:
    model = Answering(tasks if isinstance(tasks, str) else json.dumps({"tasks": tasks}))
    return asyncio.run(extract_with_model(prompt, {}, model)), model


def test_exact_quotes_become_items():
    quotes = ["The poster is due", "the flyer is late", "the door sign is missing"]
    found, model = ask(UNSURE, quotes)
    assert found.asked
    assert found.dropped is None
    assert [item.text for item in found.decomposition.items] == quotes
    assert found.decomposition.tier == "low"
    grammar = model.asked[0][1].grammar
    assert grammar is not None
    assert grammar.kind == "json_schema"


@pytest.mark.parametrize(
    ("tasks", "why"),
    [
        (["The poster is due", "the roof is wet"], "stands in the request"),
        (["the flyer is late", "The poster is due"], "stands in the request"),
        (["The poster is due"], "one task"),
        ([], "one task"),
        ("no JSON at all", "no list"),
        ('{"tasks": [1, 2]}', "no list"),
        (["The poster is due", "the door sign is missing"], "left out"),
    ],
)
def test_what_is_not_grounded_is_dropped_as_a_whole(tasks: object, why: str):
    found, _ = ask(UNSURE, tasks)
    assert found.asked
    assert found.dropped is not None
    assert why in found.dropped
    assert not found.decomposition.split


@pytest.mark.usefixtures("rules_alone")
def test_names_of_functions_stand_for_their_code():
    prompt = f"Whatever recurses forever wants a guard, whatever loops wants a bound, whatever divides wants a check.\n{CODE}"
    found, model = ask(prompt, ["f", "h()"])
    assert [item.text[:5] for item in found.decomposition.items] == ["int f", "int h"]
    assert model.asked[0][0].messages is not None
    assert "return" not in model.asked[0][0].messages[-1].content


def test_what_the_rules_split_is_not_asked():
    found, model = ask("Explain mutexes, semaphores and barriers.", ["x", "y"])
    assert found.decomposition.split
    assert not found.asked
    assert not model.asked


@pytest.mark.parametrize(
    ("prompt", "refusal"),
    [
        ("First write a lexer. Then write a parser that uses it. Finally write an evaluator on top of it.", Refusal.CHAIN),
        ("", Refusal.EMPTY),
        ("Write a sorting function.", Refusal.ONE_TASK),
        (f"{UNSURE}{' x' * 10_000}", Refusal.ONE_TASK),
    ],
)
def test_what_stays_whole_for_a_reason_is_not_asked(prompt: str, refusal: Refusal):
    found, model = ask(prompt, ["a", "b"])
    assert found.decomposition.refusal is refusal
    assert not model.asked
