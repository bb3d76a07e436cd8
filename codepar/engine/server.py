"""The engine process: one language model behind the OpenAI shapes, on a unix socket or a loopback port.

`python -m codepar.engine.server [--uds PATH | --port N]`. It answers as soon as the weights are loaded, ends on SIGTERM, and with
the process that started it. Exit code 3 when there is no model. Limits: no authentication; the socket is its owner's alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, Strict, TypeAdapter

from codepar.engine.factory import open_generator
from codepar.engine.routes import openai_router, until_hangup
from codepar.errors import CodeparError, EngineUnavailable, Unsupported
from codepar.protocols import Generator, Prompt, SiteScorer, SiteScores, SiteText
from codepar.settings import Settings

_PR_SET_PDEATHSIG = 1
MAX_SCORED = 256
_SITES = TypeAdapter(list[SiteScores])


class ScoreRequest(BaseModel):
    """`POST /score`: how probable is each choice after the prompt."""

    prompt: Prompt
    choices: list[Annotated[str, Strict()]] = Field(max_length=MAX_SCORED)


class SitesRequest(BaseModel):
    """`POST /sites`: which calls are missing at which sites of each text."""

    texts: list[SiteText] = Field(max_length=MAX_SCORED)


class TokenizeRequest(BaseModel):
    """`POST /tokenize`, as in vLLM."""

    prompt: Annotated[str, Strict()]


def make_app(generator: Generator) -> FastAPI:
    """The application over one generator, which the caller opens and closes."""
    app = FastAPI(title="codepar engine", docs_url=None, redoc_url=None)
    app.include_router(openai_router(lambda _request: generator))
    app.add_exception_handler(CodeparError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_bad_request)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "model": (await generator.capabilities()).model}

    @app.post("/score")
    async def score(body: ScoreRequest, request: Request) -> Response:
        scores = await until_hangup(request, generator.score(body.prompt, body.choices))
        return JSONResponse({"scores": scores})

    @app.post("/sites")
    async def sites(body: SitesRequest, request: Request) -> Response:
        if not isinstance(generator, SiteScorer):
            raise Unsupported("this engine scores no sites", remedy="use the embedded engine")
        found = await until_hangup(request, generator.score_sites(body.texts))
        return JSONResponse({"texts": _SITES.dump_python(found or [], mode="json")})

    @app.post("/tokenize")
    async def tokenize(body: TokenizeRequest) -> dict[str, int]:
        capabilities = await generator.capabilities()
        return {"count": await generator.count_tokens(body.prompt), "max_model_len": capabilities.context_tokens}

    return app


async def _on_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CodeparError)
    body = {"message": str(error), "type": error.type, "param": error.param, "code": error.code}
    return JSONResponse({"error": body}, status_code=error.http_status)


async def _on_bad_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    malformed = first["type"] == "json_invalid"
    place = ".".join(str(part) for part in first["loc"][1:])
    body = {"message": f"{place}: {first['msg']}", "type": "invalid_request_error", "param": place, "code": "invalid_input"}
    return JSONResponse({"error": body}, status_code=400 if malformed else 422)


class _Server(uvicorn.Server):
    """Uvicorn's own handlers raise the signal again at the end, which would skip the clean-up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True


async def serve(settings: Settings, listener: socket.socket) -> None:
    """Load the model, then answer on ``listener`` until SIGTERM or SIGINT."""
    # The engine process is what an engine URL points to; it must not become its own client.
    generator = await open_generator(settings.model_copy(update={"engine_url": None}))
    try:
        config = uvicorn.Config(
            make_app(generator), log_level=settings.log_level, access_log=False, timeout_graceful_shutdown=3, lifespan="off"
        )
        await _Server(config).serve(sockets=[listener])
    finally:
        await generator.close()


def unix_listener(path: Path) -> socket.socket:
    """A socket at ``path`` that only its owner can use. Raises ``EngineUnavailable`` when another engine answers there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise EngineUnavailable(f"an engine already answers at {path}", remedy="stop it first")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    old = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise EngineUnavailable(f"{path} cannot be bound: {error.strerror or error}", remedy="set CODEPAR_RUNTIME_DIR") from error
    finally:
        os.umask(old)
    return listener


def port_listener(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise EngineUnavailable(
            f"port {port} cannot be bound: {error.strerror or error}", remedy="choose another --port"
        ) from error
    return listener


def _end_with_parent() -> None:
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise EngineUnavailable("the process that started the engine is gone", remedy="start it again")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="codepar.engine.server", description="The engine process.")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--uds", type=Path, help="unix socket (default: engine.sock in the runtime folder)")
    place.add_argument("--port", type=int, help="loopback port; 0 takes a free one and prints it")
    return parser.parse_args()


def _run(settings: Settings, options: argparse.Namespace) -> None:
    path = None if options.port is not None else options.uds or settings.runtime_dir / "engine.sock"
    with port_listener(options.port) if path is None else unix_listener(path) as listener:
        try:
            place = f"http://127.0.0.1:{listener.getsockname()[1]}/v1" if path is None else f"unix://{path}"
            print(f"codepar engine: loading {settings.model}; will answer at {place}", file=sys.stderr, flush=True)  # noqa: T201 - the log of an entry point
            asyncio.run(serve(settings, listener))
        finally:
            if path is not None:
                path.unlink(missing_ok=True)


def main() -> int:
    """The entry point; the exit code is the design's."""
    logging.basicConfig(level=logging.WARNING)
    try:
        _end_with_parent()
        _run(Settings(), _options())
    except CodeparError as error:
        print(f"codepar engine: {error}", file=sys.stderr)  # noqa: T201 - the log of an entry point
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
