"""The life of MPI and of its objects: calls before MPI_Init and after MPI_Finalize, a missing one, what is made and never freed.

Limits: an object that the program cannot reach any more counts as never freed; what a function outside the project may free is
not accused.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.mpi.check.arguments import found
from codepar.mpi.check.finding import Finding, Severity
from codepar.mpi.check.trace import Op, RankTrace

_STARTS = frozenset({"MPI_Init", "MPI_Init_thread"})
_ANYTIME = frozenset(
    {
        "MPI_Initialized",
        "MPI_Finalized",
        "MPI_Get_version",
        "MPI_Get_library_version",
        "MPI_Info_create",
        "MPI_Info_set",
        "MPI_Info_free",
    }
    | {"MPI_Session_init", "MPI_Session_finalize", "MPI_Abort"}
)
_FREES = {
    "communicator": "MPI_Comm_free", "datatype": "MPI_Type_free", "operation": "MPI_Op_free", "window": "MPI_Win_free",
    "group": "MPI_Group_free", "file": "MPI_File_close",
}  # fmt: skip


def check_lifecycle(trace: RankTrace) -> Iterator[Finding]:
    """Findings about one rank that ran to its end."""
    yield from _order(trace)
    if trace.is_complete and not trace.opaque:
        yield from _unfinished(trace)
        yield from _leaks(trace)


def _order(trace: RankTrace) -> Iterator[Finding]:
    started: Op | None = None
    finished: Op | None = None
    accused = False
    begins_late = not any(op.name in _STARTS for op in trace.ops) and trace.has_init_elsewhere
    for op in trace.ops:
        if op.name in _STARTS:
            if started is not None:
                yield found("init-twice", op, f"{op.name} is called again; first in line {started.line}", line=started.line)
            started = started or op
        elif op.name.startswith("MPI_Session"):
            return
        elif op.name in _ANYTIME or op.name.startswith("MPI_T_"):
            continue
        elif finished is not None:
            yield found(
                "after-finalize", op, f"{op.name} is called after MPI_Finalize in line {finished.line}", line=finished.line
            )
        elif started is None and not trace.opaque and not accused and not begins_late:
            yield found("before-init", op, f"{op.name} is called before MPI_Init", "call MPI_Init first")
            accused = True
        if op.name == "MPI_Finalize":
            finished = op


def _unfinished(trace: RankTrace) -> Iterator[Finding]:
    started = next((op for op in trace.ops if op.name in _STARTS), None)
    # Who leaves before any communication does so because of wrong use, and the job ends.
    talked = any(op.comm is not None and op.name not in {"MPI_Comm_rank", "MPI_Comm_size"} for op in trace.ops)
    if started is not None and talked and not any(op.name == "MPI_Finalize" for op in trace.ops):
        yield found(
            "finalize-missing",
            started,
            f"rank {trace.rank} can end without MPI_Finalize",
            "call MPI_Finalize before the program ends",
        )


def _leaks(trace: RankTrace) -> Iterator[Finding]:
    for resource in trace.resources:
        if resource.freed is None and resource.kind in _FREES and not resource.escapes:
            op = next(op for op in trace.ops if op.resource is resource)
            severity = Severity.ERROR if resource.kind in {"window", "file"} else Severity.WARNING
            message = f"the {resource.kind} of {op.name} is never freed"
            yield found(f"{resource.kind}-leaked", op, message, f"call {_FREES[resource.kind]}", severity=severity)
    for comm in trace.comms:
        if comm.freed is None and comm.line:
            maker = next((op for op in trace.ops if op.line == comm.line), None)
            if maker is not None:
                message = f"the communicator of {maker.name} is never freed"
                yield found("communicator-leaked", maker, message, "call MPI_Comm_free", severity=Severity.WARNING)
