"""How the variables of a function are used, line by line: what is read before it has a value, what is written for nobody.

A variable that no statement sets is set by a missing call; one that nobody reads is sent by one. Limits: of the lines of an
outline, by regular expressions; no scopes, no aliases, a name that is a variable in two blocks is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_DECLARATION = re.compile(
    r"\s*(?:(?:const|static|unsigned|signed|long|short|volatile|register|struct)\s+)*([A-Za-z_][\w:]*(?:<[^;=]*>)?)"
    r"((?:\s|\*|&)+)([A-Za-z_]\w*)\s*((?:\[[^\]]*\]\s*)*)(=|;|\()"
)
_NO_TYPE = frozenset({"return", "delete", "goto", "else", "case", "new", "throw", "using", "typedef"})
_NAME = re.compile(r"[A-Za-z_]\w*")
_TAKEN = re.compile(r"&\s*([A-Za-z_]\w*)")
_SET = r"(?:\s*\[[^\]]*\])*\s*(?:[-+*/%|&^]|<<|>>)?=(?!=)"
_FREED = re.compile(r"\b(?:free|delete)\b")


@dataclass
class Variable:
    """A declared variable: the words of its kind (``int``, ``int*``, ``int[]``) and the lines that write and read its value."""

    name: str
    kind: str
    writes: list[int] = field(default_factory=list)
    reads: list[int] = field(default_factory=list)

    def is_unset(self, line: int) -> bool:
        """Whether somebody reads it from ``line`` on and nobody wrote it before."""
        return bool(self.reads) and self.reads[-1] >= line and not (self.writes and self.writes[0] < line)

    def is_idle(self, line: int) -> bool:
        """Whether somebody wrote it before ``line`` and nobody reads it from there on."""
        return bool(self.writes) and self.writes[0] < line and not (self.reads and self.reads[-1] >= line)

    def next_read(self, line: int) -> int:
        """The first line from ``line`` on that reads it. Raises ``StopIteration``."""
        return next(one for one in self.reads if one >= line)

    def last_write(self, line: int) -> int:
        """The last line before ``line`` that writes it. Raises ``StopIteration``."""
        return next(one for one in reversed(self.writes) if one < line)


def variables_of(lines: Sequence[str]) -> list[Variable]:
    """The variables that the lines of an outline declare, with their uses."""
    found: dict[str, Variable] = {}
    initial: dict[str, int] = {}
    for number, line in enumerate(lines):
        match = _DECLARATION.match(line)
        if match is None or match[1] in _NO_TYPE or number == 0:
            continue
        name = match[3]
        if name in found:
            continue
        kind = match[1] + "*" * match[2].count("*") + ("[]" if match[4] else "")
        found[name] = Variable(name, kind)
        initial[name] = number
    written = {name: re.compile(rf"\b{re.escape(name)}{_SET}|\b{name}\s*(?:\+\+|--)|(?:\+\+|--)\s*{name}\b") for name in found}
    for number, line in enumerate(lines):
        _note(line, number, found, initial, written)
    return list(found.values())


def _note(
    line: str, number: int, found: dict[str, Variable], initial: dict[str, int], written: dict[str, re.Pattern[str]]
) -> None:
    taken = set(_TAKEN.findall(line))
    for name in dict.fromkeys(_NAME.findall(line)):
        variable = found.get(name)
        if variable is None:
            continue
        if initial[name] == number:
            if "=" in line and "alloc" not in line and "new " not in line:
                variable.writes.append(number)
        elif match := written[name].search(line):
            if "alloc" not in line and "new " not in line:
                variable.writes.append(number)
            if len(re.findall(rf"\b{name}\b", line)) > 1 or "+=" in match[0] or "++" in match[0]:
                variable.reads.append(number)
        elif name in taken:
            variable.writes.append(number)
        elif not _FREED.search(line):
            variable.reads.append(number)
