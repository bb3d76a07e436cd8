"""Programs for the static checks: a body becomes a whole program, its findings are (kind, line) of the body's own lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from codepar.mpi.check.finding import CheckReport
from codepar.mpi.check.run import check_project
from codepar.mpi.headers import Signatures, load_signatures
from codepar.project import Project

HEAD = """#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
int rank, size; MPI_Init(&argc, &argv);
MPI_Comm_rank(MPI_COMM_WORLD, &rank); MPI_Comm_size(MPI_COMM_WORLD, &size);
"""
TAIL = "\nMPI_Finalize();\nreturn 0;\n}\n"
HEAD_LINES = HEAD.count("\n")


@pytest.fixture(scope="session")
def signatures(tmp_path_factory) -> Signatures:
    return load_signatures(cache=tmp_path_factory.mktemp("signatures"))


@pytest.fixture
def report(signatures) -> Callable[..., CheckReport]:
    """The report on a whole program, given as text or as files."""

    def check(text: str | dict[str, str], path: str = "main.c") -> CheckReport:
        files = text if isinstance(text, dict) else {path: text}
        return check_project(Project(files=files), signatures)

    return check


@pytest.fixture
def kinds(report) -> Callable[[str], list[tuple[str, int]]]:
    """Kinds and lines (1: the body's first) of the findings in a body between MPI_Init and MPI_Finalize."""

    def check(body: str) -> list[tuple[str, int]]:
        found = report(HEAD + body.strip("\n") + TAIL)
        # What cannot be compared for another reason than a finding would be a hole in the test.
        assert found.findings or not found.skipped
        return [(one.kind, one.line - HEAD_LINES) for one in found.findings]

    return check
