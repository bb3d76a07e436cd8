"""Three small programs of two repositories in the published form of the benchmark, and answers to them."""

import json
import os
import sys
from pathlib import Path

import pytest

from evaluators.benchmarks.hpcorpusmpi import load

WAVES = """int main(int argc, char **argv)
{
  int rank;
  int size;
  double t0;
  double local = 1.0;
  double total;
  t0 =
  local = local * 2.0;
  printf("%d of %d: %f %f\\n", rank, size, total, t0);
  return 0;
}
"""
# The timer is inline, so the labels after it are one line too low, as in the published data.
WAVES_LABELS = (
    " (7 1,   MPI_Init(&argc, &argv);) (7 2,   MPI_Comm_rank(MPI_COMM_WORLD, &rank);) "
    "(7 3,   MPI_Comm_size(MPI_COMM_WORLD, &size);) (7 0,  MPI_Wtime();) "
    "(8 1,   MPI_Reduce(&local, &total, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);) (9 1,   MPI_Finalize();) "
)
RING = """int main(int argc, char **argv)
{
  int rank;
  int value = 0;
  if (rank == 0)
  {
    value = 42;
  }
  printf("%d\\n", value);
  return 0;
}
"""
RING_LABELS = (
    " (4 1,   MPI_Init(&argc, &argv);) (4 2,   MPI_Comm_rank(MPI_COMM_WORLD, &rank);) "
    "(8 1,   MPI_Bcast(&value, 1, MPI_INT, 0, MPI_COMM_WORLD);) (9 1,   MPI_Finalize();) "
)


def numbered(source):
    return "\n".join(f"{number}: {line}" for number, line in enumerate(source.split("\n"), start=1))


PROGRAMS = [
    {"program": "ada_waves_1", "code": numbered(WAVES), "mpi_labels": WAVES_LABELS},
    {"program": "ada_waves_2", "code": numbered(RING), "mpi_labels": RING_LABELS},
    {"program": "bob_ring-code_1", "code": numbered(RING), "mpi_labels": RING_LABELS},
]


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def data(tmp_path):
    """The benchmark's file."""
    return write_lines(tmp_path / "data.jsonl", PROGRAMS)


@pytest.fixture
def tasks(data):
    return load(data)


@pytest.fixture
def write_rows():
    """Writes objects as JSONL and returns the path."""
    return write_lines


@pytest.fixture(scope="session", autouse=True)
def _mpi_on_path():
    """The compiler wrappers of the environment that the tests run in, from which `mpi.h` is found."""
    binaries = str(Path(sys.executable).parent)
    if binaries not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"
