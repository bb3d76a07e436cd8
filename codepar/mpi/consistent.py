"""Make the calls of a completion fit together before it is offered: both halves of a message, collectives on all ranks, waits.

A search over small changes (``moves``) under the judgement of a replay (``appraise``); nothing is compiled or run. Limits:
greedy, a bounded number of changes and appraisals; a program that the replay cannot follow stays as it was proposed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from codepar.mpi.appraise import Appraisal, Appraiser
from codepar.mpi.draft import Draft, Others, Pack, in_order
from codepar.mpi.moves import Move, Moves
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.rules_check import Rules
from codepar.mpi.sites import Located

_MOST_STEPS = 6
_MOST_OPTIONS = 20
_MOST_APPRAISALS = 80
_MOST_SECONDS = 2.0
"""Of a processor, for one completion of one file: long programs take long to replay, and somebody waits."""

_SILENT_WEIGHT = 1.0
"""Of a program in which no data moves: it may be right, but seldom is what somebody wants."""

_MOVES_DATA = re.compile(
    r"MPI_I?(?:[bsr]?send|recv|bcast|reduce|allreduce|gather|allgather|scatter|alltoall|scan|exscan)|MPI_(?:Put|Get$|Accumulate)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reserve:
    """What a search may draw on: places that were not likely enough, whole calls that somebody else proposes, and other
    arguments for the calls that are in."""

    spare: Sequence[Located] = ()
    packs: Sequence[Pack] = ()
    others: Others = field(default_factory=dict)


@dataclass
class Mended:
    """The calls after the search, what went and why, and the appraisal of the result."""

    edits: list[Edit]
    appraisal: Appraisal
    before: Appraisal
    dropped: list[Dropped] = field(default_factory=list)


@dataclass
class _State:
    draft: Draft
    appraisal: Appraisal
    at: dict[int, Edit]
    text: str
    spent: float = 0.0
    moves: tuple[Move, ...] = ()

    silent: bool = False

    @property
    def total(self) -> float:
        return self.spent + self.appraisal.weight + self.silent * _SILENT_WEIGHT


@dataclass(frozen=True)
class Mender:
    """Mends completions of one file of a project; ``files`` are the others, as they will be."""

    rules: Rules
    source: str
    path: str
    files: Mapping[str, str]
    appraiser: Appraiser

    def appraise(self, edits: Sequence[Edit]) -> Appraisal:
        """What the replay says of a completion as it is."""
        return self._state(Draft(in_order(edits))).appraisal

    def mend(self, edits: Sequence[Edit], reserve: Reserve) -> Mended:
        """The completion with the changes that took faults away, each worth more than it costs."""
        first = state = self._state(Draft(in_order(edits)))
        moves = Moves(self.rules, reserve.spare, reserve.packs, reserve.others)
        left, until = _MOST_APPRAISALS, time.thread_time() + _MOST_SECONDS
        for _ in range(_MOST_STEPS):
            if not (state.appraisal.weight or state.silent) or left <= 0 or time.thread_time() > until:
                break
            options = list(islice(moves.of(state.draft, state.appraisal, state.at, state.text), min(_MOST_OPTIONS, left)))
            left -= len(options)
            tried = [self._after(state, move) for move in options if time.thread_time() <= until]
            best = min(tried, key=lambda one: one.total, default=state)
            if best.total >= state.total - 1e-6:
                break
            state = best
        dropped = [
            Dropped(text=edit.text, rule=f"consistency: {move.why}"[:300])
            for move in state.moves
            for edit in move.dropped
            if all(edit is not kept for kept in state.draft.edits)
        ]
        return Mended(list(state.draft.edits), state.appraisal, first.appraisal, dropped)

    def _after(self, state: _State, move: Move) -> _State:
        found = self._state(move.draft)
        found.spent, found.moves = state.spent + move.cost, (*state.moves, move)
        return found

    def _state(self, draft: Draft) -> _State:
        text, at = draft.text(self.source, self.rules)
        silent = not any(_MOVES_DATA.match(edit.function) for edit in draft.edits)
        return _State(draft, self.appraiser.of({**self.files, self.path: text}), at, text, silent=silent)
