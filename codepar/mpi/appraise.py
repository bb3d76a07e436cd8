"""How a completed program looks without running it: what its replay finds wrong, and what it reads that nobody has given it.

The replay is that of ``codepar mpi check``, at two and four ranks. Limits: a weight for comparing completions of one program, no
verdict: a program whose ranks cannot be followed weighs the same whatever its calls are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from codepar.mpi.check.finding import Finding, Severity
from codepar.mpi.check.lives import Variable
from codepar.mpi.check.nodes import TooDeep
from codepar.mpi.check.program import Program, Unit, load_unit, programs
from codepar.mpi.check.replay import Budget
from codepar.mpi.check.run import Seen, look
from codepar.mpi.headers import Signatures
from codepar.syntax.language import Language, language_of

_SIZES = (2, 4)
_STEPS = 60_000
"""Of one replay at one number of ranks: completions are compared by the dozen."""
_KEPT = ("leaked", "needs-buffering", "message-race", "freed")
"""Kinds of findings, by a part of their names, with which a program runs all the same."""
_UNSET_WEIGHT = 0.5
_UNMET_WEIGHT = 0.5
_UNREAD_WEIGHT = 0.25
_NOT_FOLLOWED_WEIGHT = 0.75


@dataclass(frozen=True)
class Appraisal:
    """What speaks against a completion. ``unmet``: lines of messages and collectives that do not come about; ``unset``: variables
    that are read before they have a value; ``unread``: those that get one in vain."""

    faults: tuple[Finding, ...] = ()
    unset: frozenset[Variable] = frozenset()
    unread: frozenset[Variable] = frozenset()
    unmet: frozenset[tuple[str, int]] = frozenset()
    followed: bool = False

    @property
    def weight(self) -> float:
        """0 where nothing is known against it; a fault counts 1."""
        odd = _UNMET_WEIGHT * len(self.unmet) + _UNSET_WEIGHT * len(self.unset) + _UNREAD_WEIGHT * len(self.unread)
        return len(self.faults) + odd + (0.0 if self.followed else _NOT_FOLLOWED_WEIGHT)


@dataclass
class Appraiser:
    """Appraises completions of one project; what was appraised once is remembered."""

    signatures: Signatures
    _units: dict[tuple[str, str], Unit | None] = field(default_factory=dict)
    _known: dict[tuple[tuple[str, str], ...], Appraisal] = field(default_factory=dict)

    def of(self, files: Mapping[str, str]) -> Appraisal:
        """The appraisal of all programs of the files together; nothing known where there is none that can be replayed."""
        key = tuple(sorted((path, text) for path, text in files.items() if _is_source(path, text)))
        if key not in self._known:
            self._known[key] = self._appraise(files, key)
        return self._known[key]

    def _appraise(self, files: Mapping[str, str], sources: tuple[tuple[str, str], ...]) -> Appraisal:
        units = [unit for path, text in sources if (unit := self._unit(path, text, files)) is not None]
        seen = [one for program in programs(units) for one in self._seen(program)]
        if not seen:
            return Appraisal()
        faults = {(fault.kind, fault.file, fault.line): fault for one in seen for fault in _faults(one)}
        unset, given, used = (
            frozenset[Variable]().union(*some) for some in zip(*((s.unset, s.given, s.used) for s in seen), strict=True)
        )
        unmet = frozenset[tuple[str, int]]().union(*(one.unmet for one in seen))
        followed = all(one.followed for one in seen)
        return Appraisal(tuple(faults.values()), unset, given - used if followed else frozenset(), unmet, followed)

    def _seen(self, program: Program) -> list[Seen]:
        return [look(program, self.signatures, size, Budget(_STEPS)) for size in _SIZES]

    def _unit(self, path: str, text: str, files: Mapping[str, str]) -> Unit | None:
        key = (path, text)
        if key not in self._units:
            try:
                self._units[key] = load_unit(path, files)
            except (TooDeep, RecursionError):
                self._units[key] = None
        return self._units[key]


def _is_source(path: str, text: str) -> bool:
    return "MPI" in text and language_of(path, text) in {Language.C, Language.CXX}


def _faults(seen: Seen) -> list[Finding]:
    found = [*seen.anywhere, *seen.calls, *seen.here]
    return [one for one in found if one.severity is Severity.ERROR and not any(part in one.kind for part in _KEPT)]
