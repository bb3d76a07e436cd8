"""What one rank gives to others: values of small messages and of collectives, so that a number sent steers its receiver too.

The world keeps what was given; a replay that asks for what is only given later is done once more. Limits: at most 64 elements of
a message are kept; datatypes are not converted; results of reductions are computed for SUM, PROD, MAX, MIN, LAND and LOR.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codepar.mpi.check.trace import Op
from codepar.mpi.check.values import NamedInt, Place, Pointer, Unknown, Value

if TYPE_CHECKING:
    from codepar.mpi.check.operations import Machine

_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Side:
    """The parameters that describe one message of a call."""

    buffer: str
    count: str
    peer: str
    tag: str


SENDS = _Side("buf", "count", "dest", "tag")
RECEIVES = _Side("buf", "count", "source", "tag")
_OPERATIONS: dict[str, Callable[[list[float]], float]] = {
    "MPI_SUM": sum,
    "MPI_PROD": math.prod,
    "MPI_MAX": max,
    "MPI_MIN": min,
    "MPI_LAND": lambda values: int(all(values)),
    "MPI_LOR": lambda values: int(any(values)),
}


def snapshot(machine: Machine, pointer: Value, count: int | None) -> tuple[Value, ...]:
    """The values of the first elements behind a pointer."""
    if not isinstance(pointer, Pointer) or not isinstance(pointer.offset, int):
        return ()
    number = min(count if count is not None else 1, _KEPT)
    block = pointer.block
    return tuple(_quiet_load(machine, Place(block, pointer.offset + index)) for index in range(max(number, 0)))


def _quiet_load(machine: Machine, place: Place) -> Value:
    """A load by MPI itself is no touch of a pending buffer."""
    kept, machine.pending = machine.pending, []
    try:
        return machine.load(place, 0)
    finally:
        machine.pending = kept


def fill(pointer: Value, count: int | None, values: tuple[Value, ...]) -> None:
    """Write received values; what is not known of the rest is forgotten."""
    if not isinstance(pointer, Pointer):
        return
    partly = not isinstance(pointer.offset, int) or count is None or count > min(len(values), _KEPT)
    if partly and pointer.block.count != 1:
        pointer.block.forget()
    if isinstance(pointer.offset, int):
        limit = len(values) if count is None else min(count, len(values))
        for index in range(limit):
            pointer.block.cells[pointer.offset + index] = values[index]


def send(machine: Machine, op: Op) -> None:
    """Keep the values of a message for its receiver."""
    _give(machine, op, SENDS)
    if "request" in op.values:
        machine.start_request(op, persistent=op.name.endswith("_init"))


def send_receive(machine: Machine, op: Op) -> None:
    """MPI_Sendrecv."""
    _give(machine, op, _Side("sendbuf", "sendcount", "dest", "sendtag"))
    receive(machine, op, _Side("recvbuf", "recvcount", "source", "recvtag"))


def _give(machine: Machine, op: Op, side: _Side) -> None:
    to, label = op.number(side.peer), op.number(side.tag)
    if to is None or label is None or op.comm is None:
        return
    key = f"p2p:{op.comm.key}:{op.comm.rank}>{to}:{label}"
    number = machine.sequences.get(key, 0)
    machine.sequences[key] = number + 1
    machine.world.given[(key, number, 0)] = snapshot(machine, op.values.get(side.buffer), op.number(side.count))


def receive(machine: Machine, op: Op, side: _Side) -> None:
    """Fill the receive buffer and the status."""
    origin, label = op.number(side.peer), op.number(side.tag)
    values: tuple[Value, ...] | None = None
    if origin is not None and label is not None and op.comm is not None:
        key = f"p2p:{op.comm.key}:{origin}>{op.comm.rank}:{label}"
        number = machine.sequences.get("got" + key, 0)
        machine.sequences["got" + key] = number + 1
        values = machine.world.given.get((key, number, 0))
        if values is None and not isinstance(origin, NamedInt):
            machine.world.wanted = True
    pointer = op.values.get(side.buffer)
    if values:
        fill(pointer, op.number(side.count), values)
    elif isinstance(pointer, Pointer):
        pointer.block.forget()
    status = op.values.get("status")
    if isinstance(status, Pointer):
        status.block.forget()
        for name, value in (("MPI_SOURCE", origin), ("MPI_TAG", label)):
            member = machine.member(status, name)
            if member is not None and value is not None and not isinstance(value, NamedInt):
                member.cells[0] = value


def _key(op: Op) -> str:
    return f"{op.name}:{op.comm.key if op.comm else ''}"


def broadcast(machine: Machine, op: Op) -> None:
    """Every rank holds what the root gave; an unknown of the root is the same unknown everywhere."""
    pointer, count, root = op.values.get("buffer"), op.number("count"), op.number("root")
    key = (_key(op), op.sequence, 0)
    if op.comm is None or root is None or op.comm.rank is None:
        if isinstance(pointer, Pointer):
            pointer.block.forget()
        return
    if op.comm.rank == root:
        machine.world.given[key] = snapshot(machine, pointer, count)
    values = machine.world.given.get(key)
    if values is None:
        machine.world.wanted = True
        values = tuple(Unknown(f"{_key(op)}#{op.sequence}[{index}]") for index in range(min(count or 1, _KEPT)))
    shared = tuple(
        Unknown(f"{_key(op)}#{op.sequence}[{index}]") if isinstance(value, Unknown) and value.local else value
        for index, value in enumerate(values)
    )
    # A pointer means nothing on another rank.
    fill(pointer, count, tuple(None if isinstance(value, Pointer) else value for value in shared))


def reduce(machine: Machine, op: Op) -> None:
    """Allreduce gives every rank one value, Reduce the root."""
    count = op.number("count")
    source = op.values.get("sendbuf")
    target = op.values.get("recvbuf")
    in_place = not isinstance(source, Pointer)
    mine = snapshot(machine, target if in_place else source, count)
    results = _reduced(machine, op, mine)
    only_root = "educe" in op.name and "ll" not in op.name
    if only_root and op.comm is not None and op.number("root") != op.comm.rank:
        return
    fill(target, count, results)


def _reduced(machine: Machine, op: Op, mine: tuple[Value, ...]) -> tuple[Value, ...]:
    shared: tuple[Value, ...] = tuple(Unknown(f"{_key(op)}#{op.sequence}[{index}]") for index in range(len(mine)))
    if op.comm is None or op.comm.rank is None or op.comm.size is None:
        return tuple(machine.unknown(f"{op.name}@{op.line}#{op.index}", local=True) for _ in mine)
    key, operation = _key(op), getattr(op.values.get("op"), "name", "")
    machine.world.given[(key, op.sequence, op.comm.rank)] = mine
    parts = [machine.world.given.get((key, op.sequence, rank)) for rank in range(op.comm.size)]
    if any(part is None for part in parts):
        machine.world.wanted = True
        return shared
    results: list[Value] = []
    for index, fallback in enumerate(shared):
        column = [part[index] for part in parts if part is not None and index < len(part)]
        numbers = [value for value in column if isinstance(value, int | float)]
        known = len(numbers) == op.comm.size and operation in _OPERATIONS
        results.append(_OPERATIONS[operation](numbers) if known else fallback)
    return tuple(results)


def gather(machine: Machine, op: Op) -> None:
    """Allgather, Gather, Scatter of few numbers."""
    comm, count = op.comm, op.number("sendcount")
    target = op.values.get("recvbuf")
    if comm is None or comm.rank is None or comm.size is None or count is None or count * comm.size > _KEPT:
        _forget(target)
        return
    key = _key(op)
    if "catter" in op.name:
        _scatter(machine, op, comm.rank, comm.size, count)
        return
    machine.world.given[(key, op.sequence, comm.rank)] = snapshot(machine, op.values.get("sendbuf"), count)
    if "Gather" in op.name or "Igather" in op.name:
        root = op.number("root")
        if root != comm.rank:
            return
    parts = [machine.world.given.get((key, op.sequence, rank)) for rank in range(comm.size)]
    if any(part is None for part in parts):
        machine.world.wanted = True
        _forget(target)
        return
    joined = tuple(value for part in parts if part is not None for value in part)
    fill(target, len(joined), joined)


def _scatter(machine: Machine, op: Op, rank: int, size: int, count: int) -> None:
    key = (_key(op), op.sequence, 0)
    if op.number("root") == rank:
        machine.world.given[key] = snapshot(machine, op.values.get("sendbuf"), count * size)
    values = machine.world.given.get(key)
    if values is None or len(values) < count * size:
        machine.world.wanted = machine.world.wanted or values is None
        _forget(op.values.get("recvbuf"))
        return
    fill(op.values.get("recvbuf"), count, values[rank * count : (rank + 1) * count])


def _forget(pointer: Value) -> None:
    if isinstance(pointer, Pointer):
        pointer.block.forget()


EXCHANGES: dict[str, Callable[[Machine, Op], None]] = {
    "MPI_Isend": lambda machine, op: _give(machine, op, SENDS),
    "MPI_Issend": lambda machine, op: _give(machine, op, SENDS),
    "MPI_Ibsend": lambda machine, op: _give(machine, op, SENDS),
    "MPI_Bcast": broadcast,
    "MPI_Ibcast": broadcast,
    "MPI_Reduce": reduce,
    "MPI_Allreduce": reduce,
    "MPI_Iallreduce": reduce,
    "MPI_Ireduce": reduce,
    "MPI_Allgather": gather,
    "MPI_Gather": gather,
    "MPI_Scatter": gather,
}
