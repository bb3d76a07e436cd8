"""``codepar mpi trace`` on real runs of both MPIs, as a person starts them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

from codepar.errors import ToolMissing
from worker.toolchains.mpi import choose, find_launchers

PROGRAM = r"""#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int c, char **v) {
    int rank, size, x = 1, y;
    const char *what = c > 1 ? v[1] : "";
    MPI_Init(&c, &v);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (!strcmp(what, "sends"))
        MPI_Send(&x, 1, MPI_INT, 1 - rank, 7, MPI_COMM_WORLD); // line 13
    if (!strcmp(what, "hang") || !strcmp(what, "sends"))
        MPI_Recv(&y, 1, MPI_INT, 1 - rank, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE); // line 15
    for (int i = 0; i < 10; i++) {
        if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, i, MPI_COMM_WORLD);
        if (rank == 1) MPI_Recv(&y, 1, MPI_INT, 0, i, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    if (rank == 1) usleep(300000);
    MPI_Barrier(MPI_COMM_WORLD);
    if (!strcmp(what, "sleep")) sleep(60);
    if (rank == 0) printf("result %s\n", getenv("LD_PRELOAD") ? "seen" : "unseen");
    if (rank == 1) fprintf(stderr, "note\n");
    MPI_Finalize();
    return !strcmp(what, "fail") ? 3 : 0;
}
"""


class Traced:
    """One MPI, a program built with it, and the command."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.launcher = choose(find_launchers(os.environ.get("PATH", "")), kind)
        self.folder = folder
        self.environment = {**os.environ, **self.launcher.environment(), "XDG_DATA_HOME": str(folder / "data")}
        (folder / "app.c").write_text(PROGRAM)
        build = [str(self.launcher.mpicc), "-g", "app.c", "-o", "app"]
        subprocess.run(build, cwd=folder, env=self.environment, check=True, capture_output=True)

    def run(self, *options: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        extra = [] if self.launcher.kind == "mpich" else ["--map-by", ":OVERSUBSCRIBE"]
        command = ["--", str(self.launcher.mpiexec), *extra, "-n", "2", "./app", *arguments]
        return self.codepar("trace", *options, *command)

    def codepar(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from codepar.cli.main import main; main()", "mpi", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def processes(self) -> list[int]:
        found = []
        for process in psutil.process_iter(["exe", "status"]):
            if process.info["exe"] == str(self.folder / "app") and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        return found


@pytest.fixture(scope="module", params=["mpich", "openmpi"])
def traced(request, tmp_path_factory):
    try:
        return Traced(request.param, tmp_path_factory.mktemp("trace"))
    except ToolMissing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def test_a_run_is_measured_and_its_output_is_its_own(traced):
    done = traced.run("--picture", "p.svg", "--output", "o.json")
    assert (done.returncode, done.stdout.strip()) == (0, "result seen"), done.stderr
    assert "note" in done.stderr
    assert "MPI_Barrier app.c:21" in done.stderr
    report = json.loads((traced.folder / "o.json").read_text())
    assert (report["status"], report["ranks"], report["exit_code"]) == ("ok", 2, 0)
    assert report["matrix"]["messages"] == [[0, 10], [0, 0]]
    assert report["matrix"]["bytes"] == [[0, 40], [0, 0]]
    barrier = next(call for call in report["calls"] if call["call"] == "MPI_Barrier")
    # Rank 0 waits in the barrier for rank 1, which sleeps in its own code.
    assert barrier["by_rank_s"][0] > barrier["by_rank_s"][1]
    assert report["rank_times"][1]["own_s"] >= 0.3
    assert ElementTree.parse(traced.folder / "p.svg").getroot().tag.endswith("svg")


def test_a_deadlock_is_named_and_ended(traced):
    done = traced.run("--json", arguments=("hang",))
    report = json.loads(done.stdout)
    messages = [one["message"] for one in report["diagnostics"]]
    assert (done.returncode, report["status"]) == (1, "deadlock"), done.stderr
    assert messages[:2] == [
        "rank 0 waits in MPI_Recv(source=1, tag=7) at app.c:15",
        "rank 1 waits in MPI_Recv(source=0, tag=7) at app.c:15",
    ]
    assert "they wait in a cycle, 0 -> 1 -> 0" in messages[2]
    assert traced.processes() == []


def test_synchronous_sends_show_what_needs_buffering(traced):
    assert traced.run(arguments=("sends",)).returncode == 0
    done = traced.run("--sync-sends", "--delays", "4", arguments=("sends",))
    assert done.returncode == 1
    assert "deadlock: rank 0 waits in MPI_Send(dest=1, tag=7) at app.c:13" in done.stderr


def test_a_timeout_and_a_failed_program_are_no_success(traced):
    slow = traced.run("--timeout", "2", arguments=("sleep",))
    assert slow.returncode == 1
    assert "codepar: timeout" in slow.stderr
    assert "rank 0 is in its own code" in slow.stderr
    assert traced.processes() == []
    failed = traced.run(arguments=("fail",))
    assert failed.returncode == 1
    # Open MPI kills the other rank as soon as one has failed: either may be the one that came to its end.
    assert re.search(r"rank [01] exited with code 3$", failed.stderr, re.MULTILINE), failed.stderr


@pytest.mark.parametrize("traced", ["mpich"], indirect=True)
def test_wrong_use_is_told_from_a_poor_environment(traced):
    assert traced.codepar("trace").returncode == 2
    assert traced.codepar("trace", "--", "no-such-launcher-here", "./app").returncode == 2
    assert traced.codepar("trace", "--timeout", "0", "--", "true").returncode == 2
    unknown = traced.codepar("trace", "--", "true")
    assert unknown.returncode == 2
    assert "which MPI it belongs to" in unknown.stderr
    assert traced.codepar("trace", "--picture", "/no/such/folder/p.svg", "--", "true").returncode == 2


@pytest.mark.parametrize("traced", ["mpich"], indirect=True)
def test_a_launcher_that_starts_nothing_is_no_success(traced):
    shutil.copy(shutil.which("true"), traced.folder / "nothing")
    done = traced.codepar("trace", "--", str(traced.launcher.mpiexec), "-n", "1", "./nothing")
    assert done.returncode == 3
    assert "no rank was seen" in done.stderr
