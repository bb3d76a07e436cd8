"""The code in an answer, and how its pieces go into the file of the item that was asked about.

Limits: of several blocks the last that defines the item is meant, as models show the old code first; words are not read.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from codepar.prompts.blocks import Block, blocks_of, code_language
from codepar.prompts.code import Code, Unit, UnitKind, read_code
from codepar.prompts.pieces import Piece, PieceKind, pieces_of, symbol_of
from codepar.prompts.targets import Target, TargetKind
from codepar.syntax.language import Language

_C_FAMILY = frozenset({Language.C, Language.CXX, Language.CUDA})


@dataclass(frozen=True, slots=True)
class Replacement:
    """What takes an item's place: its ``text``, and the ``others`` that the answer brings along; or the ``problem``."""

    text: str = ""
    others: tuple[Piece, ...] = ()
    problem: str | None = None
    is_broken: bool = False


def codes_of(answer: str, language: Language | None) -> tuple[Code, ...]:
    """The blocks of code in an answer; those without a label are read as ``language``."""
    found = []
    for block in blocks_of(answer):
        spoken = _language(answer, block, language)
        text = answer[block.start : block.end]
        if spoken is not None and text.strip():
            found.append(read_code(text, spoken))
    return tuple(found)


def _language(answer: str, block: Block, expected: Language | None) -> Language | None:
    if block.language is None or expected is None:
        return block.language
    if block.language in _C_FAMILY and expected in _C_FAMILY:
        # A fragment of C++ or CUDA may look like C.
        shown = code_language(None, answer[block.start : block.end])
        return shown if shown is Language.CUDA else expected
    return block.language


def replacement_of(answer: str, target: Target) -> Replacement:
    """The new text of the item ``target`` from an answer."""
    language = target.language
    codes = [code for code in codes_of(answer, language) if _is_alike(code.language, language)]
    if not codes:
        return Replacement(problem="the answer holds no code in the language of the item")
    if target.kind is TargetKind.FILE:
        whole = max(codes, key=lambda code: len(code.text))
        return _whole(whole, whole.text.strip("\n") + "\n")
    unit = target.unit
    assert unit is not None
    if unit.kind is UnitKind.LOOP:
        return _loop(codes, target)
    named = [(code, one) for code in codes for one in _alike(code, unit)]
    if not named:
        return Replacement(problem=f"the answer does not define `{unit.name}`", is_broken=any(code.is_broken for code in codes))
    return _unit(*named[-1], target)


def _is_alike(spoken: Language, wanted: Language | None) -> bool:
    return spoken is wanted or (spoken in _C_FAMILY and wanted in _C_FAMILY)


def _alike(code: Code, unit: Unit) -> list[Unit]:
    """The units of ``code`` that are called like ``unit``; a method may be shown without its class."""
    kinds = {UnitKind.CLASS: code.classes}.get(unit.kind, (*code.functions, *code.methods))
    same = str.lower if code.language is Language.FORTRAN else str
    return [one for one in kinds if same(one.name) == same(unit.name)]


def _whole(code: Code, text: str) -> Replacement:
    return Replacement(problem="the code of the answer lacks a bracket", is_broken=True) if code.is_broken else Replacement(text)


def _unit(code: Code, unit: Unit, target: Target) -> Replacement:
    if code.is_broken:
        return Replacement(problem="the code of the answer lacks a bracket or an end", is_broken=True)
    pieces = pieces_of(code)
    own = next((one for one in pieces if one.start <= unit.start < one.end), None)
    # Inside a class, module or namespace of the answer the unit alone is meant.
    is_piece = own is not None and own.kind is not PieceKind.DECLARATION and own.end <= unit.end + 1
    text = own.text if own is not None and is_piece else code.data[unit.start : unit.end].decode(errors="replace")
    others = tuple(one for one in pieces if one is not own) + _siblings(code, unit, own, is_piece)
    return Replacement(_indented(text, target), others)


def _siblings(code: Code, unit: Unit, own: Piece | None, is_piece: bool) -> tuple[Piece, ...]:
    """The other procedures of the module that the answer put around its own."""
    if own is None or is_piece:
        return ()
    inside = [one for one in code.functions if own.start <= one.start < own.end and one is not unit]
    return tuple(_as_piece(code, one) for one in inside)


def _as_piece(code: Code, unit: Unit) -> Piece:
    text = code.data[unit.start : unit.end].decode(errors="replace")
    return Piece(PieceKind.DEFINITION, symbol_of(code, unit), unit.start, unit.end, text, text)


def _loop(codes: list[Code], target: Target) -> Replacement:
    """A loop has no name: the last block that is one, with the pragmas above it."""
    code = next((code for code in reversed(codes) if code.loops and not code.functions), None)
    if code is None:
        return Replacement(problem="the answer holds no loop by itself")
    if code.is_broken:
        return Replacement(problem="the code of the answer lacks a bracket", is_broken=True)
    return Replacement(_indented(code.text.strip("\n"), target))


def _indented(text: str, target: Target) -> str:
    """``text`` as far to the right as the item was; its first line stands where the item began."""
    assert target.source is not None
    data = target.source.text.encode()
    line = data[data.rfind(b"\n", 0, target.start) + 1 : target.start].decode(errors="replace")
    margin = line if not line.strip() else line[: len(line) - len(line.lstrip())]
    plain = textwrap.dedent(text).strip("\n")
    if not margin:
        return plain
    lines = plain.split("\n")
    return "\n".join([lines[0], *(f"{margin}{one}" if one.strip() else one for one in lines[1:])])
