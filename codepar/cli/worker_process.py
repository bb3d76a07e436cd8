"""A worker that says it is there: ``python -m worker`` with its presence in the broker, and the sandbox proved before.

Limits: takes the same arguments as ``python -m worker`` and hands them on.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from celery.signals import worker_ready, worker_shutdown

from codepar.errors import CodeparError
from codepar.presence import Announcer
from codepar.queue import QueueName
from codepar.settings import Settings
from worker.__main__ import main as run_worker


def main(arguments: list[str]) -> int:
    """Run the worker until it is told to end. Returns its exit code."""
    settings = Settings()
    queues = [name for name in QueueName if name.value in _queues(arguments)]
    announcer = Announcer(settings, queues, lambda: _fault(settings, queues))

    def on_ready(**_: Any) -> None:
        announcer.start()

    def on_shutdown(**_: Any) -> None:
        announcer.stop()

    worker_ready.connect(on_ready)
    worker_shutdown.connect(on_shutdown)
    return run_worker(arguments)


def _queues(arguments: list[str]) -> list[str]:
    place = arguments.index("--queues") + 1 if "--queues" in arguments else len(arguments)
    return "".join(arguments[place : place + 1]).split(",")


def _fault(settings: Settings, queues: list[QueueName]) -> str | None:
    if QueueName.EXECUTE not in queues:
        return None
    from worker.sandbox import SandboxedRunner

    try:
        report = asyncio.run(SandboxedRunner(settings).probe())
    except CodeparError as error:
        return str(error)
    return None if report.holds else "; ".join(f"{wall.name}: {wall.detail}" for wall in report.broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
