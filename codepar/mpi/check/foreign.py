"""Files and programs of languages other than C, as the replay needs them: what a front end makes of their text.

Limits: functions are known by their name alone; a name that two files define is taken for neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        return {**signatures.elements, **self._elements}

    def tells_at(self, finding: Finding, seen: list[Seen]) -> bool:
        """A rank that a program is not made for may wait for what only others start."""
        if finding.kind != "request-unset":
            return True
        place = (finding.kind, finding.file, finding.line)
        return all(any((one.kind, one.file, one.line) == place for one in some.anywhere) for some in seen)

    def tells_ranges(self, finding: Finding, wider: list[Seen]) -> bool:
        """The call must have been made there: what is long to follow ends before it."""
        return any((finding.file, finding.line) in one.lines for one in wider)

    @property
    def speaks_mpi(self) -> bool:
        """Whether the main program, or what it calls, calls MPI."""
        body = self.main.functions["main"].fields.get("body")
        return body is not None and self.calls_mpi(body, self.main)

    def machine(self, world: World, rank: int, trace: RankTrace) -> Machine:
        return self._machine(self, world, rank, trace)
