"""Requests with a long shared beginning, for ``decomposition.py --part shared``: some functions of an attached file of many.

The files are put together from the function collections of codepp; what is asked of two to six functions by name leaves the
rest of the file to all parts as context. Limits: made by rule, twelve of them; answers are short, prompts weigh more than usual.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.prompts.items import Decomposition
from codepar.syntax.language import Language
from evaluators.benchmarks.codepp_case import Case, Prompt
from evaluators.benchmarks.codepp_functions import Collection, load_collections

_NAMES = {Language.C: "kernels.c", Language.CXX: "kernels.cpp", Language.PYTHON: "kernels.py"}
_WISHES = (
    "Explain {names} in {file} in one sentence each.",
    "State the time complexity of {names} in {file}.",
    "What do {names} in {file} do? A line for each is enough.",
    "Write a short comment for each of {names} in {file}.",
)
_FILES_A_LANGUAGE = 4
_COLLECTIONS_A_FILE = 2


def shared_requests() -> tuple[Case, ...]:
    """The requests; their gold is not filled in, for nothing is scored here."""
    return tuple(_requests())


def _requests() -> Iterator[Case]:
    for language, file in _NAMES.items():
        fitting = [one for one in load_collections() if one.language == language and one.trait is None and not one.preamble]
        for number in range(_FILES_A_LANGUAGE):
            chosen = [fitting[(number + step) % len(fitting)] for step in range(_COLLECTIONS_A_FILE)]
            yield _request(f"s{language.value}{number}", chosen, file, number)


def _request(name: str, collections: list[Collection], file: str, number: int) -> Case:
    functions = list({one.name: one for collection in collections for one in collection.function}.values())
    wanted = [one.name for one in functions[:: 2 + number % 2]][:6]
    names = f"{', '.join(wanted[:-1])} and {wanted[-1]}"
    text = _WISHES[number % len(_WISHES)].format(names=names, file=file)
    code = "\n\n".join(one.code.strip("\n") for one in functions) + "\n"
    prompt = Prompt(id=name, kind="shared", code=collections[0].language.value, prose="en", text=text, files={file: code})
    return Case(prompt, Decomposition(split=False, reason="", refusal="one_task"))
