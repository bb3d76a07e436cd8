"""The life of each variable of a function, seen by rank: who fills it, who reads it, and what never happens to it.

A variable that is read but never filled lacks a receiving call; one that is filled but never read lacks a sending one. Limits:
a filled pointer is not told from another pointer to the same memory; order is that of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from codepar.mpi.facts import Facts, Guard, Kind, Use
from codepar.mpi.roles import Roles
from codepar.syntax.tree import Function
from codepar.syntax.variables import Variable

_SIZEOF = re.compile(r"\bsizeof\s*(?:\([^()]*\)|\w+)")
_ALLOCATION = re.compile(r"\b(malloc|calloc|realloc)\s*\(")
_NEW = re.compile(r"\bnew\s+[\w:]+\s*\[(.*)\]", re.DOTALL)


@dataclass(frozen=True)
class Life:
    """One variable of one function with its uses in the order of the text."""

    variable: Variable
    uses: tuple[Use, ...]
    roles: Roles

    @property
    def name(self) -> str:
        return self.variable.name

    @property
    def is_buffer(self) -> bool:
        return bool(self.variable.pointer_depth or self.variable.dimensions)

    @cached_property
    def reads(self) -> list[Use]:
        """Uses of the contents."""
        if self.is_buffer:
            wanted = {Kind.ELEMENT_READ, Kind.PASSED}
            return [use for use in self.uses if use.kind in wanted or (use.kind is Kind.READ and use.printed)]
        return [use for use in self.uses if use.kind in {Kind.READ, Kind.ELEMENT_READ, Kind.PASSED}]

    @cached_property
    def fills(self) -> list[Use]:
        """Uses that give it contents."""
        wanted = {Kind.ELEMENT_WRITE, Kind.PASSED, Kind.WRITE} if self.is_buffer else {Kind.WRITE, Kind.UPDATE}
        return [use for use in self.uses if use.kind in wanted]

    @property
    def is_orphan(self) -> bool:
        """Read before anything has filled it. A buffer that a function sees first is left out: that may fill it."""
        if not self.reads or self.variable.is_parameter:
            return False
        first = min(self.reads, key=lambda use: use.start)
        filling = [use for use in self.fills if not self._is_neutral(use)]
        return not any(use.start <= first.start or set(use.loops) & set(first.loops) for use in filling)

    @property
    def is_initialised(self) -> bool:
        """Whether it is set to zero where it is declared, so that only strong evidence makes it an orphan."""
        return any(self._is_neutral(use) for use in self.fills)

    def _is_neutral(self, use: Use) -> bool:
        return (
            use.line == self.variable.line and re.fullmatch(r"[-{ ]*0(?:\.0*)?[fFlL]?[} ]*|NULL|nullptr", use.value) is not None
        )

    @property
    def filled_by_root_only(self) -> bool:
        return bool(self.fills) and all(self.roles.on_root_only(use) for use in self.fills)

    @property
    def filled_by_all(self) -> bool:
        return any(not self.roles.on_some_ranks(use) for use in self.fills)

    @property
    def read_by_root_only(self) -> bool:
        return bool(self.reads) and all(self.roles.on_root_only(use) for use in self.reads)

    @property
    def is_unread(self) -> bool:
        """Filled and then never used: its value must leave by a call that is missing."""
        last = max((use.start for use in self.fills), default=-1)
        return bool(self.fills) and not any(use.start > last for use in self.reads)

    @cached_property
    def extent(self) -> str:
        """How many elements, as an expression; ``1`` for a scalar, empty where it cannot be told."""
        if self.variable.dimensions:
            return " * ".join(_atom(size) for size in self.variable.dimensions)
        if not self.variable.pointer_depth:
            return "1"
        values = [use.value for use in self.uses if use.kind is Kind.ALLOCATE and use.value]
        return next((extent for value in values if (extent := allocated(value))), "")

    @property
    def argument(self) -> str:
        """How the variable is written as a buffer argument."""
        return self.name if self.is_buffer else f"&{self.name}"


def _atom(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"[\w.>-]+|\(.*\)", text) and not re.search(r"(?<!-)>|^-", text) else f"({text})"


def allocated(value: str) -> str:
    """The number of elements in ``malloc(n * sizeof(double))``, ``calloc(n, ...)`` or ``new double[n]``; empty when unclear."""
    new = _NEW.search(value)
    if new:
        return new[1].strip()
    match = _ALLOCATION.search(value)
    if match is None:
        return ""
    inside = value[match.end() : value.rfind(")")]
    if match[1] == "realloc":
        inside = inside.partition(",")[2]
    if match[1] == "calloc":
        return inside.partition(",")[0].strip()
    bare = _SIZEOF.sub("\0", inside)
    factors = [factor.strip() for factor in _top_level_factors(bare) if factor.strip() != "\0"]
    return " * ".join(factors) if factors and "\0" not in "".join(factors) else ""


def _top_level_factors(text: str) -> list[str]:
    parts, depth, start = list[str](), 0, 0
    for index, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == "*" and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def lives_of(facts: Facts, function: Function) -> list[Life]:
    """The lives of all variables that a function uses, rank and size left out, in the order of their first use."""
    roles = Roles(facts, function)
    own = {variable.name for variable in (roles.rank, roles.size) if variable is not None}
    found = []
    for variable in facts.variables(function):
        name = variable.name
        inside = function.first_line <= variable.line <= function.last_line
        uses = [use for use in facts.of(name, function.name if inside else None) if use.declared == variable.line]
        if name not in own and any(use.function == function.name for use in uses):
            found.append(Life(variable, tuple(sorted(uses, key=lambda use: use.start)), roles))
    return sorted(found, key=lambda life: life.uses[0].start)


def plain_lives(facts: Facts, function: Function) -> list[Life]:
    """Those of numbers, arrays and pointers: the address of a vector or another object of C++ is no buffer."""
    return [life for life in lives_of(facts, function) if life.is_buffer or "<" not in life.variable.type]


def outer_guard(roles: Roles, use: Use) -> Guard | None:
    """The outermost rank condition around a use."""
    return next((guard for guard in use.guards if roles.mentions_rank(guard)), None)
