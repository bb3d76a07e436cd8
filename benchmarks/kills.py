"""What ``kill -9`` of worker processes costs a job: seconds over its normal time, results, terminal events, processes left.

    .venv/bin/python benchmarks/kills.py [--seconds 40] [--only NAME] [--at 5 60 110] [--json]

Every trial has a service of its own in a temporary folder; some run side by side, as the program under test only sleeps. It
says once when it began and once when it ended, so a second run would be seen in the result. Who is killed: one pool process
(``child``), the worker (``parent``), the worker with everything below it (``tree``), every process of the service whose command
line names a worker (``named``), or those and the keepers too (``all``; the work is lost then and must begin again at once).
Limits: one machine; what is killed is looked for as root or as the user who runs this.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).parent))
from service import start_service

SLEEPER = """#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {{
    MPI_Init(&argc, &argv);
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) {{ puts("begun"); fflush(stdout); }}
    sleep({seconds});
    if (rank == 0) puts("ended");
    MPI_Finalize();
    return 0;
}}
"""
STRIPPED = "\n".join(line for line in SLEEPER.splitlines() if "MPI_Init" not in line and "MPI_Finalize" not in line)
SIDE_BY_SIDE = 4
# A job that kills its worker does so about that long after it began.
AFTER_S = 1.0


@dataclass(frozen=True)
class Trial:
    """Who is killed at which seconds after the job began to run, or in each of the first ``attempts``, soon after it began.

    ``part`` is the worker that is meant.
    """

    name: str
    who: str = ""
    part: str = "execute"
    at: tuple[float, ...] = ()
    attempts: int = 0
    kind: str = "execution"
    seconds: int = 40


@dataclass
class Observed:
    """What came of a trial. ``over_s`` is its time beyond that of an undisturbed one."""

    trial: str
    killed: int = 0
    wall_s: float = 0.0
    over_s: float | None = None
    state: str = ""
    attempt: int = 0
    outcome: str = ""
    begun_lines: int = 0
    terminal_events: int = 0
    left: list[str] = field(default_factory=list)


def command_line(process: psutil.Process) -> str:
    """Empty when it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def victims(service: psutil.Process, who: str, part: str) -> list[psutil.Process]:
    """The processes of the service to kill."""
    below = service.children(recursive=True)
    named = [process for process in below if "-m worker" in command_line(process)]
    if who in {"named", "all"}:
        return named + ([process for process in below if "keeper" in command_line(process)] if who == "all" else [])
    parent = next(process for process in service.children() if f"--queues {part}" in command_line(process))
    children = [process for process in parent.children() if "-m worker" in command_line(process)]
    return {"child": children, "parent": [parent], "tree": [*parent.children(recursive=True), parent]}[who]


def kill(processes: list[psutil.Process]) -> int:
    """How many were still there to be killed."""
    count = 0
    for process in processes:
        try:
            process.kill()
            count += 1
        except psutil.Error:
            pass
    return count


def body_of(trial: Trial) -> tuple[str, dict[str, Any]]:
    """The address and the body of the trial's request."""
    program = SLEEPER.format(seconds=trial.seconds)
    limits = {"wall_s": trial.seconds + 60}
    if trial.kind == "execution":
        return "/v1/executions", {"source": program, "options": {"ranks": 2, "limits": limits}}
    options = {"ranks": [2], "reference": program, "limits": limits}
    return "/v1/mpi/completions", {"project": {"files": {"a.c": STRIPPED.format(seconds=trial.seconds)}}, "options": options}


def carry_out(trial: Trial) -> Observed:
    """One service, one job, its kills, its end."""
    with tempfile.TemporaryDirectory(prefix="codepar-kills-") as folder:
        process, url = start_service(folder)
        service = psutil.Process(process.pid)
        try:
            with httpx.Client(base_url=url, timeout=300, trust_env=False) as client:
                observed = _observe(trial, client, lambda: victims(service, trial.who, trial.part))
            before = service.children(recursive=True)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            process.stdout.close() if process.stdout else None
        _, alive = psutil.wait_procs(before, timeout=2)
        observed.left = [command_line(one) for one in alive]
    return observed


def _observe(trial: Trial, client: httpx.Client, find: Callable[[], list[psutil.Process]]) -> Observed:
    # Headers are read, walls proved and the compiler warmed before the clock runs.
    client.post("/v1/executions", params={"wait": 60}, json={"source": SLEEPER.format(seconds=0), "options": {"ranks": 2}})
    observed = Observed(trial.name)
    address, body = body_of(trial)
    job = client.post(address, json=body).json()
    for moment in trial.at:
        job = _when(client, job["id"], lambda job, moment=moment: _age_s(job) >= moment)
        observed.killed += 0 if job["finished_at"] else kill(find())
    for attempt in range(1, 1 + trial.attempts):
        job = _when(client, job["id"], lambda job, attempt=attempt: job["attempt"] >= attempt)
        time.sleep(AFTER_S)
        observed.killed += 0 if job["finished_at"] else kill(find())
    while job["finished_at"] is None:
        job = client.get(f"/v1/jobs/{job['id']}", params={"wait": 60}).json()
    ended, begun = (datetime.fromisoformat(job[name]) for name in ("finished_at", "created_at"))
    observed.wall_s = round((ended - begun).total_seconds(), 1)
    observed.state, observed.attempt = job["state"], job["attempt"]
    observed.outcome, observed.begun_lines = _outcome(job)
    observed.terminal_events = client.get(f"/v1/jobs/{job['id']}/events").text.count("event: finished")
    return observed


def _when(client: httpx.Client, job_id: str, is_time: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The job as soon as it is time, or at its end."""
    while True:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        if job["finished_at"] or is_time(job):
            return job
        time.sleep(0.05)


def _age_s(job: dict[str, Any]) -> float:
    return time.time() - datetime.fromisoformat(job["started_at"]).timestamp() if job["started_at"] else -1.0


def _outcome(job: dict[str, Any]) -> tuple[str, int]:
    result = job["result"] or {}
    if job["error"] is not None:
        return job["error"]["code"], 0
    if "verification" in result:
        return ",".join(f"{one['ranks']}:{one['status']}:{one['agrees']}" for one in result["verification"]), 0
    return result["status"], result["stdout"].count("begun")


def trials(seconds: int, at: tuple[float, ...]) -> list[Trial]:
    """All of them. A completion runs a shorter program several times, in all about as long as a bare execution."""
    found = [Trial("undisturbed", seconds=seconds)]
    for who in ("child", "parent", "tree", "named", "all"):
        found += [Trial(f"{who}@{moment:g}", who, at=(moment,), seconds=seconds) for moment in at]
    found += [Trial(f"{who}x{len(at)}", who, at=at, seconds=seconds) for who in ("child", "parent", "named")]
    for who in ("child", "parent", "named", "all"):
        found.append(Trial(f"each-{who}", who, attempts=3, seconds=seconds))
    short = max(seconds // 4, 2)
    found += [Trial("mpi-undisturbed", kind="completion", seconds=short)]
    for part in ("jobs", "execute"):
        for who in ("child", "parent"):
            found.append(Trial(f"mpi-{part}-{who}x{len(at)}", who, part, at, kind="completion", seconds=short))
    found.append(Trial("mpi-each-child", "child", "jobs", attempts=3, kind="completion", seconds=short))
    return [*found, Trial(f"mpi-namedx{len(at)}", "named", at=at, kind="completion", seconds=short)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=40, help="how long the program under test runs")
    parser.add_argument("--at", type=float, nargs="+", help="moments of the kills, in seconds after the job began to run")
    parser.add_argument("--only", default="", help="trials whose name contains this; the undisturbed ones always run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    at = tuple(options.at or (0.15 * options.seconds, 0.5 * options.seconds, 0.9 * options.seconds))
    chosen = [trial for trial in trials(options.seconds, at) if options.only in trial.name or "undisturbed" in trial.name]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = list(pool.map(carry_out, chosen))
    normal = {observed.trial: observed.wall_s for observed in found if "undisturbed" in observed.trial}
    for observed in found:
        base = normal["mpi-undisturbed" if observed.trial.startswith("mpi") else "undisturbed"]
        observed.over_s = round(observed.wall_s - base, 1)
    if options.json:
        print(json.dumps([asdict(observed) for observed in found], indent=1))
        return
    for observed in found:
        print("  ".join(f"{name}={value}" for name, value in asdict(observed).items()), flush=True)


if __name__ == "__main__":
    main()
