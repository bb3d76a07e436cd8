"""``codepar serve``: one process to start and to stop for broker, engine, workers and API. Limits: one machine, Linux."""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from codepar.broker import private_folder
from codepar.cli.common import JsonOption, print_json, say
from codepar.cli.serve_log import ServeLog
from codepar.cli.serve_parts import engine_socket, make_parts, runs_own_engine
from codepar.cli.supervisor import Supervisor
from codepar.errors import EnvironmentFault, InvalidInput
from codepar.settings import Settings
from codepar.store import FolderLock, open_store

BACKLOG = 1024
PROBE_EVERY_S = 0.3
# A part that is still down then will not come up by waiting; the others can be used.
PATIENCE_S = 30.0


def register(app: typer.Typer) -> None:
    """Add `serve` to the command."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65535)] = None,
    engine: Annotated[bool, typer.Option(help="Start a language model of our own.")] = True,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of jobs, models and caches.")] = None,
    json: JsonOption = False,
) -> None:
    """Run the service until Ctrl-C; a second Ctrl-C does not wait for anything."""
    settings = _settings(host, port, data_dir)
    log = ServeLog(as_json=json)
    with FolderLock(settings.data_dir), _listen(settings.host, settings.port) as listener:
        private_folder(settings.runtime_dir)
        private_folder(settings.broker_socket.parent)
        # Migrates before anything runs: what is wrong with the database is told here, once.
        open_store(settings).close()
        own_engine = runs_own_engine(settings, engine=engine)
        if own_engine:
            settings = settings.model_copy(update={"engine_url": f"unix://{engine_socket(settings)}"})
        elif settings.engine_url is None:
            reason = "no model is installed (codepar models pull)" if engine else "--no-engine"
            log("serve", f"runs without a language model: {reason}")
        supervisor = Supervisor(log)
        announcer = _Announcer(settings.host, listener, log, as_json=json)
        try:
            supervisor.run(make_parts(settings, supervisor, listener, engine=own_engine), announcer.tick)
        finally:
            _sweep_up(settings)
    log("serve", "stopped")


def _settings(host: str | None, port: int | None, data_dir: Path | None) -> Settings:
    given: dict[str, Any] = {"host": host, "port": port, "data_dir": data_dir}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    # The children run in another folder, so nothing may depend on this one.
    absolute = {name: getattr(settings, name).absolute() for name in ("data_dir", "runtime_dir")}
    return settings.model_copy(update=absolute)


def _listen(host: str, port: int) -> socket.socket:
    if host not in {"127.0.0.1", "::1", "localhost"}:
        say(f"codepar: {host} is reachable from other machines and this version asks for no key; put a proxy that does in front")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise InvalidInput(f"--host {host!r} is no address of this machine: {error.strerror}", param="host") from error
    except OSError as error:
        remedy = (
            "choose another: codepar serve --port 0" if error.errno == errno.EADDRINUSE else "choose another --host or --port"
        )
        raise EnvironmentFault(f"cannot listen on {host}:{port}: {error.strerror}", remedy=remedy) from error


def _sweep_up(settings: Settings) -> None:
    with suppress(OSError):
        engine_socket(settings).unlink(missing_ok=True)
    for folder in {settings.broker_socket.parent, settings.runtime_dir}:
        with suppress(OSError):
            folder.rmdir()


class _Announcer:
    """Prints the address once every part answers, or the API does and others have had their time."""

    def __init__(self, host: str, listener: socket.socket, log: ServeLog, *, as_json: bool) -> None:
        self._address, self._port = listener.getsockname()[:2]
        if self._address in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
            self._address = "127.0.0.1"
        shown = f"[{host}]" if ":" in host else host
        self._url = f"http://{shown}:{self._port}"
        self._log = log
        self._as_json = as_json
        self._begun = time.monotonic()
        self._next = 0.0
        self._done = False

    def tick(self) -> None:
        """Look, unless all is said."""
        moment = time.monotonic()
        if self._done or moment < self._next:
            return
        self._next = moment + PROBE_EVERY_S
        missing = self._missing()
        if missing is None or (missing and moment - self._begun < PATIENCE_S):
            return
        self._done = True
        if missing:
            self._log("serve", f"not everything works (codepar doctor): {', '.join(missing)}")
        self._announce()

    def _announce(self) -> None:
        if self._as_json:
            print_json({"url": self._url, "pid": os.getpid()})
        else:
            typer.echo(f"listening on {self._url}")

    def _missing(self) -> list[str] | None:
        connection = http.client.HTTPConnection(self._address, self._port, timeout=2)
        try:
            connection.request("GET", "/ready")
            parts = json.loads(connection.getresponse().read())["parts"]
            return [f"{name} ({part['detail']})" for name, part in parts.items() if part["status"] == "down"]
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return None
        finally:
            connection.close()
