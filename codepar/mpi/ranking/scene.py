"""A program as the argument ranker sees it: its expressions, the uses of its variables, its loops; and one place in it.

Limits: one file; names are resolved by scope, types are texts; what a macro expands to is not seen.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tree_sitter import Node

from codepar.mpi.facts import Facts, Kind, Use
from codepar.mpi.headers import Signature, Signatures
from codepar.mpi.roles import is_rank_name, is_size_name
from codepar.syntax.variables import Variable, text_of

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|->|\"(?:\\.|[^\"\\])*\"|\S")
_MEMBER = frozenset({".", "->"})
_NOT_NAMES = frozenset(
    {"sizeof", "int", "char", "double", "float", "long", "short", "unsigned", "void", "struct", "const", "NULL"}
)
_CAPITALS = re.compile(rb"\b[A-Z][A-Z0-9_]+\b")
_ARITHMETIC = frozenset("+-*/%|")
_LONGEST = 48
_MOST_EXPRESSIONS = 400
_SIZE_OF = re.compile(r"\bsizeof\s*(?:\([^()]*\)|\w+)")
_HARVESTED = "[(binary_expression)(subscript_expression)(field_expression)(call_expression)(number_literal)(string_literal)] @it"


def compact(text: str) -> str:
    """Without white space: how arguments are compared."""
    return "".join(text.split())


@lru_cache(maxsize=16_384)
def names_of(text: str) -> tuple[str, ...]:
    """The identifiers of an expression in their order, members and words of the language left out."""
    tokens = TOKEN.findall(text)
    return tuple(
        token
        for index, token in enumerate(tokens)
        if (token[0].isalpha() or token[0] == "_") and token not in _NOT_NAMES and (not index or tokens[index - 1] not in _MEMBER)
    )


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that is already whole. ``start``: the byte it stands before."""

    function: str
    arguments: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of the program's text: what kind of node it is, its names, and where it occurs."""

    text: str
    kind: str
    names: tuple[str, ...]
    places: list[int]


@dataclass(frozen=True, slots=True)
class Loop:
    """A ``for`` loop: its counter, the text the counter is compared with, its bytes."""

    counter: str
    bound: str
    start: int
    end: int


class Scene:
    """What is the same for all calls of one file."""

    def __init__(self, facts: Facts, signatures: Signatures, *, is_expanded: bool | None = None) -> None:
        """``is_expanded``: the text went through a preprocessor, which leaves no directives and writes ``NULL`` as 0; told from
        the text where it is not given."""
        self.facts = facts
        self.tree = facts.tree
        self.signatures = signatures
        self._extents: dict[Variable, list[str]] = {}
        self._bounds: dict[Variable, list[str]] = {}
        self.is_expanded = _looks_expanded(facts.tree.text) if is_expanded is None else is_expanded

    @cached_property
    def expressions(self) -> dict[str, Expression]:
        """The short expressions of the file by their compact text."""
        found: dict[str, Expression] = {}
        for node in self.tree.capture(_HARVESTED):
            if node.end_byte - node.start_byte > _LONGEST or len(found) > _MOST_EXPRESSIONS:
                continue
            if node.type == "binary_expression" and text_of(node.child_by_field_name("operator")) not in _ARITHMETIC:
                continue
            text = " ".join(text_of(node).split())
            if "/*" in text or "0x4D5049" in text or "//" in text:
                continue
            known = found.setdefault(compact(text), Expression(text, node.type, names_of(text), []))
            known.places.append(node.start_byte)
        return found

    @cached_property
    def uses(self) -> dict[tuple[str, int], list[Use]]:
        """The uses of each variable (by name and line of declaration) in the order of the file."""
        found: dict[tuple[str, int], list[Use]] = {}
        for use in sorted(self.facts.uses, key=lambda use: use.start):
            found.setdefault((use.name, use.declared), []).append(use)
        return found

    @cached_property
    def loops(self) -> dict[int, Loop]:
        """The ``for`` loops by their first byte."""
        found = {}
        for node in self.tree.capture("(for_statement) @it"):
            condition = node.child_by_field_name("condition")
            if condition is None or condition.type != "binary_expression":
                continue
            left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
            found[node.start_byte] = Loop(text_of(left), " ".join(text_of(right).split()), node.start_byte, node.end_byte)
        return found

    @cached_property
    def macros(self) -> tuple[str, ...]:
        """Names of constants: macros, enumerators, and words in capitals that nothing here declares."""
        declared = [constant.name for constant in self.tree.constants_after(self.tree.line_count + 1)]
        written = {word.decode() for word in _CAPITALS.findall(self.tree.lexis.code)}
        variables = {variable.name for variable in self.tree.variables}
        loose = {w for w in written if not w.startswith("MPI") and w not in {"NULL", "EOF", "FILE", "RAND_MAX"}}
        return tuple(dict.fromkeys([*declared, *sorted(loose - variables)]))

    @cached_property
    def functions(self) -> frozenset[str]:
        return frozenset(function.name for function in self.tree.functions)

    def extents(self, variable: Variable) -> list[str]:
        """The texts that say how many elements a variable holds, innermost knowledge first."""
        if variable not in self._extents:
            self._extents[variable] = self._extents_of(variable)
        return self._extents[variable]

    def _extents_of(self, variable: Variable) -> list[str]:
        found = [dimension for dimension in variable.dimensions if dimension]
        if len(found) > 1:
            found.insert(0, "*".join(_grouped(one) for one in found))
        for use in self.uses.get((variable.name, variable.line), ()):
            if use.kind is Kind.ALLOCATE:
                found += _allocated(use.value)
        return list(dict.fromkeys(found))

    def bounds(self, variable: Variable) -> list[str]:
        """The bounds of the loops in which the variable's elements are used."""
        if variable not in self._bounds:
            self._bounds[variable] = self._bounds_of(variable)
        return self._bounds[variable]

    def _bounds_of(self, variable: Variable) -> list[str]:
        found = []
        for use in self.uses.get((variable.name, variable.line), ()):
            if use.kind in {Kind.ELEMENT_READ, Kind.ELEMENT_WRITE}:
                inside = [self.loops[start].bound for start, _ in use.loops if start in self.loops]
                found += inside
                if len(inside) == 2:
                    found.append("*".join(_grouped(one) for one in inside))
        return list(dict.fromkeys(found))


def _looks_expanded(text: str) -> bool:
    return "NULL" not in text and re.search(r"^[ \t]*#", text, re.MULTILINE) is None


def _grouped(text: str) -> str:
    return text if re.fullmatch(r"\w+", text) else f"({text})"


def _allocated(value: str) -> list[str]:
    """The number of elements in ``malloc``, ``calloc`` and ``new[]``."""
    array = re.search(r"\bnew\s+[\w:<> ]+?\**\s*\[(.+)\]", value)
    if array:
        return [" ".join(array[1].split())]
    call = re.search(r"\b(malloc|calloc|realloc)\s*\((.*)\)\s*$", value, re.DOTALL)
    if call is None:
        return []
    inner = call[2].rpartition(",")[2] if call[1] == "realloc" else call[2]
    if call[1] == "calloc":
        inner = next((part for part in inner.split(",") if "sizeof" not in part), "")
    rest = _SIZE_OF.sub("1", " ".join(inner.split()))
    while True:
        plain = re.sub(r"\(\s*(\w+)\s*\)", r"\1", rest)
        plain = re.sub(r"(?<![\w.])1\s*\*\s*|\s*\*\s*1(?![\w.])", "", plain)
        if plain == rest:
            break
        rest = plain
    rest = rest.strip()
    found = [rest] if rest else []
    if rest.startswith("(") and rest.endswith(")") and rest.count("(") == 1:
        found.insert(0, rest[1:-1].strip())
    return found


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition around a place and on which side of it the place is."""

    condition: str
    negated: bool


class Spot:
    """One call whose arguments are wanted, with what stands around its place and the calls that are whole."""

    def __init__(self, scene: Scene, function: str, start: int, past: Sequence[PastCall]) -> None:
        self.scene = scene
        self.function = function
        self.start = start
        self.past = past
        self.signature: Signature = scene.signatures[function]
        self.visible: Mapping[str, Variable] = {one.name: one for one in scene.tree.variables_at(start)}
        self._shapes: dict[str, str] = {}
        self._around()

    def _around(self) -> None:
        """Branches, loops and function around the place, the innermost first."""
        self.branches: list[Branch] = []
        self.inside: list[Loop] = []
        self.within = (0, len(self.scene.tree.data))
        start = self.start
        node: Node | None = self.scene.tree.root.descendant_for_byte_range(start, start)
        while node is not None:
            if node.start_byte < start < node.end_byte:
                self._note(node)
            node = node.parent

    def _note(self, node: Node) -> None:
        if node.type == "for_statement" and node.start_byte in self.scene.loops:
            self.inside.append(self.scene.loops[node.start_byte])
        elif node.type == "function_definition" and self.within[0] == 0:
            self.within = (node.start_byte, node.end_byte)
        elif node.type == "if_statement":
            condition, otherwise = node.child_by_field_name("condition"), node.child_by_field_name("alternative")
            if condition is not None and self.start >= condition.end_byte:
                negated = otherwise is not None and self.start >= otherwise.start_byte
                self.branches.append(Branch(" ".join(text_of(condition).split()), negated))

    @cached_property
    def ranks(self) -> frozenset[str]:
        """The names of the rank: from the calls that are whole, else by name."""
        return self._filled("MPI_Comm_rank") or frozenset(
            name for name, one in self.visible.items() if is_integral(one) and is_rank_name(name)
        )

    @cached_property
    def sizes(self) -> frozenset[str]:
        """The names of the number of ranks."""
        return self._filled("MPI_Comm_size") or frozenset(
            name for name, one in self.visible.items() if is_integral(one) and is_size_name(name)
        )

    def _filled(self, function: str) -> frozenset[str]:
        found = {
            call.arguments[1].lstrip("&( ").rstrip(")")
            for call in self.past
            if call.function == function and len(call.arguments) == 2
        }
        return frozenset(found & set(self.visible))

    @cached_property
    def compared(self) -> frozenset[str]:
        """What the rank is compared with in the function around the place."""
        text = self.scene.tree.data[self.within[0] : self.within[1]].decode(errors="replace")
        names = "|".join(map(re.escape, self.ranks))
        found = re.findall(rf"\b(?:{names})\s*[!=]=\s*([\w.]+)", text) if names else []
        return frozenset(found)

    @cached_property
    def order(self) -> dict[str, tuple[int, int]]:
        """The place of each visible variable among those of its kind: by its last use before, by its next use after."""
        nearest: dict[str, list[tuple[str, int, int]]] = {}
        for name in self.visible:
            uses, number = self.uses_of(name)
            before = self.start - uses[number - 1].start if number else 1 << 30
            after = uses[number].start - self.start if number < len(uses) else 1 << 30
            nearest.setdefault(self.letter(name), []).append((name, before, after))
        found = {}
        for group in nearest.values():
            last = {name: place for place, (name, _, _) in enumerate(sorted(group, key=lambda one: one[1]))}
            following = {name: place for place, (name, _, _) in enumerate(sorted(group, key=lambda one: one[2]))}
            found.update({name: (last[name], following[name]) for name in last})
        return found

    @cached_property
    def counters(self) -> frozenset[str]:
        """The counters of the loops around the place."""
        return frozenset(loop.counter for loop in self.inside)

    @cached_property
    def situation(self) -> str:
        """In which kind of branch and loop the place lies, as one word."""
        ranked = next(
            (branch for branch in self.branches if any(name in self.ranks for name in names_of(branch.condition))), None
        )
        branch = "any"
        if ranked is not None:
            branch = self.shape(ranked.condition) + ("!" if ranked.negated else "")
        over_ranks = any(names & self.sizes for names in (set(names_of(loop.bound)) for loop in self.inside))
        return f"{branch}|{'S' if over_ranks else 'L' if self.inside else '-'}"

    def sees(self, names: Iterable[str]) -> bool:
        """Whether all names can be used at the place."""
        return all(
            name in self.visible or name in self._macros or name in self.scene.functions or name.isupper() or name in _KNOWN_CALLS
            for name in names
        )

    @cached_property
    def _macros(self) -> frozenset[str]:
        return frozenset(self.scene.macros)

    def shape(self, text: str) -> str:
        """An expression with its names replaced by what they are: ``R`` rank, ``S`` size, ``L`` counter, ``i`` integer, ..."""
        known = self._shapes.get(text)
        if known is None:
            known = self._shapes[text] = "".join(self._shaped(text))
        return known

    def _shaped(self, text: str) -> Iterable[str]:
        last = ""
        for token in TOKEN.findall(text):
            if last in _MEMBER:
                yield "m"
            elif token[0].isdigit():
                yield token if token in {"0", "1", "2"} else "N"
            elif token[0] == '"':
                yield "T"
            elif token[0].isalpha() or token[0] == "_":
                yield self.letter(token)
            else:
                yield token
            last = token

    def letter(self, name: str) -> str:
        """What a name is, as one letter or word."""
        if name in self.ranks:
            return "R"
        if name in self.sizes:
            return "S"
        if name in self.counters:
            return "L"
        variable = self.visible.get(name)
        if variable is None:
            is_kept = name.startswith("MPI_") or name in _NOT_NAMES or name in _KNOWN_CALLS
            return name if is_kept else "F" if name in self.scene.functions else "K"
        return letter_of(variable)

    def uses_of(self, name: str) -> tuple[Sequence[Use], int]:
        """The uses of a visible variable and how many of them stand before the place."""
        variable = self.visible.get(name)
        uses = self.scene.uses.get((name, variable.line), []) if variable is not None else []
        return uses, bisect_left(uses, self.start, key=lambda use: use.start)


_KNOWN_CALLS = frozenset({"strlen", "size", "data", "c_str", "length", "stdout", "stderr", "begin", "sizeof", "nullptr"})
_INTEGRAL = re.compile(
    r"^(?:const |static |signed |unsigned )*(?:int|long|short|size_t|ssize_t|u?int\d+_t|unsigned|MPI_Aint|MPI_Offset|auto)\b"
)
_FLOATING = re.compile(r"\b(?:double|float)\b")


def is_integral(variable: Variable) -> bool:
    """A plain integer of any width."""
    return (
        not variable.pointer_depth
        and not variable.dimensions
        and bool(_INTEGRAL.match(variable.type))
        and "<" not in variable.type
    )


def letter_of(variable: Variable) -> str:
    """What a variable is: integer, floating, character, array, pointer, vector, handle, other."""
    if "<" in variable.type or "string" in variable.type:
        return "v"
    if variable.dimensions:
        return "a" * len(variable.dimensions) + "*" * variable.pointer_depth
    if variable.pointer_depth:
        return "p" * variable.pointer_depth
    if variable.type.startswith("MPI_") and variable.type not in {"MPI_Aint", "MPI_Offset"}:
        return f"h{variable.type}"
    if _INTEGRAL.match(variable.type):
        return "i"
    return "f" if _FLOATING.search(variable.type) else "c" if "char" in variable.type else "s"
