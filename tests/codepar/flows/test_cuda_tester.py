"""What the model proposes as Tester, from several answers: each case fits the function and none comes twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from codepar.cuda.read import read_function
from codepar.flows.asking import Asking
from codepar.flows.cuda_tester import proposed_cases
from codepar.protocols import Capabilities, Chunk, Generation, Prompt, Sampling

FUNCTION = read_function("void twice(float *a, int n) { for (int i = 0; i < n; i++) a[i] *= 2; }\n", "a.c")


def answer(*sizes: int) -> str:
    buffer = {"size": "n", "distribution": "uniform", "low": -1, "high": 1}
    return json.dumps({"cases": [{"name": "x", "scalars": {"n": size}, "buffers": {"a": buffer}} for size in sizes]})


class _Tester:
    """Gives prepared answers in turn and remembers how it was asked."""

    def __init__(self, grammar: tuple[str, ...], *answers: str) -> None:
        self.answers, self.samplings = list(answers), list[Sampling]()
        self._grammar = grammar

    async def capabilities(self) -> Capabilities:
        given: dict[str, Any] = {"model": "prepared", "backend": "test", "context_tokens": 4096, "grammar": self._grammar}
        return Capabilities.model_validate(given)

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        self.samplings.append(sampling)
        return Generation(text=self.answers[len(self.samplings) - 1], finish_reason="stop", prompt_tokens=1, completion_tokens=9)

    async def stream(self, prompt: Prompt, sampling: Sampling) -> Chunk:
        raise NotImplementedError

    async def count_tokens(self, text: str) -> int:
        return len(text)

    async def close(self) -> None:
        return None


def asked(tester: _Tester, answers: int) -> tuple[list[int | float], Asking]:
    asking = Asking(tester, 30.0)  # type: ignore[arg-type]
    found = asyncio.run(proposed_cases(asking, FUNCTION, 7, answers))
    assert len({one.name for one in found}) == len(found)
    return [one.scalars["n"] for one in found], asking  # type: ignore[misc]


def test_several_answers_are_joined_without_repeats() -> None:
    tester = _Tester(("json_schema",), answer(1, 33), answer(33, 257), "no JSON")
    sizes, asking = asked(tester, 3)
    assert sizes == [1, 33, 257]
    assert [one.temperature == 0 for one in tester.samplings] == [True, False, False]
    assert len({one.seed for one in tester.samplings}) == 3
    assert asking.answers == 3


def test_without_a_schema_nothing_is_asked() -> None:
    tester = _Tester((), answer(1))
    sizes, asking = asked(tester, 1)
    assert (sizes, tester.samplings) == ([], [])
    assert "no JSON schema" in asking.notes[0]
