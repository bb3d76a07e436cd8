"""One function of an answer: is it there, where, with which declaration, and does it pass the function's own test?

The code is read by the same rules that put answers into files (``codepar.prompts.answer_code``), and run among the originals of
the other functions with what else the answer defines for it. The text of a request asked at once and that of one part are read
alike. Limits: one run a function, so a race may pass; helpers that an answer defines for another function are not taken along.
"""

from __future__ import annotations

import re
from functools import cache

from codepar.prompts.answer_code import replacement_of
from codepar.prompts.blocks import blocks_of
from codepar.prompts.code import Code, read_code
from codepar.prompts.items import Item
from codepar.prompts.lexicon import Tag
from codepar.prompts.pieces import Piece, PieceKind, pieces_of, squeezed
from codepar.prompts.plan import declaration_of
from codepar.prompts.request import Request
from codepar.prompts.targets import Target, TargetKind
from codepar.protocols import Executor, Record, Status
from codepar.syntax.language import Language
from evaluators.benchmarks.codepp_functions import Collection
from evaluators.function_answers import try_answer

_PATHS = {Language.C: "code.c", Language.CXX: "code.cpp", Language.PYTHON: "code.py"}


class ItemVerdict(Record):
    """One function of one answer. ``place`` is where its last definition stands in the text, None where there is none.

    ``status`` is that of its test, ``refused`` where there is nothing to run. ``foreign``: other functions of the collection that
    the text defines anew. ``translated``: a capability brought the function under another name, which was tested.
    """

    function: str
    status: Status = Status.REFUSED
    place: int | None = None
    same_signature: bool = False
    foreign: tuple[str, ...] = ()
    translated: bool = False
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether its test holds."""
        return self.status is Status.OK


async def judge_function(
    collection: Collection, function: str, text: str, executor: Executor, *, entry: str | None = None
) -> ItemVerdict:
    """The verdict on ``function`` in ``text``; ``entry`` is the name that a translation gave it. Raises what executing raises."""
    if entry is not None and entry != function:
        text = re.sub(rf"\b{re.escape(entry)}\b", function, text)
    target = _target(collection, function)
    replacement = replacement_of(text, target)
    known = _original(collection)
    if replacement.problem is not None:
        return ItemVerdict(function=function, reason=replacement.problem)
    brought = [one for one in replacement.others if _is_wanted(one, known)]
    names = {one.name for one in collection.function}
    code = "\n\n".join([*(one.text for one in brought), replacement.text])
    status = await try_answer(collection, function, {function: code}, executor, openmp=collection.language is not Language.PYTHON)
    return ItemVerdict(
        function=function,
        status=status,
        place=_place(text, function, collection.language),
        same_signature=_declaration(replacement.text, function, collection.language) == _declared(target),
        foreign=tuple(sorted({one.name for one in replacement.others if one.name in names})),
        translated=entry is not None,
    )


def _target(collection: Collection, function: str) -> Target:
    """The function as an item by itself, so that nothing depends on how the prompt shows it."""
    code = next(one.code for one in collection.function if one.name == function).strip("\n")
    path = _PATHS[collection.language]
    source = Request("", {path: code}).sources[0]
    assert source.code is not None
    unit = next(one for one in source.code.functions if one.name == function)
    size = len(code.encode())
    item = Item(id="1", text=code, span=(0, size), file=path)
    return Target(item, TargetKind.UNIT, Tag.CHANGE, "", source, path, unit, unit.start, unit.end)


def _original(collection: Collection) -> frozenset[str]:
    """The keys of the pieces that the test's program has anyway, and its functions' names."""
    text = collection.preamble + "\n\n".join(one.code for one in collection.function)
    return _keys(text, collection.language)


@cache
def _keys(text: str, language: Language) -> frozenset[str]:
    pieces = pieces_of(read_code(text, language))
    return frozenset({one.key for one in pieces} | {one.name for one in pieces if one.name})


def _is_wanted(piece: Piece, known: frozenset[str]) -> bool:
    """Whether a piece beside the function goes into the program: no trial of it, nothing that is there."""
    return piece.kind is not PieceKind.EXAMPLE and piece.key not in known and piece.name not in known


def _place(text: str, function: str, language: Language) -> int | None:
    """The character at which the function is defined last; None where no block of code does."""
    found = None
    for block in blocks_of(text):
        code = read_code(text[block.start : block.end], language)
        for unit in (*code.functions, *code.methods):
            if unit.name == function:
                found = block.start + len(code.data[: unit.start].decode(errors="replace"))
    return found


def _declared(target: Target) -> str:
    assert target.source is not None
    assert target.source.code is not None
    assert target.unit is not None
    return _one_declaration(target.source.code, target.unit.name)


def _declaration(text: str, function: str, language: Language) -> str:
    return _one_declaration(read_code(text, language), function)


def _one_declaration(code: Code, function: str) -> str:
    unit = next((one for one in code.functions if one.name == function), None)
    return "" if unit is None else squeezed(declaration_of(code.data, unit, code.language))
