"""The model of a role: the base as it is, a checkpoint with an adapter, or an adapter that an engine by URL is told to load."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from codepar.errors import EngineUnavailable
from codepar.protocols import Prompt, Sampling
from codepar.settings import Settings
from finetune.musl.serving import serving


class Server(ThreadingHTTPServer):
    """Serves a base and what it is told to load, by vLLM's addresses; it completes a text with the name of the model."""

    def __init__(self, *, loads: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.loads = loads
        self.models = ["base"]
        self.loaded: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self._say(200, {"data": [{"id": name, "max_model_len": 4096} for name in self.server.models]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/load_lora_adapter":
            if not self.server.loads:
                return self._say(404, {"detail": "Not Found"})
            self.server.loaded.append(body)
            self.server.models.append(body["lora_name"])
            return self._say(200, {})
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice = {"index": 0, "text": body["model"], "finish_reason": "stop"}
        return self._say(200, {"id": "1", "object": "text_completion", "created": 0, "choices": [choice], "usage": usage})

    def _say(self, status, content):
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    started = []

    def start(*, loads=True):
        server = Server(loads=loads)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


async def answered(settings, adapter):
    async with serving(settings, "translator", adapter, [].append) as generator:
        capabilities = await generator.capabilities()
        assert not capabilities.chat
        return (await generator.complete(Prompt(text="a"), Sampling(max_tokens=3))).text


def test_an_engine_by_url_loads_each_adapter_once_under_a_name_of_its_own(serve, tmp_path):
    server = serve()
    settings = Settings(engine_url=server.url, model="base", data_dir=tmp_path)
    assert asyncio.run(answered(settings, None)) == "base"
    names = []
    for weights in (b"one", b"two", b"one"):
        adapter = tmp_path / "musl-translator"
        adapter.mkdir(exist_ok=True)
        (adapter / "adapter_model.safetensors").write_bytes(weights)
        names.append(asyncio.run(answered(settings, adapter)))
    assert names[0] == names[2] != names[1]
    assert [one["lora_name"] for one in server.loaded] == names[:2]
    assert {one["lora_path"] for one in server.loaded} == {str(adapter)}


def test_an_engine_that_loads_none_is_told_how_to_be_started(serve, tmp_path):
    server = serve(loads=False)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"one")
    with pytest.raises(EngineUnavailable, match="--enable-lora"):
        asyncio.run(answered(Settings(engine_url=server.url, model="base", data_dir=tmp_path), tmp_path))
