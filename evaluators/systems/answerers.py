"""Who answers the prompts of ``codepp-fidelity``: a language model, or answers that are right, or wrong, by construction.

The last two show that the suite tells right from wrong: ``originals`` must pass everywhere, ``broken`` nowhere. Limits: they are
made for one prompt each, and know what is asked from the prompt's gold.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from codepar.errors import Unsupported
from codepar.flows.decompose_read import with_files
from codepar.flows.decompose_request import DecompositionRequest
from codepar.prompts.code import read_code
from codepar.protocols import Capabilities, Chunk, Generation, Prompt, Sampling
from codepar.syntax.language import Language
from evaluators.benchmarks.codepp_functions import Function
from evaluators.benchmarks.codepp_generated import GeneratedCase

ANSWERERS: Mapping[str, str] = {
    "model": "the language model, greedy, each part asked once: what splitting alone does",
    "default": "what `codepar split --run` answers: capabilities with verdicts, compiling, repair",
    "originals": "the functions as they were: everything must pass",
    "broken": "functions of the right signature that end the program: nothing may pass",
}
_FENCES = {Language.C: "c", Language.CXX: "cpp", Language.PYTHON: "python"}
_CHARACTERS_A_TOKEN = 4
_BLOCK = re.compile(r"^(`{3,})\w*\n(.*?)\n\1$", re.MULTILINE | re.DOTALL)


class MadeAnswers:
    """A ``Generator`` that answers a request for ``case`` with ``made`` of each function that is asked for."""

    def __init__(self, case: GeneratedCase, made: Callable[[Function, Language], str]) -> None:
        self._case = case
        self._made = made
        wanted = set(case.functions.values())
        self._whole = with_files(DecompositionRequest(prompt=case.prompt.text, files=case.prompt.files))
        self._functions = [one for one in case.collection.function if one.name in wanted]

    async def capabilities(self) -> Capabilities:
        return Capabilities(model="made", backend="made", context_tokens=10**6, chat=True)

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        asked = "\n".join(turn.content for turn in prompt.messages or ())
        language = self._case.collection.language
        blocks = [f"```{_FENCES[language]}\n{self._made(one, language)}\n```" for one in self._asked_for(asked)]
        text = "\n\n".join(["Here you are:", *blocks])
        size = len(text) // _CHARACTERS_A_TOKEN
        return Generation(
            text=text, finish_reason="stop", prompt_tokens=len(asked) // _CHARACTERS_A_TOKEN, completion_tokens=size
        )

    def _asked_for(self, asked: str) -> Sequence[Function]:
        """All, where the request comes as it is; of a part those whose code stands in its last block."""
        blocks = [] if asked == self._whole else _BLOCK.findall(asked)
        piece = blocks[-1][1] if blocks else asked
        return [one for one in self._functions if one.code.strip() in piece] or self._functions

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        generation = await self.complete(prompt, sampling)
        yield Chunk(text=generation.text, generation=generation)

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return [await self.complete(prompt, sampling) for prompt in prompts]

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        raise Unsupported("made answers have no probabilities")

    async def count_tokens(self, text: str) -> int:
        return len(text) // _CHARACTERS_A_TOKEN

    async def close(self) -> None:
        return None


def original(function: Function, language: Language) -> str:
    """The function as it is."""
    return function.code.strip("\n")


def broken(function: Function, language: Language) -> str:
    """The declaration with a body that ends the program as if all were well."""
    code = read_code(function.code, language)
    unit = code.functions[0]
    if language is Language.PYTHON:
        head = code.data[unit.start : unit.end].decode().split("\n", 1)[0]
        return f"{head}\n    raise SystemExit(0)"
    return f"{code.data[unit.start : unit.body_start].decode().rstrip()}\n{{\n    __builtin_exit(0);\n}}"


MADE: Mapping[str, Callable[[Function, Language], str]] = {"originals": original, "broken": broken}
