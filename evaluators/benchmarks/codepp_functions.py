"""Collections of small functions with tests, from which prompts of ``codepp`` are generated and by which answers to them are run.

A collection is one file: an optional preamble and functions in order. Its ``trait`` says why a request that changes its functions
stays whole. ``check_program`` gives a program that ends with 0 and prints a word, made up after the answer, when the tests hold.
Limits: C, C++ and Python; what runs the programs, and in what walls, is for the caller.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files as resources

from pydantic import BaseModel, ConfigDict

from codepar.prompts.items import Refusal
from codepar.syntax.language import Language

_NAMES = {Language.C: "c", Language.CXX: "cxx", Language.PYTHON: "python"}
_C_HEADERS = "".join(f"#include <{name}.h>\n" for name in ("limits", "math", "stdbool", "stddef", "stdio", "stdlib", "string"))
_CXX_HEADERS = "".join(
    f"#include <{name}>\n" for name in ("algorithm", "cctype", "cmath", "cstdio", "numeric", "optional", "string", "vector")
)
_CHECK = '#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "%s\\n", #holds); return 1; } } while (0)\n'


class Function(BaseModel):
    """One function and its test: statements for a ``main``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    code: str
    check: str


class Collection(BaseModel):
    """Functions of one file, callees before or declared in the preamble."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    language: Language
    function: tuple[Function, ...]
    trait: Refusal | None = None
    preamble: str = ""

    def callees(self, function: Function) -> tuple[str, ...]:
        """Names of the other functions of the collection that it calls."""
        return tuple(
            other.name
            for other in self.function
            if other.name != function.name and re.search(rf"\b{other.name}\s*\(", function.code)
        )


@cache
def load_collections() -> tuple[Collection, ...]:
    """All of them, in the order of the files."""
    folder = resources("evaluators") / "data" / "codepp" / "functions"
    return tuple(
        Collection.model_validate({**row, "language": language})
        for language, name in _NAMES.items()
        for row in tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))["collection"]
    )


def check_program(collection: Collection, name: str, answers: Mapping[str, str], word: str) -> str:
    """A program that tests one function; ``answers`` replaces functions of the collection by what was answered for them."""
    code = collection.preamble + "\n\n".join(answers.get(one.name, one.code) for one in collection.function)
    check = next(one.check for one in collection.function if one.name == name)
    if collection.language == Language.PYTHON:
        return f"{code}\n\n{check}\nprint({word!r})\n"
    headers = _CXX_HEADERS if collection.language == Language.CXX else _C_HEADERS
    return f'{headers}{_CHECK}\n{code}\n\nint main(void)\n{{\n{check}    puts("{word}");\n    return 0;\n}}\n'
