import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int rank, size;
    double part = 0, total;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int i = rank; i < 1000; i += size) part += 1.0 / (i + NUMBER);
    MPI_Reduce(&part, &total, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("sum NUMBER is %f\\n", total);
    MPI_Finalize();
    return 0;
}
"""
PART = """#include <mpi.h>
void exchange(double *row, int n, int up, int down, MPI_Comm comm) {
    MPI_Sendrecv(row, n, MPI_DOUBLE, up, 0, row + n, n, MPI_DOUBLE, down, 0, comm, MPI_STATUS_IGNORE);
    MPI_Barrier(comm);
}
"""


@pytest.fixture
def program() -> str:
    return PROGRAM.replace("NUMBER", "1")


@pytest.fixture
def part() -> str:
    return PART


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[[str, dict[str, str | bytes]], str]:
    """Writes `owner/name` with these files below `tmp_path/mirrors` and gives its commit."""

    def make(name: str, files: dict[str, str | bytes]) -> str:
        folder = tmp_path / "mirrors" / name.replace("/", "+")
        folder.mkdir(parents=True)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "files"], check=True)
        done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return make
