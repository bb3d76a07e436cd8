"""Messages without a partner: who waits for whom, and what the nearest other call differs in (tag, communicator, order).

Also messages that meet but do not agree in datatype or length. Limits: stands on ``matching``; of several stuck ranks each is
explained by itself, a consequence of another's mistake too unless the lines are the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.mpi.check.communicators import element_names
from codepar.mpi.check.finding import Finding, Related, Severity
from codepar.mpi.check.matching import Event, Outcome
from codepar.mpi.check.values import PICKLED, plain_type

_UNTYPED = frozenset({"MPI_BYTE", "MPI_PACKED"})
_MAX_SIGNATURE = 4_096


def check_partners(outcome: Outcome, elements: dict[str, str]) -> Iterator[Finding]:
    """Findings about point-to-point calls of one outcome."""
    if outcome.stuck:
        yield from _stuck(outcome)
    else:
        for event in outcome.unmatched:
            if event.sends or event.waits:
                yield _without_partner(event, outcome, waits=False)
    for send, receive in outcome.pairs:
        yield from _unlike(send, receive, elements)


def _stuck(outcome: Outcome) -> Iterator[Finding]:
    for rank in sorted(outcome.stuck):
        for event in outcome.waiting.get(rank, []):
            yield _without_partner(event, outcome, waits=True)


def _without_partner(event: Event, outcome: Outcome, *, waits: bool) -> Finding:
    others = [other for other in (*outcome.unmatched, *outcome.future) if other.sends != event.sends and other is not event]
    verb, opposite = ("sends to", "receives") if event.sends else ("waits for a message of", "sends")
    what = f"{event.op.name}: rank {event.op.rank} {verb} {_peer(event)} (tag {_tag(event)})"
    for other in others:
        if event.fits(other):
            return _order(event, other, outcome, what)
    near = [other for other in others if _ranks_fit(event, other)]
    for other in near:
        if other.comm.key == event.comm.key:
            message = f"{what}, but {other.op.name} in line {other.op.line} has tag {_tag(other)}"
            return _finding("tag-mismatch", event, message, other, "use the same tag on both sides")
    for other in near:
        message = f"{what}, but {other.op.name} in line {other.op.line} uses another communicator"
        return _finding("communicator-mismatch", event, message, other, "use the same communicator on both sides")
    if outcome.stuck and event.op.rank in outcome.wildcard_receivers | _wild_peers(event, outcome) and _race(outcome):
        message = f"{what}; a receive from MPI_ANY_SOURCE may take the message that another receive needs"
        return _finding("message-race", event, message, _wild(outcome), None, severity=Severity.WARNING)
    ending = "and nobody" if event.peer is None else "which never"
    kind = "send-unmatched" if event.sends else "receive-unmatched"
    stays = "" if waits or not event.sends else "; the message is still under way at MPI_Finalize"
    return _finding(
        kind, event, f"{what}, {ending} {opposite} it{stays}" if event.sends else f"{what}, {ending} {opposite} one", None
    )


def _order(event: Event, other: Event, outcome: Outcome, what: str) -> Finding:
    """A partner exists but its rank does not get there."""
    there = outcome.stuck.get(other.op.rank)
    where = f", but that rank waits in {there.name} in line {there.line} before" if there is not None else ", later"
    message = f"{what}{where} {other.op.name} in line {other.op.line}: they wait for each other"
    related = _related(other)
    if there is not None and there.line != other.op.line:
        related = (*related, Related(file=there.file, line=there.line, message=f"rank {other.op.rank} waits here"))
    return Finding(
        kind="deadlock",
        severity=Severity.ERROR,
        file=event.op.file,
        line=event.op.line,
        message=message,
        related=related,
        fix="let one side send first, or use MPI_Sendrecv or nonblocking calls",
    )


def _wild_peers(event: Event, outcome: Outcome) -> frozenset[int]:
    peer = event.world_peer
    return frozenset({event.op.rank}) if peer in outcome.wildcard_receivers else frozenset()


def _race(outcome: Outcome) -> bool:
    """Whether a wildcard receive met one of several messages that could have come."""
    for send, receive in outcome.pairs:
        if receive.peer is None:
            rivals = {other.me for other, _ in outcome.pairs if other.peer == receive.me and other.comm.key == receive.comm.key}
            rivals |= {other.me for other in outcome.unmatched if other.sends and other.peer == receive.me}
            if len(rivals - {send.me}) > 0:
                return True
    return False


def _wild(outcome: Outcome) -> Event | None:
    return next((receive for _, receive in outcome.pairs if receive.peer is None), None)


def _ranks_fit(event: Event, other: Event) -> bool:
    """Whether two calls name each other, whatever tag and communicator say."""
    mine, theirs = event.world_peer, other.world_peer
    return (mine is None or mine == other.op.rank) and (theirs is None or theirs == event.op.rank)


def _peer(event: Event) -> str:
    return "any rank" if event.peer is None else f"rank {event.world_peer}"


def _tag(event: Event) -> str:
    return "any" if event.tag is None else str(event.tag)


def _related(other: Event | None) -> tuple[Related, ...]:
    if other is None:
        return ()
    return (Related(file=other.op.file, line=other.op.line, message=f"{other.op.name} of rank {other.op.rank}"),)


def _finding(
    kind: str, event: Event, message: str, other: Event | None, fix: str | None = None, *, severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(
        kind=kind,
        severity=severity,
        file=event.op.file,
        line=event.op.line,
        message=message,
        related=_related(other),
        fix=fix,
    )


def _parameters(event: Event) -> tuple[str, str]:
    if event.op.name.startswith("MPI_Sendrecv"):
        return ("sendcount", "sendtype") if event.sends else ("recvcount", "recvtype")
    return "count", "datatype"


def _unlike(send: Event, receive: Event, elements: dict[str, str]) -> Iterator[Finding]:
    """A pair whose datatypes or lengths do not agree."""
    (send_count, send_type), (receive_count, receive_type) = _parameters(send), _parameters(receive)
    ours, theirs = element_names(send.op.values.get(send_type)), element_names(receive.op.values.get(receive_type))
    if ours is None or theirs is None or set(ours + theirs) & _UNTYPED:
        if PICKLED in (*(ours or ()), *(theirs or ())) and not set((ours or ()) + (theirs or ())) & _UNTYPED:
            # Of a buffer whose type is not told this much is known: it is no pickled object.
            taker, giver = f"{receive.op.name} of rank {receive.op.rank}", f"{send.op.name} in line {send.op.line}"
            message = f"{taker} and {giver} do not agree: one carries a pickled object, the other a buffer"
            yield _finding("datatype-mismatch", receive, message, send, "use methods of one case on both sides")
        return
    sent, taken = send.op.number(send_count), receive.op.number(receive_count)
    mine, other = _signature(ours, sent, elements), _signature(theirs, taken, elements)
    shared = min(len(mine), len(other))
    if mine[:shared] != other[:shared]:
        taker, giver = f"{receive.op.name} of rank {receive.op.rank}", f"{send.op.name} in line {send.op.line}"
        message = f"{taker} receives {receive.op.texts.get(receive_type)}, but {giver} sends {send.op.texts.get(send_type)}"
        yield _finding("datatype-mismatch", receive, message, send, "use one datatype on both sides")
    elif sent is not None and taken is not None and len(ours) * sent > len(theirs) * taken:
        taker, giver = f"{receive.op.name} of rank {receive.op.rank}", f"{send.op.name} in line {send.op.line}"
        message = f"{taker} takes {taken} elements, but {giver} sends {sent}"
        yield _finding("message-truncated", receive, message, send, "receive at least as many elements as are sent")


def _signature(names: tuple[str, ...], count: int | None, elements: dict[str, str]) -> tuple[str, ...]:
    """The C types of a message's elements in order, as far as they are compared."""
    plain = tuple(plain_type(elements.get(name, name)) for name in names)
    number = 1 if count is None else max(0, min(count, _MAX_SIGNATURE // max(1, len(plain))))
    return plain * number


def signature_of(datatype: object, count: int | None, elements: dict[str, str]) -> tuple[str, ...] | None:
    """The C types of ``count`` elements of a datatype; None where not known or untyped."""
    names = element_names(datatype)  # type: ignore[arg-type]
    if names is None or count is None or set(names) & _UNTYPED:
        return None
    return _signature(names, count, elements)
