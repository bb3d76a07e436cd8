"""mpi4py programs for the static checks: a body becomes a whole program; findings are (kind, line) of its own lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from codepar.mpi.check.finding import CheckReport

HEAD = """from mpi4py import MPI
import numpy as np
comm = MPI.COMM_WORLD
rank, size = comm.Get_rank(), comm.Get_size()
left, right = (rank - 1) % size, (rank + 1) % size
a, b = np.zeros(10, dtype='i'), np.zeros(10, dtype='i')
d, e = np.zeros(10), np.zeros(10)
"""
HEAD_LINES = HEAD.count("\n")


@pytest.fixture
def whole(report) -> Callable[[str], CheckReport]:
    """The report on a body."""
    return lambda body: report(HEAD + body.strip("\n") + "\n", "main.py")


@pytest.fixture
def kinds(whole) -> Callable[[str], list[tuple[str, int]]]:
    """Kinds and lines (1: the body's first) of the findings in a body."""

    def check(body: str) -> list[tuple[str, int]]:
        found = whole(body)
        # What cannot be compared for another reason than a finding would be a hole in the test.
        assert found.findings or not found.skipped
        return [(one.kind, one.line - HEAD_LINES) for one in found.findings]

    return check
