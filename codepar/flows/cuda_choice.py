"""Which functions of a project are translated: the named one, or all that have a loop and nothing that forbids it.

Limits: C and C++ sources alone, no headers; who calls whom decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codepar.cuda.function import Refusal, SequentialFunction
from codepar.cuda.inline_headers import Inlined, Place, inline_headers
from codepar.cuda.nodes import LOOPS, walk
from codepar.cuda.read import node_of, read_functions
from codepar.cuda.refuse import refusal
from codepar.errors import InvalidInput
from codepar.flows.cuda_request import MAX_FUNCTIONS, CudaTranslationRequest


@dataclass(frozen=True)
class Chosen:
    """What is translated, in order, and what was passed over without having been named, with the reason.

    The text of a function is its file with the project's headers in; ``inlined`` tells by path where its lines come from.
    """

    functions: tuple[SequentialFunction, ...]
    passed_over: tuple[str, ...] = ()
    inlined: Mapping[str, Inlined] = field(default_factory=dict)


def chosen_functions(request: CudaTranslationRequest) -> Chosen:
    """Raises ``InvalidInput`` where the project holds no such function, or too many."""
    options = request.options
    inlined = _inlined(request)
    found = _all(inlined)
    if options.function is not None:
        return Chosen((_named(found, options.function),), inlined=inlined)
    others = [one for one in found if one.name != "main"]
    if not others:
        raise InvalidInput("the project defines no function besides main", remedy="put the loops into a function of their own")
    if len(others) == 1:
        return Chosen(tuple(others), inlined=inlined)
    with_loops = [one for one in others if has_loop(one)]
    refused = {id(one): why for one in with_loops if (why := refusal(one)) is not None}
    kept = [one for one in with_loops if id(one) not in refused]
    if len(kept) > MAX_FUNCTIONS:
        raise InvalidInput(
            f"the project has {len(kept)} functions with loops, more than {MAX_FUNCTIONS}", remedy="name one with --function"
        )
    if not kept:
        return Chosen(tuple(with_loops) or tuple(others), inlined=inlined)
    said = tuple(_said(one, refused[id(one)], inlined[one.path]) for one in with_loops if id(one) in refused)
    return Chosen(tuple(kept), said, inlined)


def has_loop(function: SequentialFunction) -> bool:
    """Whether there is anything to share out."""
    return any(node.type in LOOPS for node in walk(node_of(function)))


def _inlined(request: CudaTranslationRequest) -> dict[str, Inlined]:
    project, options = request.project, request.options
    paths = project.sources() if options.file is None else [options.file]
    if not paths:
        raise InvalidInput("the project has no C or C++ source", remedy="name files .c, .cc, .cpp or .cxx")
    return {path: inline_headers(path, project.files) for path in paths}


def _all(inlined: Mapping[str, Inlined]) -> list[SequentialFunction]:
    """The functions that the sources themselves define; those of headers are helpers."""
    found = [
        one
        for path, source in inlined.items()
        for one in read_functions(source.text, path)
        if (place := source.place(one.line)) is None or place.path == path
    ]
    if not found:
        raise InvalidInput(f"{next(iter(inlined))} holds no function with a body", remedy="give the sequential function itself")
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


def _said(function: SequentialFunction, why: Refusal, source: Inlined) -> str:
    place = source.place(why.line or function.line) or Place(function.path, function.line)
    return f"{place.path}:{place.line}: `{function.name}` was passed over: {why.message}"
