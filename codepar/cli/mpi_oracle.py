"""The user's own test as an oracle (`--oracle CMD`): run in a copy of the project, in the user's own account.

Limits: no walls, for it is the user's own command; it sees the rank count as CODEPAR_NP and is ended after the time limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from codepar.flows.mpi_request import OracleOptions
from codepar.mpi.oracle import CommandRunner
from codepar.project import Project

_ENDED_BY_TIME = 124


def shell_oracle(options: OracleOptions) -> CommandRunner | None:
    """A runner for the request's own command; None when it has none."""
    command, seconds = options.oracle, options.limits.wall_s + options.limits.compile_s
    if command is None:
        return None

    async def _run(project: Project, ranks: int) -> int:
        with tempfile.TemporaryDirectory(prefix="codepar-oracle-") as folder:
            _write(project, Path(folder))
            return await _shell(command, Path(folder), ranks, seconds)

    return _run


def _write(project: Project, folder: Path) -> None:
    for name, text in project.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


async def _shell(command: str, folder: Path, ranks: int, seconds: float) -> int:
    """The exit code; the command's whole process group ends with it, or when its time is up."""
    # The compilers of codepar's own environment come last, so that the user's own are found first.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    environment = {**os.environ, "CODEPAR_NP": str(ranks), "PATH": path}
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        return _ENDED_BY_TIME
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
