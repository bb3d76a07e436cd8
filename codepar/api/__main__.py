"""The API process: ``python -m codepar.api --fd N`` under ``codepar serve``, ``--host`` and ``--port`` in a container.

Limits: one process; the settings come from the environment.
"""

from __future__ import annotations

import argparse
import socket

import uvicorn

from codepar.api.app import create_app
from codepar.logs import configure_logs
from codepar.settings import Settings

GRACE_S = 3


def main() -> None:
    """Serve until SIGTERM."""
    settings = Settings()
    arguments = _arguments(settings)
    configure_logs(settings.log_level)
    config = uvicorn.Config(
        create_app(settings),
        host=arguments.host,
        port=arguments.port,
        log_config=None,
        access_log=settings.log_level == "debug",
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        backlog=1024,
    )
    sockets = None if arguments.fd is None else [socket.socket(fileno=arguments.fd)]
    uvicorn.Server(config).run(sockets=sockets)


def _arguments(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="codepar.api", description="The API process of codepar.")
    parser.add_argument("--fd", type=int, help="a listening socket, inherited")
    parser.add_argument("--host", default=settings.host)
    parser.add_argument("--port", type=int, default=settings.port)
    return parser.parse_args()


if __name__ == "__main__":
    main()
