"""A real executor of this account, and an OpenAI-compatible server that says what it is told."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from codepar.protocols import Executor
from codepar.settings import Settings
from worker.executor import open_executor


@pytest.fixture
def flow_settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", runtime_dir=tmp_path / "run", engine_url=None)


@pytest.fixture(scope="session")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Executor:
    """The trusted executor: what is compiled once in a session is compiled once."""
    return open_executor(Settings(data_dir=tmp_path_factory.mktemp("flows")), trusted=True)


class Parrot:
    """A server on a free port. ``answer`` is the text of every completion; None makes it fail with 500."""

    def __init__(self) -> None:
        self.answer: str | None = ""
        parrot = self

        class _Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(200, {"object": "list", "data": [{"id": "parrot", "object": "model", "max_model_len": 8192}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if parrot.answer is None:
                    self._send(500, {"error": {"message": "out of seed", "type": "server_error"}})
                    return
                choice = {"index": 0, "finish_reason": "stop", "text": parrot.answer, "logprobs": None}
                said = {"role": "assistant", "content": parrot.answer}
                choice |= {"message": said, "delta": said}
                usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
                answer = {"id": "1", "object": "x", "created": 1, "model": "parrot", "choices": [choice], "usage": usage}
                if body.get("stream"):
                    self._write(200, "text/event-stream", f"data: {json.dumps(answer)}\n\ndata: [DONE]\n\n".encode())
                else:
                    self._send(200, answer)

            def _send(self, status: int, body: object) -> None:
                self._write(status, "application/json", json.dumps(body).encode())

            def _write(self, status: int, kind: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *arguments: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def parrot() -> Iterator[Parrot]:
    server = Parrot()
    yield server
    server.close()


@pytest.fixture
def model_or_skip() -> Callable[[str], None]:
    """Skips on a laptop, fails in CI."""

    def _missing(reason: str) -> None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    return _missing
