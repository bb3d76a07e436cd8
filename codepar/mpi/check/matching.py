"""Let the calls of all ranks meet: messages with receives, collectives with each other, in the order of each rank.

It is a simulation of MPI's matching rules over the traces of one replay: what is left over, stuck or unlike is the material of
the checks of partners and collectives. Limits: of several messages that a wildcard receive may take, the first posted is taken;
one-sided synchronisation but fences is not simulated; a call whose partner is not known raises ``Inconclusive``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from codepar.mpi.check.operations import COLLECTIVES
from codepar.mpi.check.trace import Op, RankTrace
from codepar.mpi.check.values import Comm, NamedInt, Request

_SENDS = re.compile(r"MPI_(?:I?[sbr]?send|I?(?:S|B|R)?send|Send|Isend)(?:_init)?$", re.IGNORECASE)
_RECEIVES = re.compile(r"MPI_I?recv(?:_init)?$", re.IGNORECASE)
_SYNCHRONOUS = re.compile(r"MPI_I?ssend", re.IGNORECASE)
_NOT_FOLLOWED = re.compile(
    r"MPI_(?:Comm_(?:spawn|accept|connect|join)|Intercomm|Comm_create_group|Imp?robe|Mprobe|I?mrecv|Cancel|Psend|Precv|Sendrecv_rep)"
)


class Inconclusive(Exception):
    """A call cannot be matched because the text does not tell its partner."""


@dataclass(eq=False, slots=True)
class Event:
    """One message to send or to receive. ``peer`` and ``me`` are ranks of ``comm``; None as peer or tag takes any."""

    sends: bool
    op: Op
    comm: Comm
    me: int
    peer: int | None
    tag: int | None
    waits: bool
    partner: Event | None = None
    count: int | None = None
    datatype: str = ""

    @property
    def world_peer(self) -> int | None:
        return None if self.peer is None or self.comm.members is None else self.comm.members[self.peer]

    def fits(self, other: Event) -> bool:
        """Whether a send and a receive may meet."""
        if self.sends == other.sends or self.comm.key != other.comm.key:
            return False
        send, receive = (self, other) if self.sends else (other, self)
        return (
            send.peer == receive.me
            and (receive.peer is None or receive.peer == send.me)
            and (receive.tag is None or receive.tag == send.tag)
        )


@dataclass(eq=False, slots=True)
class Slot:
    """The n-th collective of a communicator: who came."""

    comm: Comm
    ops: dict[int, Op] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        return self.comm.size is not None and len(self.ops) == self.comm.size

    @property
    def agrees(self) -> bool:
        return len({op.name for op in self.ops.values()}) <= 1


@dataclass(eq=False)
class _Rank:
    trace: RankTrace
    position: int = 0
    waits_for: list[Event] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    probe: Event | None = None
    at: Op | None = None

    @property
    def is_done(self) -> bool:
        return self.position >= len(self.trace.ops) and not self.waits_for and not self.slots and self.probe is None


@dataclass(eq=False)
class Outcome:
    """What became of a replay: pairs that met, events without partner, ranks that are stuck, collectives."""

    pairs: list[tuple[Event, Event]]
    unmatched: list[Event]
    stuck: dict[int, Op]
    waiting: dict[int, list[Event]]
    slots: list[Slot]
    at_slot: dict[int, Slot]
    future: list[Event]
    """Messages of calls that the stuck ranks did not reach."""
    wildcard_receivers: frozenset[int]


class Matcher:
    """Runs the simulation. ``synchronous``: standard sends wait for their receive."""

    def __init__(self, traces: tuple[RankTrace, ...], *, synchronous: bool) -> None:
        self._ranks = [_Rank(trace) for trace in traces]
        self._synchronous = synchronous
        self._posted: list[Event] = []
        self._pairs: list[tuple[Event, Event]] = []
        self._slots: dict[tuple[str, int], Slot] = {}
        self._active: dict[int, list[Event]] = {}
        self._active_slots: dict[int, Slot] = {}
        self._wild: set[int] = set()
        self._broken = False

    def run(self) -> Outcome:
        """Raises ``Inconclusive``."""
        moved = True
        while moved and not self._broken:
            moved = False
            for rank in self._ranks:
                while not self._broken and self._advance(rank):
                    moved = True
        stuck = {rank.trace.rank: rank.at for rank in self._ranks if not rank.is_done and rank.at is not None}
        return Outcome(
            self._pairs,
            [event for event in self._posted if event.partner is None],
            stuck,
            {rank.trace.rank: rank.waits_for + ([rank.probe] if rank.probe else []) for rank in self._ranks if not rank.is_done},
            list(self._slots.values()),
            {rank.trace.rank: rank.slots[0] for rank in self._ranks if rank.slots},
            self._rest() if stuck else [],
            frozenset(self._wild),
        )

    def _rest(self) -> list[Event]:
        found = []
        for rank in self._ranks:
            for op in rank.trace.ops[rank.position :]:
                try:
                    found += self._events(op)
                except Inconclusive:
                    continue
        return found

    def _advance(self, rank: _Rank) -> bool:
        """Let a rank make its next step; False when it cannot."""
        rank.waits_for = [event for event in rank.waits_for if event.partner is None]
        rank.slots = [slot for slot in rank.slots if not slot.is_full]
        if rank.probe is not None and any(rank.probe.fits(event) for event in self._posted if event.partner is None):
            rank.probe = None
        if rank.waits_for or rank.slots or rank.probe is not None or rank.position >= len(rank.trace.ops):
            return False
        op = rank.trace.ops[rank.position]
        rank.position += 1
        rank.at = op
        self._perform(rank, op)
        return True

    def _perform(self, rank: _Rank, op: Op) -> None:
        if _NOT_FOLLOWED.match(op.name):
            raise Inconclusive(f"{op.name} in line {op.line}")
        if op.name in COLLECTIVES:
            self._collective(rank, op)
        elif op.name in {"MPI_Wait", "MPI_Waitall"}:
            for request in op.requests:
                self._wait(rank, request)
        elif op.name in {"MPI_Start", "MPI_Startall"}:
            for request in (given for given in op.requests if isinstance(given, Request)):
                self._start(request, self._events(rank.trace.ops[request.operation], started=True))
        elif op.name == "MPI_Probe":
            rank.probe = self._event(op, sends=False, peer="source", tag="tag")
        else:
            self._message(rank, op)

    def _message(self, rank: _Rank, op: Op) -> None:
        events = self._events(op)
        if op.request is not None:
            self._start(op.request, events)
            return
        for event in events:
            self._post(event)
        rank.waits_for = [event for event in events if event.waits and event.partner is None]

    def _start(self, request: Request, events: list[Event]) -> None:
        for event in events:
            self._post(event)
        self._active[id(request)] = events

    def _wait(self, rank: _Rank, request: object) -> None:
        rank.waits_for += [e for e in self._active.pop(id(request), []) if e.waits and e.partner is None]
        slot = self._active_slots.pop(id(request), None)
        if slot is not None and not slot.is_full:
            rank.slots.append(slot)

    def _collective(self, rank: _Rank, op: Op) -> None:
        comm = op.comm
        if comm is None or comm.size is None or comm.rank is None:
            raise Inconclusive(f"the communicator of {op.name} in line {op.line} is not known")
        slot = self._slots.setdefault((comm.key, op.sequence), Slot(comm))
        slot.ops[comm.rank] = op
        if not slot.agrees:
            self._broken = True
        if op.request is not None:
            self._active_slots[id(op.request)] = slot
        elif not slot.is_full:
            rank.slots.append(slot)

    def _events(self, op: Op, *, started: bool = False) -> list[Event]:
        """The messages of a call; none for a persistent one that only prepares them."""
        name = op.name
        if name.endswith("_init") and not started:
            return []
        if name in {"MPI_Sendrecv", "MPI_Isendrecv"}:
            both = [
                self._event(op, sends=True, peer="dest", tag="sendtag"),
                self._event(op, sends=False, peer="source", tag="recvtag"),
            ]
            return [event for event in both if event is not None]
        if _SENDS.match(name):
            made = self._event(op, sends=True, peer="dest", tag="tag")
        elif _RECEIVES.match(name):
            made = self._event(op, sends=False, peer="source", tag="tag")
        else:
            return []
        return [made] if made is not None else []

    def _event(self, op: Op, *, sends: bool, peer: str, tag: str) -> Event | None:
        comm, other, label = op.comm, op.values.get(peer), op.values.get(tag)
        if comm is None or comm.size is None or comm.rank is None or comm.is_inter:
            raise Inconclusive(f"the communicator of {op.name} in line {op.line} is not known")
        if not isinstance(other, int) or not isinstance(label, int):
            raise Inconclusive(f"the partner or tag of {op.name} in line {op.line} is not known")
        any_source = isinstance(other, NamedInt) and other.name == "MPI_ANY_SOURCE"
        if isinstance(other, NamedInt) and other.name == "MPI_PROC_NULL":
            return None
        if (any_source and sends) or (not any_source and not 0 <= other < comm.size):
            raise Inconclusive(f"{op.name} in line {op.line} names rank {other}")
        any_tag = isinstance(label, NamedInt) and label.name == "MPI_ANY_TAG"
        if any_source:
            self._wild.add(comm.members[comm.rank] if comm.members else comm.rank)
        waits = (
            not sends
            or bool(_SYNCHRONOUS.match(op.name))
            or (self._synchronous and not op.name.lower().startswith(("mpi_b", "mpi_ib")))
        )
        return Event(sends, op, comm, comm.rank, None if any_source else int(other), None if any_tag else int(label), waits)

    def _post(self, event: Event) -> None:
        for other in self._posted:
            if other.partner is None and event.fits(other):
                event.partner, other.partner = other, event
                self._pairs.append((event, other) if event.sends else (other, event))
                break
        self._posted.append(event)
        if len(self._posted) > 400:
            self._posted = [kept for kept in self._posted if kept.partner is None]
