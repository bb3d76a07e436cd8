"""Fortran programs for the static checks: a body becomes a whole program; findings are (kind, line)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from codepar.mpi.check.finding import CheckReport

HEAD = """program test
use mpi
implicit none
integer :: rank, size, ierr, status(MPI_STATUS_SIZE), i, n, x, y, a(10), b(10), r, r1, r2, reqs(4), comm, ty, grp, win, op
integer :: left, right, counts(8), displs(8)
real :: f, g(10)
double precision :: d, e(10), m(10,10)
logical :: flag
character(len=20) :: s
call MPI_Init(ierr)
call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
call MPI_Comm_size(MPI_COMM_WORLD, size, ierr)
"""
TAIL = "\ncall MPI_Finalize(ierr)\nend program\n"
HEAD_LINES = HEAD.count("\n")


@pytest.fixture
def whole(report) -> Callable[[str], CheckReport]:
    """The report on a body between MPI_Init and MPI_Finalize; behind a line of dashes stand the program's own procedures."""

    def check(body: str) -> CheckReport:
        main, _, contained = body.strip("\n").partition("\n---\n")
        tail = TAIL.replace("end program", f"contains\n{contained}\nend program") if contained else TAIL
        return report(HEAD + main + tail, "main.f90")

    return check


@pytest.fixture
def kinds(whole) -> Callable[[str], list[tuple[str, int]]]:
    """Kinds and lines (1: the body's first) of the findings in a body between MPI_Init and MPI_Finalize."""

    def check(body: str) -> list[tuple[str, int]]:
        found = whole(body)
        # What cannot be compared for another reason than a finding would be a hole in the test.
        assert found.findings or not found.skipped
        return [(one.kind, one.line - HEAD_LINES) for one in found.findings]

    return check
