"""The process of one system under test: ``python -m evaluators.child --system NAME``, started by ``evaluators.isolated``.

Limits: an entry point; what a system is lies in ``evaluators.systems``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from typing import Any

from codepar.errors import CodeparError, EnvironmentFault, InvalidInput
from codepar.protocols import Status
from codepar.settings import Settings
from evaluators.systems import System, open_system

_MAX_MESSAGE = 300


def main() -> None:
    """Serve requests until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", required=True)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--answers", type=int, required=True)
    asyncio.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    try:
        system = await open_system(options.system, Settings(), options.budget)
    except CodeparError as error:
        say(options.answers, {"fault": error.message, "remedy": error.remedy, "exit_code": error.exit_code})
        return
    try:
        say(options.answers, {"ready": await system.provenance()})
        # Nothing else waits on this loop, so reading may block it.
        for line in sys.stdin:
            asked = json.loads(line)
            say(options.answers, await _answer(system, asked["source"], asked.get("path", "main.c")))
    finally:
        await system.close()


async def _answer(system: System, source: str, path: str) -> dict[str, Any]:
    started = time.monotonic()
    try:
        edits = await system.propose(source, path)
    except InvalidInput as error:
        return answer_failed(Status.REFUSED, str(error))
    except EnvironmentFault as error:
        return answer_failed(Status.INFRA_ERROR, str(error))
    except Exception as error:
        return answer_failed(Status.RUNTIME_ERROR, f"{type(error).__name__}: {error}")
    seconds = time.monotonic() - started
    calls = [edit.model_dump(mode="json", exclude_none=True) for edit in edits if edit.function]
    return {"status": Status.OK.value, "edits": calls, "seconds": round(seconds, 4)}


def answer_failed(status: Status, message: str) -> dict[str, Any]:
    """The answer of a system that gave none."""
    return {"status": status.value, "message": message[:_MAX_MESSAGE]}


def say(descriptor: int, value: dict[str, Any]) -> None:
    """Write one line to the harness."""
    data = json.dumps(value).encode() + b"\n"
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main()
