"""A real executor of this account, and an OpenAI-compatible server that says what it is told."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing, Unsupported
from codepar.protocols import Capabilities, Chunk, Executor, Generation, Prompt, Sampling
from codepar.settings import Settings
from worker.executor import open_executor


@pytest.fixture
def flow_settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", runtime_dir=tmp_path / "run", engine_url=None)


@pytest.fixture(scope="session")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Executor:
    """The trusted executor: what is compiled once in a session is compiled once."""
    return open_executor(Settings(data_dir=tmp_path_factory.mktemp("flows")), trusted=True)


@pytest.fixture(scope="session")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Executor:
    """The sandboxed executor, for programs that a model wrote."""
    try:
        return open_executor(Settings(data_dir=tmp_path_factory.mktemp("boxed")), trusted=False)
    except (SandboxUnavailable, ToolMissing) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


class Scripted:
    """A ``Generator`` that gives prepared answers in turn, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: str, context_tokens: int = 32_768, chat: bool = True) -> None:
        self.answers = list(answers)
        self.asked: list[Prompt] = []
        self.samplings: list[Sampling] = []
        self._capabilities = Capabilities(model="scripted", backend="test", context_tokens=context_tokens, chat=chat)

    async def capabilities(self) -> Capabilities:
        return self._capabilities

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        self.asked.append(prompt)
        self.samplings.append(sampling)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Generation(text=answer, finish_reason="stop", prompt_tokens=1, completion_tokens=1, model="scripted")

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        generation = await self.complete(prompt, sampling)
        yield Chunk(text=generation.text, generation=generation)

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return [await self.complete(prompt, sampling) for prompt in prompts]

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        raise Unsupported("prepared answers have no probabilities")

    async def count_tokens(self, text: str) -> int:
        return len(text) // 4

    async def close(self) -> None:
        return None


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted


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
