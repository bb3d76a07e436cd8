"""The process of one decomposer under test: ``python -m evaluators.child_decomposer --system NAME``, for ``evaluators.isolated``.

Its times are those of the call alone, on the clock and of the processor, in a process that is warm: before the first request it
has answered one with code in every language.
Limits: an entry point; what a system is lies in ``evaluators.systems.decomposers``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from codepar.errors import CodeparError, InvalidInput
from codepar.protocols import Status
from evaluators.child import answer_failed, say
from evaluators.systems.decomposers import Decomposer, open_decomposer

_WARM_UP = "Translate these functions:\n\n" + "\n\n".join(
    f"```{name}\n{code}\n```"
    for name, code in (
        ("c", "int f(int a) { return a; }"),
        ("cpp", "namespace a { int g(int a) { return -a; } }"),
        ("cuda", "__global__ void k(float *a) { a[threadIdx.x] = 0; }"),
        ("fortran", "subroutine s(a)\n  real :: a\n  a = 0\nend subroutine s"),
        ("python", "def p(a):\n    return a"),
    )
)


def main() -> None:
    """Serve requests until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", required=True)
    parser.add_argument("--answers", type=int, required=True)
    options = parser.parse_args()
    try:
        system = open_decomposer(options.system)
        system(_WARM_UP, {})
    except CodeparError as error:
        say(options.answers, {"fault": error.message, "remedy": error.remedy, "exit_code": error.exit_code})
        return
    say(options.answers, {"ready": {}})
    for line in sys.stdin:
        request = json.loads(line)
        say(options.answers, _answer(system, request["prompt"], request["files"]))


def _answer(system: Decomposer, prompt: str, files: dict[str, str]) -> dict[str, Any]:
    started, worked = time.perf_counter(), time.process_time()
    try:
        found = system(prompt, files)
    except InvalidInput as error:
        return answer_failed(Status.REFUSED, str(error))
    except Exception as error:
        return answer_failed(Status.RUNTIME_ERROR, f"{type(error).__name__}: {error}")
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked
    spent = {"seconds": round(seconds, 6), "cpu_seconds": round(cpu_seconds, 6)}
    return {"status": Status.OK.value, "decomposition": found.model_dump(mode="json"), **spent}


if __name__ == "__main__":
    main()
