"""Collective calls that the flow of data asks for: Bcast, Scatter, Gather, Allgather, Reduce, Allreduce.

The evidence is a variable that is read and never filled, or that one rank fills and others read. Limits: equal counts on every
rank, root 0, no user-defined operations or datatypes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codepar.mpi.dataflow import Life, outer_guard, plain_lives
from codepar.mpi.datatypes import datatype_of, element_type
from codepar.mpi.facts import Facts, Kind, Use
from codepar.mpi.headers import Signatures
from codepar.mpi.places import statement_at
from codepar.mpi.proposal import Edit
from codepar.mpi.rules_setup import communicator_of, rule_edit
from codepar.syntax.tree import Function

_LOCAL = re.compile(
    r"(?:^|_)(?:my|local|loc|l|sub|part|partial|private|own|chunk|piece|block|send|small)(?:_|$)|^(?:my|local|loc|sub|part)",
    re.IGNORECASE,
)
_GLOBAL = re.compile(
    r"(?:^|_)(?:global|total|all|sum|result|final|g|full|whole|overall|recv|root)(?:_|$)|^(?:global|total|all|g_)", re.IGNORECASE
)


_OPERATIONS = (
    (re.compile("max|larg|high|great|bigg"), "MPI_MAX"),
    (re.compile("min|small|least|low"), "MPI_MIN"),
    (re.compile("prod|factorial"), "MPI_PROD"),
)


@dataclass(frozen=True)
class _Scene:
    """What every rule needs of one function."""

    facts: Facts
    function: Function
    signatures: Signatures
    lives: list[Life]

    @property
    def communicator(self) -> str:
        return communicator_of(self.facts, self.function)

    def line_between(self, fill: int, read: Use, life: Life) -> int | None:
        """The line after the byte ``fill`` and before a read: outside loops where it can be, always outside rank conditions."""
        guards = [guard.statement_start for guard in read.guards if life.roles.mentions_rank(guard)]
        anchors = sorted([read.start, *guards, *(loop[0] for loop in read.loops)])
        start = next((anchor for anchor in anchors if anchor > fill), None)
        if start is None or start > min(guards, default=read.start):
            return None
        statement = statement_at(self.facts.tree, start)
        return statement.line_before if statement is not None else None


@dataclass
class _State:
    """What the calls proposed so far use up, and where they fill a variable (bytes)."""

    used: set[str] = field(default_factory=set)
    received: dict[str, int] = field(default_factory=dict)


def propose_collectives(facts: Facts, signatures: Signatures) -> list[Edit]:
    """The collectives of every function, in the order of its text."""
    edits: list[Edit] = []
    for function in facts.tree.functions:
        scene = _Scene(facts, function, signatures, plain_lives(facts, function))
        if scene.lives and not _has_ranks(scene):
            continue
        state = _State()
        orphans = [life for life in scene.lives if life.is_orphan]
        for orphan in sorted(orphans, key=_first_read):
            edits += _received(scene, orphan, state)
        edits += [edit for life in scene.lives if life.name not in state.used for edit in _broadcast(scene, life)]
    return edits


def _first_read(life: Life) -> int:
    return min(use.start for use in life.reads)


def _has_ranks(scene: _Scene) -> bool:
    roles = scene.lives[0].roles
    return bool(roles.rank_names or roles.size_names)


def _received(scene: _Scene, orphan: Life, state: _State) -> Iterator[Edit]:
    """The call that fills an orphan, from the variable most likely to be its source."""
    datatype = datatype_of(orphan.variable, scene.signatures)
    if datatype is None or orphan.uses[0].function != scene.function.name:
        return
    read = min(orphan.reads, key=lambda use: use.start)
    best: tuple[float, Life, int] | None = None
    for source in scene.lives:
        fill = _last_fill(source, read, state)
        line = scene.line_between(fill, read, orphan) if fill is not None and _can_feed(orphan, source, state) else None
        score = _affinity(orphan, source) if source.is_unread or not orphan.is_initialised else 0.0
        if line is not None and score >= 1.0 and (best is None or score > best[0]):
            best = (score, source, line)
    edit = _moved(scene, orphan, best[1], datatype, best[2]) if best is not None else None
    if edit is not None and best is not None:
        state.used |= {orphan.name, best[1].name}
        state.received[orphan.name] = scene.facts.tree.offset_after(best[2])
        yield edit


def _last_fill(source: Life, read: Use, state: _State) -> int | None:
    """The last byte before the read where the source gets its contents; None when it has none by then."""
    fills = [use.start for use in source.fills if use.start < read.start]
    fills += [place for name, place in state.received.items() if name == source.name and place < read.start]
    return max(fills, default=None)


def _can_feed(orphan: Life, source: Life, state: _State) -> bool:
    fresh = source.name in state.received or (source.name not in state.used and not source.is_orphan)
    return (
        fresh
        and source.name != orphan.name
        and element_type(source.variable) == element_type(orphan.variable)
        and (not source.variable.is_parameter or source.is_buffer)
        and (orphan.is_buffer or not source.is_buffer or source.filled_by_root_only)
    )


def _affinity(orphan: Life, source: Life) -> float:
    """How much speaks for the pair: an unread source above all, then names that belong together."""
    score = 2.0 * (source.is_unread or (source.is_orphan and not orphan.filled_by_root_only))
    score += 1.0 * (source.filled_by_root_only and source.is_buffer and not source.is_unread)
    score += 1.5 * _akin(orphan.name, source.name)
    score += 0.5 * bool(_LOCAL.search(source.name) or _GLOBAL.search(orphan.name))
    score += 0.4 * (orphan.is_buffer == source.is_buffer)
    counts = any(use.kind is Kind.UPDATE and not use.value for use in source.fills)
    return score - 1.5 * counts


def _akin(left: str, right: str) -> bool:
    """Whether two names share their stem: ``local_sum`` and ``global_sum``, ``mypi`` and ``pi``."""
    a, b = _stem(left), _stem(right)
    if min(len(a), len(b)) >= 3 and a[1:] == b[1:] and {a[0], b[0]} <= set("glpmst"):
        return True
    return bool(a and b) and (
        a == b or (min(len(a), len(b)) >= 2 and (a.endswith(b) or b.endswith(a) or a.startswith(b) or b.startswith(a)))
    )


def _stem(name: str) -> str:
    words = [word for word in re.split(r"_+|(?<=[a-z])(?=[A-Z])", name) if word]
    kept = [word.lower() for word in words if not _LOCAL.fullmatch(word) and not _GLOBAL.fullmatch(word)]
    joined = "".join(kept) or "".join(words).lower()
    return re.sub(r"^(?:my|local|loc|global|total|sub|all|recv|send)(?=\w\w)", "", joined)


def _moved(scene: _Scene, orphan: Life, source: Life, datatype: str, line: int) -> Edit | None:
    """Reduce, Gather or Scatter, by who fills the source and how large both are."""
    root = (*(["0"] if orphan.read_by_root_only else []), scene.communicator)
    if (
        source.is_buffer == orphan.is_buffer
        and (not orphan.is_buffer or _same_extent(orphan, source))
        and not source.filled_by_root_only
    ):
        name = "MPI_Reduce" if orphan.read_by_root_only else "MPI_Allreduce"
        count = source.extent
        arguments = (source.argument, orphan.argument, count, datatype, _operation(orphan, source), *root)
        return rule_edit(line, name, arguments, 0.6) if count else None
    if source.filled_by_root_only and source.is_buffer and orphan.extent:
        count = orphan.extent
        arguments = (source.argument, count, datatype, orphan.argument, count, datatype, "0", scene.communicator)
        return rule_edit(line, "MPI_Scatter", arguments, 0.55)
    if orphan.is_buffer and source.extent:
        name = "MPI_Gather" if orphan.read_by_root_only else "MPI_Allgather"
        count = source.extent
        arguments = (source.argument, count, datatype, orphan.argument, count, datatype, *root)
        return rule_edit(line, name, arguments, 0.55)
    return None


def _same_extent(left: Life, right: Life) -> bool:
    return bool(left.extent) and left.extent.replace(" ", "") == right.extent.replace(" ", "")


def _operation(orphan: Life, source: Life) -> str:
    """By the names: what is called largest is a maximum; without a hint it is a sum."""
    names = f"{orphan.name} {source.name}".lower()
    return next((operation for words, operation in _OPERATIONS if words.search(names)), "MPI_SUM")


def _broadcast(scene: _Scene, life: Life) -> Iterator[Edit]:
    """What the root alone fills and the others read later is sent to all where the root's branch ends."""
    if life.uses[0].function != scene.function.name or not life.filled_by_root_only:
        return
    last = max(life.fills, key=lambda use: use.start)
    guard = outer_guard(life.roles, last)
    datatype = datatype_of(life.variable, scene.signatures)
    if guard is None or datatype is None or not life.extent:
        return
    later = [use for use in life.reads if use.start > guard.statement_end and not life.roles.on_root_only(use)]
    needed = later or [use for use in life.uses if use.kind is Kind.UPDATE and use.start > guard.statement_end]
    statement = statement_at(scene.facts.tree, guard.statement_start)
    if needed and statement is not None:
        arguments = (life.argument, life.extent, datatype, "0", scene.communicator)
        yield rule_edit(statement.last_line, "MPI_Bcast", arguments, 0.65)
