"""One-sided communication: accesses outside of an epoch, epochs left open, windows in use when they are freed.

Limits: ``MPI_Win_start`` and ``MPI_Win_post`` open an epoch of any target; conflicts of two ranks on one target are looked for
between fences only, in accesses whose target and displacement are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from codepar.mpi.check.arguments import found
from codepar.mpi.check.buffers import type_bytes
from codepar.mpi.check.finding import Finding, Related, Severity
from codepar.mpi.check.trace import Op, RankTrace, WindowTouch
from codepar.mpi.check.values import NamedInt, Resource

ACCESS = re.compile(r"MPI_R?(?:Put|Get|Accumulate|Get_accumulate)$|MPI_Fetch_and_op$|MPI_Compare_and_swap$")
_OPENS = frozenset({"MPI_Win_start", "MPI_Win_lock_all"})
_ENDS = frozenset({"MPI_Win_complete", "MPI_Win_unlock_all"})
_NOPRECEDE, _NOSUCCEED = 8192, 16384


@dataclass
class _Epoch:
    fenced: bool = False
    fence: Op | None = None
    locked: dict[int, Op] = field(default_factory=dict)
    opened: Op | None = None
    used: bool = False


def check_windows(trace: RankTrace) -> Iterator[Finding]:
    """Findings about the windows of one rank."""
    epochs: dict[int, _Epoch] = {}
    for op in trace.ops:
        window = op.values.get("*win", op.values.get("win"))
        if not isinstance(window, Resource):
            continue
        epoch = epochs.setdefault(id(window), _Epoch())
        yield from _step(op, epoch)
    yield from _unset(trace)


def _unset(trace: RankTrace) -> Iterator[Finding]:
    for op in trace.ops:
        value = op.values.get("win")
        if ACCESS.match(op.name) and value is not None and getattr(value, "name", "") == "MPI_WIN_NULL":
            yield found("null-window", op, f"{op.name} is given MPI_WIN_NULL")


def _step(op: Op, epoch: _Epoch) -> Iterator[Finding]:
    name = op.name
    if name == "MPI_Win_fence":
        assertion = op.number("assert") or 0
        yield from _asserted(op, epoch, assertion)
        epoch.fenced, epoch.fence, epoch.used = not assertion & _NOSUCCEED, op, False
    elif name in {"MPI_Win_lock", "MPI_Win_unlock"}:
        yield from _lock(op, epoch, op.number("rank"))
    elif name in _OPENS:
        epoch.opened = op
    elif name in _ENDS:
        if epoch.opened is None:
            yield found("rma-epoch", op, f"{name} without the call that opens the epoch")
        epoch.opened = None
    elif name == "MPI_Win_free":
        yield from _open_at_the_end(op, epoch)
    elif ACCESS.match(name):
        yield from _accessed(op, epoch, op.number("target_rank"))


def _lock(op: Op, epoch: _Epoch, target: int | None) -> Iterator[Finding]:
    """MPI_Win_lock and MPI_Win_unlock of one target; of an unknown one, an epoch of any."""
    if target is None:
        epoch.opened = op if op.name == "MPI_Win_lock" else None
    elif op.name == "MPI_Win_lock":
        if target in epoch.locked:
            line = epoch.locked[target].line
            yield found("rma-epoch", op, f"MPI_Win_lock of rank {target}, which is locked since line {line}", line=line)
        epoch.locked[target] = op
    else:
        if target not in epoch.locked and epoch.opened is None:
            yield found("rma-epoch", op, f"MPI_Win_unlock of rank {target} without MPI_Win_lock", "lock the window first")
        epoch.locked.pop(target, None)


def _accessed(op: Op, epoch: _Epoch, target: int | None) -> Iterator[Finding]:
    # What a lock, or a start, encloses is over with it: no fence has to end it.
    epoch.used = epoch.used or not (epoch.opened is not None or epoch.locked)
    if not (epoch.fenced or epoch.opened is not None or epoch.locked):
        fix = "call MPI_Win_fence before and after it, or MPI_Win_lock and MPI_Win_unlock around it"
        yield found("rma-epoch", op, f"{op.name} stands outside of an access epoch", fix)
    elif target is not None and not epoch.fenced and epoch.opened is None and target not in epoch.locked:
        held = ", ".join(str(rank) for rank in epoch.locked)
        yield found("rma-epoch", op, f"{op.name} accesses rank {target}, but only rank {held} is locked")


def _asserted(op: Op, epoch: _Epoch, assertion: int) -> Iterator[Finding]:
    if assertion & _NOPRECEDE and epoch.used:
        message = "MPI_Win_fence says MPI_MODE_NOPRECEDE, but one-sided calls precede it"
        yield found("rma-epoch", op, message, "give 0 as assertion")


def _open_at_the_end(op: Op, epoch: _Epoch) -> Iterator[Finding]:
    opened = next(iter(epoch.locked.values()), epoch.opened)
    if opened is not None:
        yield found(
            "rma-epoch",
            op,
            f"the window is freed while the epoch of {opened.name} in line {opened.line} is open",
            line=opened.line,
        )
    elif epoch.fenced and epoch.used and epoch.fence is not None:
        yield found(
            "rma-epoch",
            op,
            f"one-sided calls after MPI_Win_fence in line {epoch.fence.line} are not completed by another fence",
            "call MPI_Win_fence before",
        )


@dataclass(frozen=True, slots=True)
class _Access:
    op: Op
    first: int
    last: int
    kind: str
    phase: int = 0


def check_targets(traces: tuple[RankTrace, ...], elements: dict[str, str]) -> Iterator[Finding]:
    """Accesses of several ranks to one target, or of its own rank and another, between two fences or barriers."""
    phases: dict[tuple[str, int, int], list[_Access]] = {}
    for trace in traces:
        # Messages order accesses in ways that are not followed here.
        if any("tag" in op.values or "sendtag" in op.values or "Win_post" in op.name for op in trace.ops):
            return
    for trace in traces:
        for access in _accesses(trace, elements):
            op, target = access.op, access.op.number("target_rank")
            if target is None or op.comm is None:
                continue
            earlier = phases.setdefault((op.comm.key, access.phase, target), [])
            yield from (_conflicting(op, other.op, target) for other in earlier if _conflict(access, other))
            earlier.append(access)
            yield from _local(access, traces, target)


def _accesses(trace: RankTrace, elements: dict[str, str]) -> Iterator[_Access]:
    """The accesses of a rank that nothing makes exclusive, with their phases."""
    phase, exclusive = 0, set[int]()
    for op in trace.ops:
        phase += op.name in {"MPI_Win_fence", "MPI_Barrier"}
        target = op.number("rank") if op.name in {"MPI_Win_lock", "MPI_Win_unlock"} else None
        if target is not None:
            kind = op.values.get("lock_type")
            exclusive -= {target}
            exclusive |= {target} if isinstance(kind, NamedInt) and kind.name == "MPI_LOCK_EXCLUSIVE" else set()
        access = _access(op, elements)
        if access is not None and op.number("target_rank") not in exclusive:
            yield replace(access, phase=phase)


def _local(access: _Access, traces: tuple[RankTrace, ...], target: int) -> Iterator[Finding]:
    """Reads and writes of the target itself in the memory that another rank accesses."""
    op = access.op
    owner = next((trace for trace in traces if op.comm and op.comm.members and trace.rank == op.comm.members[target]), None)
    window = op.values.get("win")
    if owner is None or owner.rank == op.rank or not isinstance(window, Resource):
        return
    for touch in owner.window_touches:
        same = window.block is not None and touch.block.name == window.block.name and touch.block.line == window.block.line
        meets = touch.phase == access.phase and touch.first < access.last and access.first < touch.last
        if same and meets and (access.kind != "read" or touch.writes):
            yield _touching(op, touch, owner.rank)
            return


def _touching(op: Op, touch: WindowTouch, target: int) -> Finding:
    verb = "writes" if touch.writes else "reads"
    where = f"memory that rank {target} itself {verb} in line {touch.line} in the same epoch"
    return Finding(
        kind="rma-conflict",
        severity=Severity.ERROR,
        file=op.file,
        line=op.line,
        message=f"{op.name} of rank {op.rank} touches {where}",
        related=(Related(file=touch.file, line=touch.line, message=f"rank {target} {verb} it here"),),
        fix="separate them by a fence or a barrier",
    )


def check_bounds(trace: RankTrace, elements: dict[str, str]) -> Iterator[Finding]:
    """Accesses beyond a target's window, taken to be as large as this rank's."""
    for op in trace.ops:
        yield from _beyond(op, elements)


def _access(op: Op, elements: dict[str, str]) -> _Access | None:
    """What an access touches in its target, in displacement units."""
    if not ACCESS.match(op.name) or "MPI_R" in op.name:
        return None
    at, count = op.number("target_disp"), op.number("target_count")
    window = op.values.get("win")
    item = type_bytes(op.values.get("target_datatype"), elements)
    if at is None or count is None or item is None or not isinstance(window, Resource):
        return None
    unit = window.state.get("unit")
    scale = unit if isinstance(unit, int) and unit > 0 else 1
    kind = "add" if "ccumulate" in op.name else "read" if op.name == "MPI_Get" else "write"
    return _Access(op, at * scale, at * scale + count * item, kind)


def _conflict(one: _Access, other: _Access) -> bool:
    if one.last <= other.first or other.last <= one.first or one.op.rank == other.op.rank:
        return False
    return one.kind != other.kind or one.kind == "write"


def _conflicting(op: Op, other: Op, target: int) -> Finding:
    pair = f"{op.name} of rank {op.rank} and {other.name} of rank {other.rank} in line {other.line}"
    message = f"{pair} touch the same memory of rank {target} in one epoch"
    return Finding(
        kind="rma-conflict",
        severity=Severity.ERROR,
        file=op.file,
        line=op.line,
        message=message,
        related=(Related(file=other.file, line=other.line, message=f"{other.name} of rank {other.rank}"),),
        fix="separate them by a fence, or use MPI_Accumulate",
    )


def _beyond(op: Op, elements: dict[str, str]) -> Iterator[Finding]:
    window = op.values.get("win")
    access = _access(op, elements)
    if access is None or not isinstance(window, Resource):
        return
    size, target = window.state.get("bytes"), op.values.get("target_rank")
    if not isinstance(size, int) or isinstance(target, NamedInt) or size == 0:
        return
    if access.last > size or access.first < 0:
        message = f"{op.name} reaches byte {access.last} of the target's window, which has {size} (as large as this rank's)"
        yield found("rma-beyond-window", op, message, "let displacement, count and window agree", line=window.line)
