"""``python -m worker --queues jobs --concurrency 4``: the entry point of a worker process. Limits: Linux only.

Celery puts the current folder on the import path, so a user's ``./worker`` would shadow ours: the data folder is entered first.
"""

from __future__ import annotations

import argparse
import os
import sys

from codepar.errors import CodeparError
from codepar.lifetime import die_with_parent
from codepar.queue import QueueName
from codepar.settings import Settings
from worker.app import Worker
from worker.toolchains.gpu.toolchain import require_gpu


def main(arguments: list[str] | None = None) -> int:
    """Run a worker until it is told to end. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m worker", description="Take work from codepar's queues.")
    parser.add_argument("--queues", required=True, help="comma-separated: jobs, execute, gpu")
    parser.add_argument("--concurrency", type=int, default=1, help="processes that work at the same time")
    parser.add_argument("--with-parent", action="store_true", help="end when the starting process ends, however it ends")
    options = parser.parse_args(arguments)
    service = None
    if options.with_parent:
        die_with_parent()
        service = os.pidfd_open(os.getppid())
    try:
        queues = [QueueName(name) for name in options.queues.split(",")]
    except ValueError as error:
        parser.error(str(error))
    settings = Settings()
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chdir(settings.data_dir)
        if QueueName.GPU in queues:
            require_gpu(settings)
        return Worker(settings, queues, max(options.concurrency, 1), service).run()
    except CodeparError as error:
        sys.stderr.write(f"worker: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
