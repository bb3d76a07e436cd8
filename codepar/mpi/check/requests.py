"""Requests: started and never completed, completed and never started, replaced while active, buffers touched meanwhile.

Limits: a rank that was not followed to its end is not accused of what it may do later; ``MPI_Test`` counts as completion.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.mpi.check.finding import Finding, Related, Severity
from codepar.mpi.check.operations import UNSET
from codepar.mpi.check.trace import Op, RankTrace
from codepar.mpi.check.values import Request

_COMPLETES = frozenset({"MPI_Wait", "MPI_Waitall", "MPI_Waitany", "MPI_Waitsome", "MPI_Test", "MPI_Testall"})
_OPENS_EPOCH = frozenset({"the epoch ends"})


def check_requests(trace: RankTrace) -> Iterator[Finding]:
    """Findings about the requests of one rank."""
    yield from _overwritten(trace)
    yield from _unset(trace)
    yield from _touched(trace)
    if trace.is_complete and not trace.opaque:
        replaced = {id(op.overwrites) for op in trace.ops if op.overwrites is not None}
        for request in trace.requests:
            if id(request) not in replaced:
                yield from _left(request, trace)


def _finding(kind: str, op: Op, message: str, fix: str | None, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(kind=kind, severity=severity, file=op.file, line=op.line, message=message, fix=fix)


def _overwritten(trace: RankTrace) -> Iterator[Finding]:
    for op in trace.ops:
        if op.overwrites is None:
            continue
        old = op.overwrites
        message = (
            f"{op.name} overwrites the request of {old.function} in line {old.line}, which was not "
            f"{'freed' if old.persistent else 'completed'}: nobody can wait for it any more"
        )
        fix = "wait for the first request before, or use an array of requests"
        related = (Related(file=op.file, line=old.line, message=f"{old.function} starts here"),)
        yield _finding("request-overwritten", op, message, fix).model_copy(update={"related": related})


def _unset(trace: RankTrace) -> Iterator[Finding]:
    for op in trace.ops:
        if op.name not in _COMPLETES and op.name != "MPI_Start":
            continue
        unset = sum(1 for value in op.requests if value is UNSET)
        if unset:
            text = op.texts.get("request", op.texts.get("array_of_requests", "the request"))
            message = f"{op.name} is given {text}, which no nonblocking call has set"
            yield _finding("request-unset", op, message, "initialise it with MPI_REQUEST_NULL, or wait only for what was started")


def _touched(trace: RankTrace) -> Iterator[Finding]:
    for touch in trace.touches:
        verb = "written" if touch.writes else "read"
        yield Finding(
            kind="rma-buffer-in-use" if touch.what in _OPENS_EPOCH else "buffer-in-use",
            severity=Severity.ERROR,
            file=touch.file,
            line=touch.line,
            message=f"{touch.name} is {verb} while {touch.function} of line {touch.started} may still use it",
            related=(Related(file=touch.file, line=touch.started, message=f"{touch.function} starts here"),),
            fix=f"touch the buffer only after {touch.what}",
        )


def _left(request: Request, trace: RankTrace) -> Iterator[Finding]:
    """What stays open when the rank ends."""
    op = trace.ops[request.operation]
    if request.persistent:
        started = any(value is request for other in trace.ops if other.name.startswith("MPI_Start") for value in other.requests)
        if not started:
            yield _finding(
                "request-not-started", op, f"{op.name} prepares an operation that MPI_Start never starts", "call MPI_Start"
            )
        elif request.freed:
            return
        elif request.active and not request.maybe_done:
            yield _finding("request-unwaited", op, f"the operation of {op.name} is started, but never completed", "add MPI_Wait")
        else:
            fix = "call MPI_Request_free after the last use"
            yield _finding("request-leaked", op, f"the persistent request of {op.name} is never freed", fix, Severity.WARNING)
    elif request.freed and not request.done and "recv" in request.function:
        message = f"the request of {op.name} is freed while it is active: nobody can tell when the message has come"
        yield _finding("request-freed-active", op, message, "complete it with MPI_Wait instead")
    elif not request.done and not request.maybe_done and not request.freed:
        text = op.texts.get("request", "the request")
        message = f"the request of {op.name} ({text}) is never completed by MPI_Wait or MPI_Test"
        yield _finding(
            "request-unwaited", op, message, f"add MPI_Wait({text}, MPI_STATUS_IGNORE) before the buffer is used again"
        )
