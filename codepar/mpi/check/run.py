"""`mpi check` from end to end: a project in, findings out.

Each program (a ``main``) is replayed at 2, 3 and 4 ranks. What holds at any number of ranks is said when it is seen once; what
depends on the number of ranks only when it is seen at every number that was tried, because a program may be made for a certain
one.
Limits: what the modules of the checks name as theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from codepar.errors import InvalidInput
from codepar.mpi.check.arguments import RANGES, check_arguments, check_ranges
from codepar.mpi.check.collectives import check_collectives
from codepar.mpi.check.datatypes import check_datatypes
from codepar.mpi.check.finding import CheckReport, Finding, Severity
from codepar.mpi.check.foreign_sources import foreign_sources
from codepar.mpi.check.lifecycle import check_lifecycle
from codepar.mpi.check.lives import Variable, lives_in
from codepar.mpi.check.matching import Inconclusive, Matcher, Outcome
from codepar.mpi.check.nodes import TooDeep
from codepar.mpi.check.partners import check_partners
from codepar.mpi.check.program import Program, Unit, load_unit, programs
from codepar.mpi.check.replay import Budget, Replay, replays
from codepar.mpi.check.requests import check_requests
from codepar.mpi.check.threads import check_threads
from codepar.mpi.check.windows import check_bounds, check_targets, check_windows
from codepar.mpi.headers import Signatures
from codepar.project import Project

_SIZES = (2, 3, 4)
_FIRST_SIZE = 3
"""Tried first, and alone where ranks cannot be compared: it has a first, a middle and a last rank."""
_MORE_SIZES = (5, 8)
_WIDE_SIZES = (8, 9, 16)
"""Tried before a call is accused of a rank or count out of range: squares, cubes, powers of two."""


@dataclass
class Seen:
    """What one number of ranks showed: at any place, of single calls, of ranks that met; and the lives of variables."""

    anywhere: list[Finding] = field(default_factory=list)
    calls: list[Finding] = field(default_factory=list)
    lines: set[tuple[str, int]] = field(default_factory=set)
    here: list[Finding] = field(default_factory=list)
    followed: bool = False
    skipped: str = ""
    opaque: bool = False
    unmet: set[tuple[str, int]] = field(default_factory=set)
    """Lines of messages and collectives that did not come about, those behind the first that hangs included."""
    unset: set[Variable] = field(default_factory=set)
    given: set[Variable] = field(default_factory=set)
    used: set[Variable] = field(default_factory=set)


def check_project(project: Project, signatures: Signatures) -> CheckReport:
    """All findings of a project. Raises ``InvalidInput`` when it holds no source that calls MPI."""
    sources = [path for path in project.sources() if "MPI" in project.files[path]]
    units, skipped = _units(project.files, sources)
    foreign = foreign_sources(project, signatures)
    if not units and not skipped and not foreign.files:
        raise InvalidInput("no source here calls MPI", remedy="name the file or folder that does")
    findings: list[Finding] = [*foreign.findings]
    for unit in units:
        findings += check_datatypes(unit, signatures)
    skipped += foreign.skipped
    replayed = made = 0
    for program in (*programs(units), *foreign.programs):
        made += 1
        found, reason = check_program(program, signatures)
        findings += found
        replayed += not reason
        if reason:
            skipped.append(f"{program.main.path}: {reason}")
    return CheckReport(
        findings=tuple(_ordered(findings)),
        files=len(sources) + foreign.files,
        programs=made,
        replayed=replayed,
        skipped=tuple(skipped),
    )


def _units(files: Mapping[str, str], sources: list[str]) -> tuple[list[Unit], list[str]]:
    units, skipped = list[Unit](), list[str]()
    for path in sources:
        try:
            units.append(load_unit(path, files))
        except (TooDeep, RecursionError):
            skipped.append(f"{path}: nested too deeply")
    return units, skipped


def check_program(program: Program, signatures: Signatures) -> tuple[list[Finding], str]:
    """The findings of one program, and why its ranks were not compared (empty: they were)."""
    if any(unit.has_bindings for unit in program.units):
        return [], "it uses the C++ bindings that MPI-3 removed"
    budget = Budget(program.steps)
    seen = {_FIRST_SIZE: look(program, signatures, _FIRST_SIZE, budget)}
    if seen[_FIRST_SIZE].followed or not seen[_FIRST_SIZE].opaque:
        seen |= {size: look(program, signatures, size, budget) for size in _SIZES if size != _FIRST_SIZE}
    if all(one.here for one in seen.values()):
        for size in _MORE_SIZES:
            seen[size] = look(program, signatures, size, budget)
    findings = [finding for one in seen.values() for finding in one.anywhere if program.tells_at(finding, list(seen.values()))]
    counted = [one for one in seen.values() if one.followed]
    if counted and all(one.here for one in counted):
        findings += _common([seen[size].here for size in _SIZES if size in seen and seen[size].followed] or [counted[0].here])
    local = list(_everywhere([seen[size] for size in _SIZES if size in seen]))
    if any(finding.kind in RANGES for finding in local):
        more = Budget(program.steps)
        wider = [look(program, signatures, size, more) for size in _WIDE_SIZES]
        reached = wider
        # Where ranks can be compared and do not agree, the program is wrong there in another way.
        wider = [one for one in wider if not (one.followed and one.here)]
        local = list(_everywhere([*seen.values(), *wider], local))
        local = [one for one in local if one.kind not in RANGES or program.tells_ranges(one, list(seen.values()), reached)]
    findings += local
    reason = "" if counted else next((one.skipped for one in seen.values() if one.skipped), "")
    return [program.worded(finding) for finding in findings], reason


def _everywhere(seen: list[Seen], candidates: list[Finding] | None = None) -> Iterator[Finding]:
    """What is wrong with a call at every number of ranks at which the call is made."""
    keys = [{(one.kind, one.file, one.line) for one in some.calls} for some in seen]
    for finding in candidates if candidates is not None else [finding for one in seen for finding in one.calls]:
        place = (finding.file, finding.line)
        if all((finding.kind, *place) in known for some, known in zip(seen, keys, strict=True) if place in some.lines):
            yield finding


def _common(lists: list[list[Finding]]) -> list[Finding]:
    """The findings that every number of ranks shows, else those of the number that shows the fewest."""
    shared = set.intersection(*({(one.kind, one.file, one.line) for one in found} for found in lists))
    fewest = min(lists, key=len)
    return [one for one in lists[0] if (one.kind, one.file, one.line) in shared] if shared else fewest


def look(program: Program, signatures: Signatures, size: int, budget: Budget) -> Seen:
    """Replay a program at one number of ranks."""
    seen = Seen()
    elements = program.elements(signatures)
    for replay in replays(program, signatures, size, budget):
        for trace in replay.traces:
            seen.anywhere += check_requests(trace)
            seen.calls += check_arguments(trace, elements)
            seen.calls += check_ranges(trace, elements)
            seen.lines |= {(op.file, op.line) for op in trace.ops}
            lives = lives_in(trace)
            seen.unset |= lives.unset
            seen.given |= lives.given
            seen.used |= lives.used
            seen.anywhere += check_lifecycle(trace)
            seen.anywhere += check_threads(trace)
            seen.anywhere += check_windows(trace)
            seen.anywhere += program.check_trace(trace)
        reason = replay.comparable
        if not reason:
            reason = _compare(replay, elements, seen)
        seen.opaque = seen.opaque or any(trace.opaque for trace in replay.traces)
        seen.skipped = seen.skipped or reason
        seen.followed = seen.followed or not reason
    return seen


def _compare(replay: Replay, elements: dict[str, str], seen: Seen) -> str:
    """Let the ranks meet; why that told nothing (empty: it did)."""
    seen.anywhere += check_targets(replay.traces, elements)
    for trace in replay.traces:
        seen.here += check_bounds(trace, elements)
    try:
        outcome = Matcher(replay.traces, synchronous=False).run()
        seen.unmet |= _unmet(outcome)
        found = [*check_collectives(outcome, elements), *check_partners(outcome, elements)]
        if not found:
            found = list(_buffering(replay, elements))
    except Inconclusive as reason:
        return str(reason)
    seen.here += found
    return ""


def _unmet(outcome: Outcome) -> set[tuple[str, int]]:
    open_slots = [op for slot in outcome.slots if not slot.is_full for op in slot.ops.values()]
    events = [event.op for event in (*outcome.unmatched, *outcome.future) if event.partner is None]
    return {(op.file, op.line) for op in (*open_slots, *events)}


def _buffering(replay: Replay, elements: dict[str, str]) -> Iterator[Finding]:
    """What hangs only where standard sends wait for their receive."""
    outcome = Matcher(replay.traces, synchronous=True).run()
    if outcome.stuck:
        for finding in check_partners(outcome, elements):
            if finding.kind == "deadlock":
                message = f"{finding.message}; it works only while MPI buffers the message"
                yield finding.model_copy(update={"kind": "needs-buffering", "severity": Severity.WARNING, "message": message})


def _ordered(findings: list[Finding]) -> list[Finding]:
    """Each kind once a line, in the order of files and lines."""
    unique: dict[tuple[str, int, str], Finding] = {}
    for finding in findings:
        unique.setdefault((finding.file, finding.line, finding.kind), finding)
    return [unique[key] for key in sorted(unique)]
