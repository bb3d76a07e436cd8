"""MPI in programs with OpenMP threads: calls in parallel regions that the thread level asked for does not allow.

Limits: the level is what the program asks for, not what the library provides; tasks and nested regions are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.check.arguments import found
from codepar.mpi.check.finding import Finding
from codepar.mpi.check.trace import RankTrace

_LEVELS = ("MPI_THREAD_SINGLE", "MPI_THREAD_FUNNELED", "MPI_THREAD_SERIALIZED", "MPI_THREAD_MULTIPLE")
_QUERIES = frozenset({"MPI_Initialized", "MPI_Query_thread", "MPI_Is_thread_main"})


def check_threads(trace: RankTrace) -> Iterator[Finding]:
    """Findings about the calls of one rank inside OpenMP constructs."""
    start = next((op for op in trace.ops if op.name in {"MPI_Init", "MPI_Init_thread"}), None)
    if start is None:
        return
    level = 0 if start.name == "MPI_Init" else start.number("required")
    if level is None:
        return
    for op in trace.ops:
        if "parallel" not in op.parallel or op.name in _QUERIES:
            continue
        needed, why = _needed(op.parallel)
        if level < needed:
            given = "MPI_Init" if start.name == "MPI_Init" else _LEVELS[level]
            message = f"{op.name} is called {why}, which needs {_LEVELS[needed]}; the program starts MPI with {given}"
            fix = f"MPI_Init_thread(&argc, &argv, {_LEVELS[needed]}, &provided), and check provided"
            yield found("thread-level", op, message, fix, line=start.line)


def _needed(constructs: str) -> tuple[int, str]:
    """The level that calls inside these constructs need, and where they stand."""
    if re.search(r"master|masked", constructs):
        return 1, "by the master thread of a parallel region"
    if "parallel+sections" in constructs or "section" in constructs:
        return 3, "in sections that run at once"
    if re.search(r"single|critical", constructs):
        return 2, "by one thread at a time of a parallel region"
    return 3, "by all threads of a parallel region"
