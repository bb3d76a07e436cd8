"""What speaks for a site as the place of one of the setup calls: the statements beside it, what is declared and used before it.

Statements are told by patterns from the one layout of an outline. Limits: rank and size variables are told by their names; a
typedef of the program's own looks like any type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from codepar.mpi.outline import HOLE_TEXT, Outline, Site
from codepar.mpi.roles import is_rank_name, is_size_name

_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_NAME = re.compile(r"[A-Za-z_]\w*")
_WORD = re.compile(r"(if|for|while|return|else|do|switch|case|default)\b")
_DECLARATION = re.compile(
    r"(?!return\b|delete\b|goto\b|throw\b|using\b|typedef\b)"
    r"(?:(?:const|static|unsigned|signed|struct|long|volatile|register) )*[A-Za-z_][\w:]*(?:<[^;=]*>)?[\s*&]+"
    r"[A-Za-z_]\w*\s*(?:\[[^=]*\])*\s*(?P<end>=|;|\()(?P<rest>.*)"
)
_PLAIN_VALUE = re.compile(r"\s*\(?\s*(?:\(\w+\)\s*)?[\w.]+\s*\)?;")
_PRINT = re.compile(r"[\w:.>-]*print\w*\s*\(|.*\bc(?:out|err)\s*<<|puts\b|fflush\b|perror\b")
_SEED = re.compile(r"s?random\b|srand\b")
_ASSIGNED = re.compile(r"[\w\[\].\->*() ]+\s*[-+*/|&]?=[^=]")
_CALL = re.compile(r"[\w:.>-]+\s*\(")
_ARGUMENTS = frozenset({"argc", "argv"})
_NOTED = frozenset({"print", "call", "computed", "value of a call", "seed", "hole", "value with a hole"})
_NOTED |= {"if", "for", "while", "assignment", "return", "value"}
_MOST_STEP = 3


def kind_of(line: str) -> str:
    """What a line of an outline is, in a word."""
    text = line.strip()
    if text in {"{", "}"}:
        return text
    if text.startswith("#"):
        return "directive"
    word, declared = _WORD.match(text), _DECLARATION.match(text)
    if word is not None:
        return word[1]
    if declared is not None:
        return _declaration(declared["end"], declared["rest"])
    for pattern, kind in ((_PRINT, "print"), (_SEED, "seed")):
        if pattern.match(text):
            return kind
    if HOLE_TEXT in text:
        return "hole"
    if _ASSIGNED.match(text):
        return "computed" if re.search(r"=\s*.*\w\(", text) else "assignment"
    return "call" if _CALL.match(text) else "other"


def _declaration(end: str, rest: str) -> str:
    if end == ";":
        return "name"
    if HOLE_TEXT in rest:
        return "value with a hole"
    return "value of a call" if "(" in rest and not _PLAIN_VALUE.match(rest) else "value"


_DECLARING = frozenset({"name", "value", "value of a call", "value with a hole"})


@dataclass(frozen=True, slots=True)
class _Before:
    """What happened before a line: rank and size declared, rank and size used, arguments used, kinds of statement seen."""

    ranks: str = "00"
    used: str = "00"
    arguments: bool = False
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SetupLines:
    """The lines of an outline as the setup sees them."""

    outline: Outline

    @cached_property
    def kinds(self) -> list[str]:
        return [kind_of(line) for line in self.outline.lines]

    @cached_property
    def _names(self) -> list[frozenset[str]]:
        return [frozenset(_NAME.findall(_STRING.sub("", line))) for line in self.outline.lines]

    @cached_property
    def _lead(self) -> int:
        """The first line of the body that declares nothing."""
        return next((at for at in range(2, len(self.kinds)) if self.kinds[at] not in _DECLARING), len(self.kinds))

    @cached_property
    def _before(self) -> list[_Before]:
        found, last = [], _Before()
        for at, kind in enumerate(self.kinds):
            found.append(last)
            last = self._after(at, kind, last)
        return found

    def _after(self, at: int, kind: str, last: _Before) -> _Before:
        names, read = self._names[at], self._names[at]
        declares = kind in _DECLARING
        if declares:
            read = frozenset(_NAME.findall(_STRING.sub("", self.outline.lines[at].partition("=")[2])))
        seen = {kind} & _NOTED | ({"handle"} if any(name.startswith("MPI_") for name in names) else set())
        return _Before(
            ranks=_joined(last.ranks, names - read) if declares else last.ranks,
            used=_joined(last.used, read) if at else last.used,
            arguments=last.arguments or (at > 0 and bool(names & _ARGUMENTS)),
            kinds=last.kinds | seen,
        )

    def attributes(self, site: Site, number: int) -> list[str]:
        """What is so at a site, the ``number``-th of its outline."""
        at = site.line
        before, this = self.kinds[at - 1], self.kinds[at]
        following = self.kinds[at + 1] if at + 1 < len(self.kinds) else "-"
        past = self._before[at]
        where = "first" if at == 2 else "in" if at < self._lead else "at" if at == self._lead else "past"
        depth = (len(self.outline.lines[at]) - len(self.outline.lines[at].lstrip())) // 2
        near, last = _joined("00", self._names[at]), _joined("00", self._names[at - 1])
        found = [
            f"p:{before}",
            f"n:{this}",
            f"pn:{before}|{this}",
            f"nn:{this}|{following}",
            f"rs:{past.ranks}{past.used}",
            f"rsn:{past.ranks}{past.used}|{this}",
            f"rsw:{past.ranks}|{where}",
            f"a:{int(past.arguments)}",
            f"an:{int(bool(self._names[at] & _ARGUMENTS))}|{this}",
            f"nr:{near}|{this}",
            f"pr:{last}|{before}",
            f"w:{where}{min(at - self._lead, _MOST_STEP) if where == 'past' else ''}",
            f"wl:{where}|{min(self._lead - 2, 6)}",
            f"k:{min(number, 8)}",
            f"d:{min(depth, 4)}",
            f"e:{min(len(self.kinds) - 1 - at, 4)}",
        ]
        return found + [f"h:{kind}" for kind in sorted(past.kinds)]


def _joined(known: str, names: frozenset[str]) -> str:
    """Whether a rank, and whether a size, is known or among the names, as two digits."""
    rank = known[0] == "1" or any(map(is_rank_name, names))
    size = known[1] == "1" or any(map(is_size_name, names))
    return f"{int(rank)}{int(size)}"


def relations(alone: Sequence[str], number: int, placed: Mapping[str, int]) -> list[str]:
    """How a site lies to the calls that have their place already; ``alone`` are its attributes."""
    found = []
    for function, other in placed.items():
        step = f"{function}{max(min(number - other, _MOST_STEP), -_MOST_STEP)}"
        found += [step, f"{step}|{alone[0]}", f"{step}|{alone[1]}"]
    return found
