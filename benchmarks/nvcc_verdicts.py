"""Do nvcc and the CPU runtime accept the same programs? ``python benchmarks/nvcc_verdicts.py FILE [--every N]``.

FILE holds pairs as ``cuda_pairs.py`` reads them. Each goes to nvcc's front end and to the CPU runtime's compiler, as it is
and with a built-in misspelt, which both must refuse. Limits: the CPU runtime also starts the program, which then does nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections import Counter
from pathlib import Path

from cuda_pairs import program

from codepar.project import Project
from codepar.protocols import Execution, Limits, Status
from codepar.settings import Settings
from worker.executor import LocalExecutor
from worker.sandbox import SandboxedRunner

_NO_TEST = "-1"
_LIMITS = Limits(wall_s=20, compile_s=120)


async def _verdicts(executor: LocalExecutor, source: str, seconds: list[float]) -> tuple[str, str]:
    project = Project(files={"main.cu": source})
    asked = Execution(project=project, arguments=(_NO_TEST,), limits=_LIMITS)
    built = await executor.cuda.check(asked)
    if not built.cached:
        seconds.append(built.wall_s)
    emulated = await executor.execute(asked.model_copy(update={"emulate": True}))
    refused = {Status.COMPILE_ERROR, Status.UNSUPPORTED, Status.REFUSED}
    return (
        "accepts" if built.status == Status.OK else "refuses",
        str(emulated.status) if emulated.status in refused else "accepts",
    )


async def _run(rows: list[dict]) -> None:
    settings = Settings()
    executor = LocalExecutor(settings, SandboxedRunner(settings))
    seconds: list[float] = []
    tables: dict[str, Counter[tuple[str, str]]] = {"as it is": Counter(), "misspelt": Counter()}
    for row in rows:
        whole = program(f"{row['cuda_code']}\n{row['cuda_wrapper']}", row["consistent_cuda_inputs"])
        for name, source in (
            ("as it is", whole),
            ("misspelt", whole.replace("blockIdx", "blokIdx", 1).replace("threadIdx", "threedIdx", 1)),
        ):
            verdict = await _verdicts(executor, source, seconds)
            tables[name][verdict] += 1
            if (verdict[0] == "accepts") != (verdict[1] == "accepts"):
                print(f"differ: {row['id']} {name}: nvcc {verdict[0]}, CPU runtime {verdict[1]}", flush=True)
    for name, table in tables.items():
        for (by_nvcc, by_us), count in sorted(table.items()):
            print(f"{name:9s} nvcc {by_nvcc}, CPU runtime {by_us}: {count}")
    print(f"nvcc -ptx: median {statistics.median(seconds or [0]):.2f} s of {len(seconds)}")


def main() -> None:
    """Read the pairs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.file.read_text().splitlines()][:: options.every]
    asyncio.run(_run(rows))


if __name__ == "__main__":
    main()
