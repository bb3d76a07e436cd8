"""Test cases by rule over a collection of functions: ``cuda_cases.py PAIRS.jsonl [--purpose judge] [--seed 7] [--ids 4,6]``.

For each C function (``cpp_code`` of a row): how many proposed cases are clean under the sanitizers address and undefined, how
many are kept, on how many of those the function changes a buffer or returns something (what an empty kernel cannot match), and
the share of its branches that the kept cases take. Limits: what the cases are worth against faults is ``cuda_mutants.py``'s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path

from codepar.cuda.cases import CaseOutput, candidates, choose, new_nonce, read_dump, reference_project
from codepar.cuda.cases.coverage import covered
from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import read_function
from codepar.errors import CodeparError
from codepar.protocols import Executor
from codepar.settings import Settings
from worker.executor import open_executor


async def measure(executor: Executor, function: SequentialFunction, arguments: argparse.Namespace) -> Counter[str]:
    """Counts of one function."""
    program, nonce = reference_project(function), new_nonce()
    proposed = candidates(function, arguments.purpose, arguments.seed)
    tried = read_dump((await executor.execute(program.sanitized(proposed, nonce))).stdout, nonce)
    kept = choose(proposed, tried)
    counts = Counter(proposed=len(tried), clean=sum(one.is_ok for one in tried), kept=len(kept.cases))
    if kept.cases:
        result = await executor.execute(program.execution(kept, nonce, coverage=True))
        counts["telling"] = sum(map(_does_something, read_dump(result.stdout, nonce)))
        branches = covered(function, result.coverage, program.unit).ratio
        counts.update(branches=branches.total, taken=branches.taken)
    return counts


def _does_something(output: CaseOutput) -> bool:
    returned = output.values.get("return")
    return any(output.changed.values()) or (returned is not None and any(returned.data))


async def main() -> None:
    """Read the command line, measure every function, print the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--purpose", choices=("rank", "judge"), default="judge")
    parser.add_argument("--ids", default="", help="only these rows")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data-dir", type=Path, help="where caches lie (default: the user's)")
    parser.add_argument("--trust", action="store_true")
    arguments = parser.parse_args()
    executor = open_executor(Settings(data_dir=arguments.data_dir) if arguments.data_dir else Settings(), arguments.trust)
    wanted = {int(word) for word in arguments.ids.split(",") if word}
    total: Counter[str] = Counter()
    for line in arguments.file.read_text().splitlines():
        row = json.loads(line)
        if wanted and row["id"] not in wanted:
            continue
        try:
            counts = await measure(executor, read_function(row["cpp_code"], "original.cpp"), arguments)
        except CodeparError as error:
            print(f"{row['id']}: {error}")
            counts = Counter(refused=1)
        usable = counts["telling"] > 0
        is_covered = usable and counts["taken"] == counts["branches"]
        total.update({**counts, "functions": 1, "usable": usable, "all branches": is_covered})
        if not is_covered:
            print(f"{row['id']}: {dict(counts)}", flush=True)
    print(", ".join(f"{name} {count}" for name, count in total.items()))
    taken, clean = total["taken"] / max(1, total["branches"]), total["clean"] / max(1, total["proposed"])
    print(f"branch coverage {taken:.3f}, proposed cases that are clean {clean:.3f}")


if __name__ == "__main__":
    asyncio.run(main())
