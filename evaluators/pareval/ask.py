"""Ask a language model for the body of a function, and read it out of the answer as upstream does.

A chat gets upstream's instruction and answers with the function or with its body; other engines go on from the prompt. One greedy
answer, cut behind the brace that closes the function. Limits: helper functions that an answer puts beside the function are lost,
as they are upstream.
"""

from __future__ import annotations

import asyncio
import re

from codepar.cuda.answer import closed_function
from codepar.protocols import Generator, Message, Prompt, Sampling
from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis
from evaluators.benchmarks.pareval import Problem

MAX_TOKENS = 1024
"""As upstream."""
_STOP = ("\n}",)
"""What ends a function that is written in the usual way; the brace is put back."""
_FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
_GRACE_S = 5.0


async def ask_body(problem: Problem, generator: Generator, budget_s: float) -> str:
    """The text behind the prompt; an answer without code gives a text that does not compile.

    Raises what the engine raises, and ``TimeoutError`` for an answer that the time cut off.
    """
    capabilities = await generator.capabilities()
    chat = capabilities.chat and not capabilities.infill
    prompt = Prompt(messages=(Message(role="user", content=_instruction(problem)),)) if chat else Prompt(text=problem.prompt)
    sampling = Sampling(max_tokens=MAX_TOKENS, budget_s=budget_s, stop=() if chat else _STOP)
    async with asyncio.timeout(budget_s + _GRACE_S):
        answer = await generator.complete(prompt, sampling)
    if answer.finish_reason == "budget":
        raise TimeoutError
    return read_body(answer.text, problem) if chat else body_of(answer.text)


def _instruction(problem: Problem) -> str:
    return (
        f"Complete the following C++ function. Only write the function {problem.function} and no other code.\n"
        f"```cpp\n{problem.prompt}\n```"
    )


def read_body(text: str, problem: Problem) -> str:
    """The body out of a chat's answer: of the code block that names the function, else of the first, else of the whole."""
    blocks = _FENCE.findall(text) or [text]
    block = next((one for one in blocks if problem.function in one), blocks[0])
    # The prompt may be repeated with its comment, which can name the function as well.
    lexis = Lexis(block.encode(), Language.CUDA)
    heads = re.finditer(rf"\b{re.escape(problem.function)}\s*\([^;{{}}]*\)\s*\{{", block)
    head = next((one for one in heads if not lexis.is_opaque(len(block[: one.start()].encode()))), None)
    return body_of(block[head.end() :] if head is not None else block)


def body_of(text: str) -> str:
    """The text up to the brace that closes what the prompt opened; all of it where none does."""
    opened = closed_function("{" + text)
    return opened[1:] if opened is not None else text
