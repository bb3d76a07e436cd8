"""The pieces of a code, outermost ones: includes, definitions by name, declarations, and what only tries the code out.

One view for C, C++, CUDA, Fortran and Python. A comment right above a piece belongs to it. Limits: what stands inside a
conditional of the preprocessor is one piece without a name; macros are not expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tree_sitter import Node

from codepar.prompts.code import Code, Unit, UnitKind
from codepar.prompts.code_fortran import FortranCode
from codepar.syntax.language import Language
from codepar.syntax.tree import SyntaxTree

_IMPORTS = frozenset({"preproc_include", "import_statement", "import_from_statement", "future_import_statement"})
_MACROS = frozenset({"preproc_def", "preproc_function_def"})
_WRAPPERS = frozenset({"decorated_definition", "template_declaration", "linkage_specification"})
_PYTHON_TRIES = frozenset({"if_statement", "for_statement", "while_statement", "try_statement", "with_statement"})
_SPACE = re.compile(r"\s+")
_AROUND_MARK = re.compile(r"\s*([^\w\s])\s*")


class PieceKind(StrEnum):
    """What a piece is."""

    IMPORT = "import"
    DEFINITION = "definition"
    DECLARATION = "declaration"
    EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes ``start`` to ``end``, its comment included; ``core`` is the text without it. ``symbol`` tells definitions of one
    name apart that may stand side by side (overloads); it is empty where nothing is named."""

    kind: PieceKind
    symbol: str
    start: int
    end: int
    text: str
    core: str

    @property
    def key(self) -> str:
        """The same for pieces that differ in white space alone."""
        return squeezed(self.core)

    @property
    def name(self) -> str:
        """The plain name."""
        return self.symbol.partition("(")[0]


def squeezed(text: str) -> str:
    """``text`` without the white space that a formatter may change."""
    return _AROUND_MARK.sub(r"\1", _SPACE.sub(" ", text.strip()))


def formatted(text: str, language: Language | None) -> str:
    """``text`` as two variants are compared: white space set aside, the indentation of Python kept."""
    if language is Language.PYTHON:
        return "\n".join(line.rstrip() for line in text.strip().splitlines() if line.strip())
    return squeezed(text)


def pieces_of(code: Code) -> tuple[Piece, ...]:
    """The pieces in the order of the text; none for a text that is nested too deep to be parsed."""
    if code.is_too_deep:
        return ()
    if isinstance(code, FortranCode):
        return tuple(_fortran(code))
    return tuple(_by_tree(code))


def symbol_of(code: Code, unit: Unit) -> str:
    """The name of a unit, with the types of its parameters where a language lets functions share names."""
    name = f"{unit.owner}::{unit.name}" if unit.kind is UnitKind.METHOD else unit.name
    if unit.kind is UnitKind.CLASS or code.language not in {Language.CXX, Language.CUDA}:
        return name.lower() if code.language is Language.FORTRAN else name
    head = code.data[unit.start : unit.body_start].decode(errors="replace")
    _, found, parameters = head.partition("(")
    return f"{name}({squeezed(parameters)}" if found else name


def _by_tree(code: Code) -> Iterator[Piece]:
    tree = SyntaxTree(code.text, code.language)
    if code.language is Language.C and tree.root.has_error:
        tree = SyntaxTree(code.text, Language.CXX)
    units = {unit.start: unit for unit in (*code.classes, *code.methods, *code.functions)}
    comment: int | None = None
    last_end = 0
    for node in tree.root.named_children:
        if comment is not None and code.data.count(b"\n", last_end, node.start_byte) > 1:
            comment = None
        if node.type == "comment":
            comment = node.start_byte if comment is None else comment
        else:
            yield _piece(code, node, node.start_byte if comment is None else comment, _unit_at(units, node))
            comment = None
        last_end = node.end_byte


def _unit_at(units: Mapping[int, Unit], node: Node) -> Unit | None:
    """The unit that a node is: it begins where the node does, or behind decorators, ``template<...>`` or ``extern "C"``."""
    unit = units.get(node.start_byte)
    if unit is None and node.type in _WRAPPERS and node.named_children:
        unit = units.get(node.named_children[-1].start_byte)
    return unit


def _piece(code: Code, node: Node, start: int, unit: Unit | None) -> Piece:
    kind, symbol, end = _kind_of(code, node, unit)
    core = code.data[node.start_byte : end].decode(errors="replace").rstrip()
    text = code.data[start:end].decode(errors="replace").rstrip()
    return Piece(kind, symbol, start, end, text, core)


def _kind_of(code: Code, node: Node, unit: Unit | None) -> tuple[PieceKind, str, int]:
    """Kind, symbol and end: a class of C ends behind its semicolon."""
    if node.type in _IMPORTS:
        return PieceKind.IMPORT, "", node.end_byte
    if unit is not None:
        kind = PieceKind.EXAMPLE if unit.name == "main" else PieceKind.DEFINITION
        return kind, symbol_of(code, unit), max(unit.end, node.end_byte)
    if code.language is Language.PYTHON and (node.type in _PYTHON_TRIES or _is_bare_call(node)):
        return PieceKind.EXAMPLE, "", node.end_byte
    return PieceKind.DECLARATION, _declared(node), _with_semicolon(code, node.end_byte)


def _with_semicolon(code: Code, end: int) -> int:
    found = re.compile(rb"[ \t]*;").match(code.data, end)
    return found.end() if found else end


def _is_bare_call(node: Node) -> bool:
    return node.type == "expression_statement" and bool(node.named_children) and node.named_children[0].type == "call"


def _declared(node: Node) -> str:
    """The name that a declaration gives; empty for prototypes, which may be repeated, and for what names several."""
    if node.type in _MACROS:
        return _text(node.child_by_field_name("name"))
    if node.type == "expression_statement":
        left = node.named_children[0].child_by_field_name("left") if node.named_children else None
        return _text(left) if left is not None and left.type == "identifier" else ""
    if node.type not in {"declaration", "type_definition"} or len(node.children_by_field_name("declarator")) != 1:
        return ""
    inner = node.child_by_field_name("declarator")
    while inner is not None and inner.type not in {"identifier", "type_identifier"}:
        if inner.type == "function_declarator":
            return ""
        inner = inner.child_by_field_name("declarator")
    return _text(inner)


def _text(node: Node | None) -> str:
    return node.text.decode(errors="replace") if node is not None and node.text else ""


def _fortran(code: FortranCode) -> Iterator[Piece]:
    """Program units and the procedures outside them; comments right above go along."""
    units = [*code.programs, *code.functions, *code.classes]
    outermost = [one for one in units if not any(o.start <= one.start < o.end for o in units if o is not one)]
    for unit in sorted(outermost, key=lambda one: one.start):
        start = _with_comments(code.data, unit.start)
        kind = PieceKind.EXAMPLE if "program" in unit.marks else PieceKind.DEFINITION
        core = code.data[unit.start : unit.end].decode(errors="replace")
        yield Piece(kind, unit.name.lower(), start, unit.end, code.data[start : unit.end].decode(errors="replace"), core)


def _with_comments(data: bytes, start: int) -> int:
    """Where the lines of comment right above a line begin; ``start`` where there are none."""
    begin = data.rfind(b"\n", 0, start) + 1
    found = start
    while begin > 0:
        above = data.rfind(b"\n", 0, begin - 1) + 1
        line = data[above : begin - 1]
        if not line.lstrip().startswith(b"!") and line[:1] not in {b"C", b"c", b"*"}:
            break
        found = begin = above
    return found
