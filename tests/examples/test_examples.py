"""The example programs do what their page says: the MPI form prints what the sequential form prints, at every rank count."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
BIN = Path(sys.executable).parent
FOLDERS = ["pi", "matmul", "sort", "histogram", "heat"]
# Ranks of MPICH spin while they wait, which takes minutes where cores are fewer than ranks.
YIELD = {
    "MPIR_CVAR_CH4_PROGRESS_THROTTLE": "1",
    "MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT": "10",
    "MPIR_CVAR_ENABLE_HEAVY_YIELD": "1",
}
ENVIRONMENT = {**os.environ, **YIELD, "PATH": f"{BIN}:{os.environ['PATH']}"}


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=FOLDERS)
def built(request, tmp_path):
    """The two programs of an example, compiled: (sequential, MPI)."""
    if not (BIN / "mpicc").is_file():
        pytest.skip("the mpich wheel is not installed in this environment")
    name = request.param
    shutil.copytree(EXAMPLES / name, tmp_path, dirs_exist_ok=True)
    if name == "heat":
        for part in ("serial", "mpi"):
            run("make", cwd=tmp_path / part)
        return tmp_path / "serial" / "heat", tmp_path / "mpi" / "heat"
    flags = ["-O1", "-std=c99", "-Wall", "-Wextra", "-Werror"]
    run("cc", *flags, "-o", "serial", f"{name}_serial.c", "-lm", cwd=tmp_path)
    run("mpicc", *flags, "-o", "mpi", f"{name}_mpi.c", "-lm", cwd=tmp_path)
    return tmp_path / "serial", tmp_path / "mpi"


def test_the_mpi_form_agrees_with_the_sequential_form(built):
    serial, parallel = built
    expected = run(str(serial), cwd=serial.parent)
    assert len(expected.splitlines()) >= 2
    for ranks in (1, 2, 3, 4):
        assert run("mpiexec", "-launcher", "fork", "-n", str(ranks), str(parallel), cwd=serial.parent) == expected
