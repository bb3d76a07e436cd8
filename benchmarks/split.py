"""How long `codepar.prompts.extract` takes in process: prompts of codepp's development half, and prompts of 50 to 200 lines.

Usage: python benchmarks/split.py [--rounds 5]. Prints milliseconds of processor time and of wall time, the best of the rounds for
each prompt, as p50, p95 and the largest. Limits: one process, prompts already in memory, imports and first use left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator

from codepar.prompts.extract import extract
from evaluators.benchmarks.codepp import load

FUNCTIONS = {
    "c": "static double part{n}(const double *x, int n)\n{{\n    double s = 0;\n"
    "    for (int i = 0; i < n; i++)\n        s += x[i] * {n};\n    return s;\n}}\n\n",
    "cuda": "__global__ void part{n}(float *x, int n)\n{{\n    int i = blockIdx.x * blockDim.x + threadIdx.x;\n    if (i < n)\n"
    "        x[i] *= {n};\n}}\n\n",
    "python": "def part{n}(x):\n    total = 0\n    for value in x:\n        total += value * {n}\n    return total\n\n\n",
    "fortran": "subroutine part{n}(x, n)\n  real, intent(inout) :: x(n)\n  integer :: i\n  do i = 1, n\n    x(i) = x(i) * {n}\n"
    "  end do\nend subroutine part{n}\n\n",
}


def long_prompts() -> Iterator[tuple[str, dict[str, str]]]:
    """Prompts of 50, 100 and 200 lines: code of each language, a numbered list, an e-mail of prose around code."""
    for lines in (50, 100, 200):
        for language, text in FUNCTIONS.items():
            count = (lines - 3) // text.count("\n")
            code = "".join(text.format(n=n) for n in range(count))
            yield f"Could you translate each of these functions to Rust?\n```{language}\n{code}```\n", {}
        yield (
            "Translate these sentences to German:\n"
            + "".join(f"{n + 1}. The solver needs {n} steps.\n" for n in range(lines - 1)),
            {},
        )
        prose = "We measured the solver on the old cluster, and it was slower than we had hoped for.\n" * (lines - 20)
        code = "".join(FUNCTIONS["c"].format(n=n) for n in range(2))
        yield f"Hello,\n\n{prose}\nPlease add comments to each function below.\n```c\n{code}```\n", {}


def best(prompt: str, files: dict[str, str], rounds: int) -> tuple[float, float]:
    """Processor and wall milliseconds of the fastest round."""
    cpu, wall = [], []
    for _ in range(rounds):
        begun, started = time.process_time_ns(), time.perf_counter_ns()
        extract(prompt, files)
        cpu.append((time.process_time_ns() - begun) / 1e6)
        wall.append((time.perf_counter_ns() - started) / 1e6)
    return min(cpu), min(wall)


def report(name: str, prompts: list[tuple[str, dict[str, str]]], rounds: int) -> None:
    """One line of the table."""
    times = [best(prompt, files, rounds) for prompt, files in prompts]
    for kind, values in (("cpu", [cpu for cpu, _ in times]), ("wall", [wall for _, wall in times])):
        cuts = statistics.quantiles(values, n=20)
        middle, largest = statistics.median(values), max(values)
        print(f"{name:<24} {kind:<4} n={len(values):<4} p50 {middle:6.2f}  p95 {cuts[18]:6.2f}  max {largest:6.2f} ms")


def main() -> None:
    """Measure both sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each prompt")
    rounds = parser.parse_args().rounds
    extract("warm", {})
    report("codepp development", [(case.prompt.text, case.prompt.files) for case in load("development")], rounds)
    report("50, 100 and 200 lines", list(long_prompts()), rounds)


if __name__ == "__main__":
    main()
