"""Answers for the functions of the generated prompts, run against the functions' own tests by any ``Executor``.

An answer passes when its program ends with 0 and prints a word made up after the answer was given. With the answers of the same
prompts asked serially and in parallel this is the paired comparison of fidelity.
Limits: one function at a time, among the originals of the others or among answers for them; a CUDA answer is not built here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from codepar.errors import NotFound
from codepar.project import Project
from codepar.protocols import Execution, Executor, Limits, Status
from codepar.syntax.language import Language
from evaluators.benchmarks.codepp_functions import Collection, check_program

_PATHS = {Language.C: "answer.c", Language.CXX: "answer.cpp", Language.PYTHON: "answer.py"}
_LIMITS = Limits(wall_s=10, compile_s=60)


async def try_answer(
    collection: Collection, function: str, answers: Mapping[str, str], executor: Executor, *, openmp: bool = False
) -> Status:
    """The status of the test of one function; ``answers``: code by function, the originals stand in for the rest.

    ``ok`` passes; ``wrong_output`` where the program ended early without having run the test to its end. Raises ``NotFound`` for
    a function that is not in the collection, and what the executor raises.
    """
    if function not in {one.name for one in collection.function}:
        raise NotFound(f"{collection.name} has no function {function!r}", remedy="name a function of the collection")
    word = secrets.token_hex(8)
    text = check_program(collection, function, answers, word)
    project = Project(files={_PATHS[collection.language]: text})
    result = await executor.execute(Execution(project=project, openmp=openmp, limits=_LIMITS, cache=False))
    if result.status == Status.OK and word not in result.stdout.splitlines():
        return Status.WRONG_OUTPUT
    return result.status
