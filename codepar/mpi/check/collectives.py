"""Collectives that do not meet their like: other functions, absent ranks, unlike roots, operations, datatypes, counts.

Limits: stands on ``matching``; counts of ``v`` and ``w`` collectives are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.check.finding import Finding, Related, Severity
from codepar.mpi.check.matching import Outcome, Slot
from codepar.mpi.check.partners import signature_of
from codepar.mpi.check.trace import Op
from codepar.mpi.check.values import Constant, Resource, Value

_CROSSED = frozenset({"Gather", "Scatter", "Allgather", "Alltoall", "Igather", "Iscatter", "Iallgather", "Ialltoall"})


def check_collectives(outcome: Outcome, elements: dict[str, str]) -> Iterator[Finding]:
    """Findings about collective calls of one outcome."""
    for slot in outcome.slots:
        if not slot.agrees:
            yield _different(slot)
            return
    for slot in outcome.slots:
        yield from _unlike(slot, elements)
    if outcome.stuck and not any(outcome.waiting.get(rank) for rank in outcome.stuck):
        yield from _absent(outcome)


def _different(slot: Slot) -> Finding:
    names = {op.name for op in slot.ops.values()}
    first = next(iter(slot.ops.values()))
    other = next(op for op in slot.ops.values() if op.name != first.name)
    if other.name == "MPI_Finalize" or first.name == "MPI_Finalize":
        early, late = (other, first) if other.name == "MPI_Finalize" else (first, other)
        message = f"{late.name} is called by rank {late.rank}, but not by rank {early.rank}, which is already in MPI_Finalize"
        return _pair("collective-missing", late, message, early, "call it on every rank of the communicator")
    message = f"{other.name} of rank {other.rank} meets {first.name} of rank {first.rank} in line {first.line}"
    if len(names) == 2 and len({re.sub("^MPI_I", "MPI_", name).lower() for name in names}) == 1:
        message += "; blocking and nonblocking collectives do not match"
    fix = "call the collectives of a communicator in the same order on every rank"
    return _pair("collective-mismatch", other, message, first, fix)


def _absent(outcome: Outcome) -> Iterator[Finding]:
    """Ranks wait in collectives that others never reach."""
    for rank, slot in outcome.at_slot.items():
        op = outcome.stuck.get(rank)
        if op is None:
            continue
        there = next((other for other in outcome.at_slot.values() if other is not slot), None)
        if there is not None:
            theirs = next(iter(there.ops.values()))
            where = f"{theirs.name} in line {theirs.line} of another communicator"
            message = f"{op.name} of rank {rank} waits for ranks that wait in {where}"
            kind = "communicator-mismatch" if theirs.name == op.name else "collective-mismatch"
            yield _pair(kind, op, message, theirs, "use the same communicator, in the same order, on every rank")
            return
        missing = [str(member) for index, member in enumerate(slot.comm.members or ()) if index not in slot.ops]
        message = f"{op.name} is called by rank {rank}, but never by rank {', '.join(missing)}"
        yield _pair("collective-missing", op, message, None, "call it on every rank of the communicator")
        return


def _pair(kind: str, op: Op, message: str, other: Op | None, fix: str | None) -> Finding:
    related = (Related(file=other.file, line=other.line, message=f"{other.name} of rank {other.rank}"),) if other else ()
    return Finding(kind=kind, severity=Severity.ERROR, file=op.file, line=op.line, message=message, related=related, fix=fix)


def _unlike(slot: Slot, elements: dict[str, str]) -> Iterator[Finding]:
    ops = list(slot.ops.values())
    for parameter, kind in (("root", "root-mismatch"), ("op", "operator-mismatch")):
        found = _first_difference(ops, parameter)
        if found is not None:
            one, other = found
            message = (
                f"{other.name} of rank {other.rank} has {parameter} {_shown(other, parameter)}, "
                f"that of rank {one.rank} {_shown(one, parameter)}"
            )
            yield _pair(kind, other, message, one, f"give the same {parameter} on every rank")
            return
    yield from _unlike_types(ops, elements)


def _shown(op: Op, parameter: str) -> str:
    value = op.values.get(parameter)
    return value.name if isinstance(value, Constant) else str(value) if isinstance(value, int) else op.texts.get(parameter, "")


def _first_difference(ops: list[Op], parameter: str) -> tuple[Op, Op] | None:
    for op in ops[1:]:
        mine, first = op.values.get(parameter), ops[0].values.get(parameter)
        if isinstance(mine, int) and isinstance(first, int) and mine != first:
            return ops[0], op
        if isinstance(mine, Constant) and isinstance(first, Constant) and mine.name != first.name:
            return ops[0], op
        known = all(isinstance(value, Constant | Resource) for value in (mine, first))
        if parameter == "op" and known and isinstance(mine, Constant) != isinstance(first, Constant):
            return ops[0], op
    return None


def _unlike_types(ops: list[Op], elements: dict[str, str]) -> Iterator[Finding]:
    function = ops[0].name.removeprefix("MPI_")
    for op in ops[1:]:
        for sent_by, taken_by in ((ops[0], op), (op, ops[0])):
            parameters = _parameters(function, sent_by, taken_by)
            if parameters is None:
                continue
            (count, datatype), (other_count, other_type) = parameters
            mine = signature_of(_typed(sent_by, datatype), _number(sent_by, count), elements)
            theirs = signature_of(_typed(taken_by, other_type), _number(taken_by, other_count), elements)
            if mine is None or theirs is None:
                continue
            shared = min(len(mine), len(theirs))
            if mine[:shared] != theirs[:shared]:
                message = (
                    f"{taken_by.name} of rank {taken_by.rank} has {taken_by.texts.get(other_type)}, that of rank {sent_by.rank} "
                    f"in line {sent_by.line} {sent_by.texts.get(datatype)} of another element"
                )
                yield _pair("datatype-mismatch", taken_by, message, sent_by, "use one datatype on every rank")
                return
            if len(mine) != len(theirs):
                message = (
                    f"{taken_by.name} of rank {taken_by.rank} has count {taken_by.values.get(other_count)}, that of rank "
                    f"{sent_by.rank} in line {sent_by.line} {sent_by.values.get(count)}"
                )
                yield _pair("count-mismatch", taken_by, message, sent_by, "let the counts describe the same message")
                return


def _typed(op: Op, parameter: str) -> Value:
    """The datatype, None where the buffer that it describes is MPI_IN_PLACE."""
    buffer = {"sendtype": "sendbuf", "recvtype": "recvbuf"}.get(parameter)
    given = op.values.get(buffer) if buffer else None
    if isinstance(given, Constant) and given.name == "MPI_IN_PLACE":
        return None
    return op.values.get(parameter)


def _number(op: Op, parameter: str) -> int | None:
    return op.number(parameter)


def _parameters(function: str, sent_by: Op, taken_by: Op) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Which count and datatype of the one must describe the same message as which of the other."""
    if "count" in sent_by.values and "datatype" in sent_by.values:
        return ("count", "datatype"), ("count", "datatype")
    if function not in _CROSSED:
        return None
    rank = taken_by.comm.rank if taken_by.comm is not None else None
    other = sent_by.comm.rank if sent_by.comm is not None else None
    if "ather" in function and "ll" not in function and sent_by.number("root") != rank:
        return None
    if "catter" in function and sent_by.number("root") != other:
        return None
    return ("sendcount", "sendtype"), ("recvcount", "recvtype")
