"""Which functions of a project are translated: the named one, or all that have a loop and nothing that forbids it.

Limits: C and C++ sources alone, no headers; who calls whom decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.function import Refusal, SequentialFunction
from codepar.cuda.nodes import LOOPS, walk
from codepar.cuda.read import node_of, read_functions
from codepar.cuda.refuse import refusal
from codepar.errors import InvalidInput
from codepar.flows.cuda_request import MAX_FUNCTIONS, CudaTranslationRequest


@dataclass(frozen=True)
class Chosen:
    """What is translated, in order, and what was passed over without having been named, with the reason."""

    functions: tuple[SequentialFunction, ...]
    passed_over: tuple[str, ...] = ()


def chosen_functions(request: CudaTranslationRequest) -> Chosen:
    """Raises ``InvalidInput`` where the project holds no such function, or too many."""
    options = request.options
    found = _all(request)
    if options.function is not None:
        return Chosen((_named(found, options.function),))
    others = [one for one in found if one.name != "main"]
    if not others:
        raise InvalidInput("the project defines no function besides main", remedy="put the loops into a function of their own")
    if len(others) == 1:
        return Chosen(tuple(others))
    with_loops = [one for one in others if has_loop(one)]
    refused = {id(one): why for one in with_loops if (why := refusal(one)) is not None}
    kept = [one for one in with_loops if id(one) not in refused]
    if len(kept) > MAX_FUNCTIONS:
        raise InvalidInput(
            f"the project has {len(kept)} functions with loops, more than {MAX_FUNCTIONS}", remedy="name one with --function"
        )
    if not kept:
        return Chosen(tuple(with_loops) or tuple(others))
    return Chosen(tuple(kept), tuple(_said(one, refused[id(one)]) for one in with_loops if id(one) in refused))


def has_loop(function: SequentialFunction) -> bool:
    """Whether there is anything to share out."""
    return any(node.type in LOOPS for node in walk(node_of(function)))


def _all(request: CudaTranslationRequest) -> list[SequentialFunction]:
    project, options = request.project, request.options
    paths = project.sources() if options.file is None else [options.file]
    if not paths:
        raise InvalidInput("the project has no C or C++ source", remedy="name files .c, .cc, .cpp or .cxx")
    found = [one for path in paths for one in read_functions(project.files[path], path)]
    if not found:
        raise InvalidInput(f"{paths[0]} holds no function with a body", remedy="give the sequential function itself")
    return found


def _named(found: list[SequentialFunction], name: str) -> SequentialFunction:
    same = [one for one in found if one.name == name]
    if not same:
        names = ", ".join(f"`{one.name}`" for one in found[:12])
        raise InvalidInput(f"there is no function `{name}`; there are {names}", param="function")
    if len(same) > 1:
        places = ", ".join(f"{one.path}:{one.line}" for one in same)
        raise InvalidInput(f"`{name}` is defined {len(same)} times: {places}", remedy="keep one, or name its file with --file")
    return same[0]


def _said(function: SequentialFunction, why: Refusal) -> str:
    return f"{function.path}:{why.line or function.line}: `{function.name}` was passed over: {why.message}"
