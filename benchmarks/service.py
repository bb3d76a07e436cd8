"""Throughput of the service against bare ``mpicc`` and ``mpiexec``: distinct small MPI programs, caches off, in one run.

    .venv/bin/python benchmarks/service.py [--jobs 100] [--json]

Starts a service of its own in a temporary folder. All jobs come over REST at the same moment; the bare side runs the same
programs with as many at a time as the service has workers that execute. The two take turns in rounds, so that a noisy machine
disturbs both. Says how many jobs were lost, ran twice, or printed something else than their own number.
Limits: one machine; says nothing about latency.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from worker.toolchains.mpi import Launcher, choose, find_launchers

RANKS = 2
PROGRAM = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {{
    int rank, size, mine, total = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    mine = {number} + rank;
    MPI_Reduce(&mine, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("%d\\n", total);
    MPI_Finalize();
    return 0;
}}
"""


def expected(number: int) -> str:
    """What the program of this number prints at ``RANKS`` ranks."""
    return f"{sum(number + rank for rank in range(RANKS))}\n"


def run_bare(launcher: Launcher, number: int) -> None:
    """Compile and run one program as a person would, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.c").write_text(PROGRAM.format(number=number))
        subprocess.run([launcher.mpicc, "-O2", "main.c", "-o", "main"], cwd=folder, check=True)
        # The same launcher settings as in the box: without them MPICH on few cores is the slower of the two.
        environment = {**os.environ, **launcher.environment()}
        command = [*launcher.command(RANKS), "./main"]
        run = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
        assert run.stdout == expected(number), run.stdout


def bare_round(launcher: Launcher, numbers: list[int], workers: int) -> float:
    """Seconds for all programs, ``workers`` at a time."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda number: run_bare(launcher, number), numbers))
    return time.perf_counter() - begun


async def service_round(url: str, numbers: list[int]) -> tuple[float, list[dict[str, Any]]]:
    """Seconds for all programs, submitted at the same moment, and the jobs in the order of ``numbers``."""
    limits = httpx.Limits(max_connections=len(numbers))
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=limits, trust_env=False) as client:
        begun = time.perf_counter()
        jobs = await asyncio.gather(*(_job(client, number) for number in numbers))
        return time.perf_counter() - begun, jobs


async def _job(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
    body = {"project": {"source": PROGRAM.format(number=number)}, "options": {"ranks": RANKS, "cache": False}}
    answer = await client.post("/v1/executions", params={"wait": 120}, json=body)
    job: dict[str, Any] = answer.json()
    while job.get("state") in {"queued", "running"}:
        job = (await client.get(f"/v1/jobs/{job['id']}", params={"wait": 120})).json()
    return job


def start_service(folder: str) -> tuple[subprocess.Popen[str], str]:
    """A service in ``folder`` and its address."""
    environment = {**os.environ, "CODEPAR_DATA_DIR": folder, "CODEPAR_LOG_LEVEL": "warning"}
    command = [Path(sys.executable).with_name("codepar"), "serve", "--port", "0", "--no-engine", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    text = ""
    while not text.rstrip().endswith("}"):
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the service did not start; `codepar serve` says why")
        text += line
    return process, json.loads(text)["url"]


def handled_twice(url: str) -> int:
    """How many jobs took more than one attempt."""
    jobs = httpx.get(f"{url}/v1/jobs", params={"limit": 500}, trust_env=False).json()["jobs"]
    return sum(job["attempt"] > 1 for job in jobs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    launcher = choose(find_launchers("/usr/local/bin:/usr/bin:/bin"), "auto")
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="codepar-bench-") as folder:
        process, url = start_service(folder)
        try:
            result = measure(launcher, url, options.jobs, options.rounds, workers)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            process.stdout.close() if process.stdout else None
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:>28}  {value}")


def measure(launcher: Launcher, url: str, jobs: int, rounds: int, workers: int) -> dict[str, Any]:
    """Both sides in turn, after one job each to warm up."""
    run_bare(launcher, 0)
    asyncio.run(service_round(url, list(range(workers * 2))))
    bare_s = service_s = 0.0
    found: list[dict[str, Any]] = []
    for round_number in range(rounds):
        numbers = [1000 * (round_number + 1) + number for number in range(jobs)]
        bare_s += bare_round(launcher, numbers, workers)
        seconds, answered = asyncio.run(service_round(url, numbers))
        service_s += seconds
        found += [{**job, "number": number} for job, number in zip(answered, numbers, strict=True)]
    right = [job for job in found if (job.get("result") or {}).get("stdout") == expected(job["number"])]
    total = jobs * rounds
    return {
        "jobs": total,
        "concurrent submissions": jobs,
        "executing at a time": workers,
        "launcher": launcher.version,
        "bare jobs/s": round(total / bare_s, 2),
        "service jobs/s": round(total / service_s, 2),
        "ratio": round(bare_s / service_s, 3),
        "lost": total - len({job["id"] for job in found if job.get("state") == "succeeded"}),
        "wrong answers": total - len(right),
        "ran more than once": handled_twice(url),
    }


if __name__ == "__main__":
    main()
