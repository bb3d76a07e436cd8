"""Find the declarations that only MPI calls need (``MPI_Status``, ``MPI_Request``, ...): they give the removed calls away.

A declaration may go when nothing that stays uses a name of it; allocating, freeing or resetting such a variable goes with it.
All others are named with the reason. Limits: types behind a ``typedef``, ``auto`` or a macro of the program's own are not seen;
a name that an inner scope declares anew counts as used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from codepar.mpi.stripped import Refusal, Removed
from codepar.syntax.tree import SyntaxTree
from codepar.syntax.variables import read_declarator, text_of

HANDLES = (
    "Aint|Cart_comm|Comm|Count|Datatype|Errhandler|File|Fint|Group|Info|Message|Offset|Op|Request|Session|Status|Win"
    "|F08_status|T_enum|T_cvar_handle|T_pvar_handle|T_pvar_session"
)
_TYPE = rf"(?:MPI_(?:{HANDLES})\b|MPI::[A-Z]\w+)"
_DECLARES = re.compile(rf"(?<![\w:.])(?:{_TYPE}|std::(?:vector|array)\s*<\s*{_TYPE}[^;{{}}]*?>)[\s*&]*(?:const\b\s*)?\w".encode())
_OF_MPI = re.compile(rf"(?:\w+\s+)*?(?:struct\s+)?{_TYPE}|(?:\w+\s+)*?(?:std::)?(?:vector|array)\s*<\s*{_TYPE}[^;]*")
_BLOCKS = frozenset({"compound_statement", "translation_unit", "declaration_list", "case_statement"})
_BRANCHES = frozenset({"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "linkage_specification"})
_SIDE_EFFECT = re.compile(r"(\w+)\s*\(|\+\+|--|[^=!<>]=[^=]|0x4D5049|/\* mpi: ")
_ALLOCATORS = frozenset({"malloc", "calloc", "realloc", "sizeof"})
_REASONS = {
    "field_declaration": "stands in a struct or class",
    "parameter_declaration": "is a parameter",
    "optional_parameter_declaration": "is a parameter",
    "type_definition": "names a type",
    "function_definition": "is the type of a function",
    "for_statement": "stands in the head of a loop",
    "for_range_loop": "stands in the head of a loop",
}


@dataclass(frozen=True, slots=True)
class FoundDeclaration:
    """Bytes ``start`` to ``end`` that may go, semicolon included. A statement that goes with a variable has no ``names``."""

    start: int
    end: int
    names: tuple[str, ...]
    type: str


@dataclass(frozen=True, slots=True)
class FoundDeclarations:
    """What may go, in the order of the file, and what stays although it declares with an MPI type."""

    removable: tuple[FoundDeclaration, ...]
    kept: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Candidate:
    """A declaration of variables with an MPI type; ``scope`` are the bytes in which its names can be used."""

    node: Node
    names: tuple[str, ...]
    type: str
    scope: tuple[int, int]
    problem: str | None


def find_declarations(tree: SyntaxTree, calls: Sequence[Removed]) -> FoundDeclarations:
    """The declarations of ``tree``, a program without its ``calls``; lines in reasons are those of the original program."""
    finder = _Finder(tree, calls)
    stay = finder.settle()
    going = [candidate for candidate in finder.candidates if id(candidate) not in stay]
    removable = [FoundDeclaration(c.node.start_byte, c.node.end_byte, c.names, c.type) for c in going]
    removable += [FoundDeclaration(node.start_byte, node.end_byte, (), "") for node in finder.companions(going)]
    removable.sort(key=lambda found: found.start)
    return FoundDeclarations(tuple(removable), tuple(finder.refusals(stay, removable)))


class _Finder:
    """The candidates of one file and the uses of their names."""

    def __init__(self, tree: SyntaxTree, calls: Sequence[Removed]) -> None:
        self._tree = tree
        self._calls = calls
        self._code = tree.lexis.code
        self.candidates = [found for node in tree.capture("(declaration) @it") if (found := self._candidate(node))]

    def _candidate(self, node: Node) -> _Candidate | None:
        declarators = node.children_by_field_name("declarator")
        if not declarators:
            return None
        type_text = _type_of(node, declarators[0])
        if not _OF_MPI.fullmatch(type_text):
            return None
        read = [read_declarator(declarator) for declarator in declarators]
        names = tuple(found.name for found in read if found is not None)
        return _Candidate(node, names, type_text, _scope(node), self._problem(node, declarators, type_text))

    def _problem(self, node: Node, declarators: Sequence[Node], type_text: str) -> str | None:
        """Why the declaration cannot go whatever uses it."""
        if node.has_error:
            return "cannot be read"
        read = [read_declarator(declarator) for declarator in declarators]
        if any(found is None or (found.is_function and "<" not in type_text) for found in read):
            return "declares a function"
        if re.match(r"extern\b", text_of(node)):
            return "is defined in another file"
        if not _is_among_statements(node):
            return "stands where the syntax wants one statement" if node.parent is None else _place_of(node.parent)
        if self._holds_call(node):
            return "holds a call"
        values = [value for one in declarators if (value := one.child_by_field_name("value")) is not None]
        return "is initialised by more than a constant" if any(_acts(value) for value in values) else None

    def settle(self) -> dict[int, str]:
        """The candidates that stay, by identity, with the reason: those with a problem, then what a staying place uses."""
        stay = {id(candidate): candidate.problem for candidate in self.candidates if candidate.problem}
        while True:
            going = [candidate for candidate in self.candidates if id(candidate) not in stay]
            gone = [(c.node.start_byte, c.node.end_byte) for c in going]
            gone += [(node.start_byte, node.end_byte) for node in self.companions(going)]
            found = {id(candidate): reason for candidate in going if (reason := self._used(candidate, gone))}
            if not found:
                return {key: reason for key, reason in stay.items() if reason}
            stay |= found

    def _used(self, candidate: _Candidate, gone: Sequence[tuple[int, int]]) -> str | None:
        for name in candidate.names:
            for place in self._uses(name, candidate):
                if not any(start <= place < end for start, end in gone):
                    return f"is still used: `{name}` in line {self._line_at(place)}"
        return None

    def _uses(self, name: str, candidate: _Candidate) -> Iterator[int]:
        start, end = candidate.scope
        for match in re.finditer(rf"(?<![\w.])(?<!->){re.escape(name)}\b".encode(), self._code):
            place = match.start()
            inside = max(start, candidate.node.end_byte) <= place < end
            directive = self._tree.lexis.directive_at(place)
            if inside or (directive is not None and directive.name == "define"):
                yield place

    def companions(self, going: Sequence[_Candidate]) -> list[Node]:
        """Statements that only allocate, free or reset variables that go."""
        found = []
        for node in self._statements:
            name = _served(node)
            if name and any(name in c.names and c.scope[0] <= node.start_byte < c.scope[1] for c in going):
                found.append(node)
        return found

    @cached_property
    def _statements(self) -> list[Node]:
        nodes = self._tree.capture("(expression_statement) @it") if self.candidates else []
        return [node for node in nodes if _is_among_statements(node) and not self._holds_call(node)]

    def _holds_call(self, node: Node) -> bool:
        return any(node.start_byte < call.span[0] < node.end_byte for call in self._calls)

    def _line_at(self, place: int) -> int:
        """The line of the original."""
        gone = sum(call.removed.count("\n") for call in self._calls if call.span[0] <= place)
        return self._tree.lexis.line_at(place) + gone

    def refusals(self, stay: dict[int, str], removable: Sequence[FoundDeclaration]) -> Iterator[Refusal]:
        """Every place that declares with an MPI type and stays."""
        for match in _DECLARES.finditer(self._code):
            place = match.start()
            if any(found.start <= place < found.end for found in removable):
                continue
            holding = [c for c in self.candidates if c.node.start_byte <= place < c.node.end_byte and id(c) in stay]
            reason = stay[id(holding[-1])] if holding else self._reason(place)
            if reason:
                what = " ".join(self._code[place : self._end_of_word(match.end())].decode(errors="replace").split())
                yield Refusal(line=self._line_at(place), reason=f"{what} {reason}")

    def _end_of_word(self, start: int) -> int:
        found = re.compile(rb"\w*").match(self._code, start)
        return found.end() if found else start

    def _reason(self, place: int) -> str | None:
        """Why a place outside the candidates stays; None where nothing is declared (``sizeof (MPI_Comm) * n``)."""
        if self._tree.lexis.directive_at(place) is not None:
            return "stands in a macro"
        node = self._tree.root.descendant_for_byte_range(place, place + 1)
        while node is not None and node.type not in _REASONS and node.type != "declaration":
            if node.is_error:
                return "cannot be read"
            if node.type in {"argument_list", "expression_statement", "cast_expression", "sizeof_expression"}:
                return None
            node = node.parent
        return _REASONS.get(node.type, "is part of another declaration") if node is not None else None


def _type_of(node: Node, declarator: Node) -> str:
    parts = [text_of(child) for child in node.children if child.end_byte <= declarator.start_byte]
    return " ".join(" ".join(parts).split())


def _scope(node: Node) -> tuple[int, int]:
    """The block around a declaration; branches of the preprocessor are no scopes."""
    around = node.parent
    while around is not None and around.type not in {"compound_statement", "translation_unit"}:
        around = around.parent
    return (around.start_byte, around.end_byte) if around is not None else (node.start_byte, node.end_byte)


def _is_among_statements(node: Node) -> bool:
    """Whether a statement can vanish here: in a block or at the top of the file, and not right behind a label."""
    around = node.parent
    while around is not None and around.type in _BRANCHES:
        around = around.parent
    if around is None or around.type not in _BLOCKS:
        return False
    before = node.prev_sibling
    while before is not None and before.type == "comment":
        before = before.prev_sibling
    return before is None or before.type != ":"


def _place_of(node: Node) -> str:
    return _REASONS.get(node.type, "stands where the syntax wants one statement")


def _acts(value: Node) -> bool:
    """Whether evaluating an initialiser does more than allocate memory."""
    return any(match[1] not in _ALLOCATORS for match in _SIDE_EFFECT.finditer(text_of(value)))


def _served(statement: Node) -> str | None:
    """The variable that a statement does nothing but allocate, free or reset."""
    text = " ".join(text_of(statement).split())
    freed = re.fullmatch(r"(?:free \((\w+)\)|free\( ?(\w+) ?\)|delete ?(?:\[\])? ?(\w+)) ?;", text)
    if freed:
        return freed[1] or freed[2] or freed[3]
    assigned = re.fullmatch(r"(\w+) ?((?:\[[\w +*-]*\] ?)*)= ?([^;]*);", text)
    if assigned is None or any(match[1] not in _ALLOCATORS for match in _SIDE_EFFECT.finditer(assigned[3])):
        return None
    return assigned[1]
