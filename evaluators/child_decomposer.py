"""The process of one decomposer under test: ``python -m evaluators.child_decomposer --system NAME``, for ``evaluators.isolated``.

Its time is that of the call alone, in a process that is warm: before the first request it has answered a short one.
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

_WARM_UP = "Translate these two functions to CUDA:\n```c\nint f(int a) { return a; }\nint g(int a) { return -a; }\n```"


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
    started = time.perf_counter()
    try:
        found = system(prompt, files)
    except InvalidInput as error:
        return answer_failed(Status.REFUSED, str(error))
    except Exception as error:
        return answer_failed(Status.RUNTIME_ERROR, f"{type(error).__name__}: {error}")
    seconds = time.perf_counter() - started
    return {"status": Status.OK.value, "decomposition": found.model_dump(mode="json"), "seconds": round(seconds, 6)}


if __name__ == "__main__":
    main()
