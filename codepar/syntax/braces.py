"""Whether the braces of a file have their partners, as far as the preprocessor lets that be told.

Of every conditional the first live branch is counted. Limits: where the branches of a conditional disagree, or a macro's body
holds half a pair, only the compiler could tell, and nothing is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.syntax.lexis import Directive, Lexis

_BRACE = re.compile(rb"[{}]")


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A brace without its partner: ``line`` is 1-based."""

    line: int
    message: str


@dataclass(slots=True)
class _Branch:
    """An open conditional: brace depth before it and after its first live branch."""

    depth_before: int
    dead: bool
    depth_of_first: int | None = None

    @property
    def undecided(self) -> bool:
        return self.depth_of_first is not None and self.depth_of_first != self.depth_before


class _Count:
    """The brace depth while reading on; ``unclear`` once the preprocessor decides."""

    def __init__(self) -> None:
        self.depth = 0
        self.last_opened = 0
        self.unclear = False
        self._stack: list[_Branch] = []

    def brace(self, offset: int, opens: bool) -> None:
        if self._stack and any(branch.dead for branch in self._stack):
            return
        if opens and self.depth == 0:
            self.last_opened = offset
        self.depth += 1 if opens else -1

    def directive(self, directive: Directive) -> None:
        if directive.opens:
            dead = directive.name == "if" and directive.argument == "0"
            self._stack.append(_Branch(self.depth, dead))
        elif self._stack and (directive.switches or directive.closes):
            self._end_branch(self._stack[-1], closes=directive.closes)

    def _end_branch(self, branch: _Branch, closes: bool) -> None:
        if not branch.dead:
            self.unclear |= branch.depth_of_first not in {None, self.depth}
            branch.depth_of_first = self.depth
        branch.dead = False
        self.depth = branch.depth_before
        if closes:
            self._stack.pop()
            # A branch that opens a brace is paired by another conditional; the count cannot follow that.
            self.unclear |= branch.undecided


def find_imbalance(lexis: Lexis) -> Imbalance | None:
    """The first brace without a partner; None when all have one or nothing certain can be said."""
    count, directives = _Count(), {directive.start: directive for directive in lexis.directives}
    if any(_splits_pair(lexis, directive) for directive in lexis.directives):
        return None
    for offset in sorted([*directives, *(match.start() for match in _BRACE.finditer(lexis.plain))]):
        if offset in directives:
            count.directive(directives[offset])
        else:
            count.brace(offset, lexis.plain[offset] == ord("{"))
        if count.unclear:
            return None
        if count.depth < 0:
            return Imbalance(lexis.line_at(offset), "`}` closes nothing")
    return Imbalance(lexis.line_at(count.last_opened), "`{` is never closed") if count.depth else None


def _splits_pair(lexis: Lexis, directive: Directive) -> bool:
    body = lexis.code[directive.start : directive.end]
    return directive.name == "define" and body.count(b"{") != body.count(b"}")
