"""Servers that are not ours: a real HTTP server on the loopback answers as some of them do."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from codepar.engine.openai import open_openai
from codepar.errors import EngineUnavailable
from codepar.protocols import Message, Prompt, Sampling
from codepar.settings import Settings

MODELS = {"data": [{"id": "foreign", "object": "model"}]}
CHAT = {
    "choices": [{"message": {"content": "all at once"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4},
}


@contextmanager
def _server(body: bytes, content_type: str):
    class _Handler(BaseHTTPRequestHandler):
        def _answer(self, payload: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def do_GET(self):
            self._answer(json.dumps(MODELS).encode(), "application/json")

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(body, content_type)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def _chat(url: str, budget_s: float | None):
    async def _ask():
        generator = await open_openai(Settings(engine_url=url, model="foreign"))
        try:
            return await generator.complete(
                Prompt(messages=(Message(role="user", content="hello"),)), Sampling(max_tokens=8, budget_s=budget_s)
            )
        finally:
            await generator.close()

    return asyncio.run(_ask())


@pytest.mark.parametrize("budget_s", [None, 20.0])
def test_a_server_that_ignores_the_wish_to_stream_is_read(budget_s):
    with _server(json.dumps(CHAT, indent=1).encode(), "application/json; charset=utf-8") as url:
        generation = _chat(url, budget_s)
    assert (generation.text, generation.finish_reason) == ("all at once", "stop")
    assert (generation.prompt_tokens, generation.completion_tokens) == (3, 4)


@pytest.mark.parametrize("body", [b"", b'{"choices": []}', b"<html>", b'{"choices": [{"message": {"content": "x"}}]}', b"\xff"])
@pytest.mark.parametrize("budget_s", [None, 20.0])
def test_an_answer_that_cannot_be_read_is_an_unavailable_engine(body, budget_s):
    with _server(body, "application/json") as url, pytest.raises(EngineUnavailable):
        _chat(url, budget_s)


def test_a_stream_is_joined():
    events = [
        {"choices": [{"delta": {"content": "piece "}}]},
        {"choices": [{"delta": {"content": "by piece"}, "finish_reason": "length"}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    ]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    with _server(body.encode(), "text/event-stream") as url:
        generation = _chat(url, 20.0)
    assert (generation.text, generation.finish_reason, generation.completion_tokens) == ("piece by piece", "length", 2)
