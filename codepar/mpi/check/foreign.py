"""Files and programs of languages other than C, as the replay needs them: what a front end makes of their text.

Limits: functions are known by their name alone; a name that two files define is taken for neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from codepar.mpi.check.program import Program, Unit
from codepar.syntax.language import Language

if TYPE_CHECKING:
    from codepar.mpi.check.finding import Finding
    from codepar.mpi.check.operations import Machine
    from codepar.mpi.check.run import Seen
    from codepar.mpi.check.trace import RankTrace
    from codepar.mpi.check.world import World
    from codepar.mpi.headers import Signatures


_NAMES_RANKS = frozenset({"rank-out-of-range", "root-out-of-range"})
_RANK = re.compile(r"(?:names rank|has the root) (\d+)")
_IN_LINE = re.compile(r"in line (\d+)")


class ForeignUnit(Unit):
    """One source file. It has no tree of C; ``starts_mpi`` says whether MPI is started somewhere in it."""

    def __init__(self, path: str, language: Language, *, starts_mpi: bool) -> None:
        self.path, self.language, self._starts_mpi = path, language, starts_mpi
        self.top, self.macros, self.functions, self.prototypes = [], {}, {}, set()
        self.typedefs, self.structs, self.enumerators, self.missing_headers = {}, {}, {}, []

    @property
    def has_bindings(self) -> bool:
        return False

    @property
    def starts_mpi(self) -> bool:
        return self._starts_mpi


class ForeignProgram(Program):
    """A program that a machine of its own language follows."""

    def __init__(
        self,
        main: Unit,
        units: tuple[Unit, ...],
        machine: Callable[[Program, World, int, RankTrace], Machine],
        elements: Mapping[str, str],
    ) -> None:
        super().__init__(main, units)
        self._machine, self._elements = machine, elements

    def elements(self, signatures: Signatures) -> dict[str, str]:
        self.known_elements = {**signatures.elements, **self._elements}
        return dict(self.known_elements)

    steps = 100_000
    known_elements: dict[str, str] = {}  # noqa: RUF012 - replaced as a whole

    def tells_at(self, finding: Finding, seen: list[Seen]) -> bool:
        """A rank that a program is not made for may wait for what only others start."""
        if finding.kind == "after-finalize":
            return not any(line in self._guarded for line in _lines_of(finding))
        if finding.kind != "request-unset":
            return True
        place = (finding.kind, finding.file, finding.line)
        return all(any((one.kind, one.file, one.line) == place for one in some.anywhere) for some in seen)

    def tells_ranges(self, finding: Finding, seen: list[Seen], wider: list[Seen]) -> bool:
        """The call must have been made at all small numbers, and a larger one: what is long to follow ends before it."""
        place = (finding.file, finding.line)
        if not all(place in one.lines for one in seen) or not any(place in one.lines for one in wider):
            return False
        named = {max(found) for one in wider if (found := _named(finding, one))}
        # The same last rank whatever their number: the program is made for so many.
        return not (finding.kind in _NAMES_RANKS and len(named) == 1 and len(wider) > 1)

    @cached_property
    def _guarded(self) -> frozenset[int]:
        """Lines of MPI_Finalize in branches: they may be those of errors."""
        branches = [
            kid
            for unit in self.units
            for definition in unit.functions.values()
            for kid in definition.walk()
            if kid.type == "if_statement"
        ]
        return frozenset(
            kid.line
            for branch in branches
            for kid in branch.walk()
            if kid.type == "call_expression" and kid.fields["function"].text == "MPI_Finalize"
        )

    @property
    def speaks_mpi(self) -> bool:
        """Whether the main program, or what it calls, calls MPI."""
        body = self.main.functions["main"].fields.get("body")
        return body is not None and self.calls_mpi(body, self.main)

    def machine(self, world: World, rank: int, trace: RankTrace) -> Machine:
        return self._machine(self, world, rank, trace)


def _named(finding: Finding, seen: Seen) -> list[int]:
    """The ranks that a call named at one number of ranks."""
    place = (finding.kind, finding.file, finding.line)
    texts = [one.message for one in seen.calls if (one.kind, one.file, one.line) == place]
    return [int(match[1]) for text in texts if (match := _RANK.search(text))]


def _lines_of(finding: Finding) -> list[int]:
    return [int(match[1]) for match in _IN_LINE.finditer(finding.message)]
