"""One real engine process for all tests that need the model, and tiny model files made on the spot."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy
import pytest

from codepar.engine.gguf_file import load_gguf
from codepar.engine.models import find_model
from codepar.settings import Settings


@pytest.fixture(scope="session")
def engine_url(tmp_path_factory):
    settings = Settings()
    if find_model(settings.models_dir, settings.model) is None:
        message = "the default model is not installed: codepar models pull"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    path = tmp_path_factory.mktemp("engine") / "engine.sock"
    process = subprocess.Popen([sys.executable, "-m", "codepar.engine.server", "--uds", str(path)], stderr=subprocess.DEVNULL)
    try:
        _await_health(process, path)
        yield f"unix://{path}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert not path.exists()
    finally:
        process.kill()
        process.wait()


def _await_health(process, path: Path) -> None:
    # Asked with a plain socket first: httpx leaves the socket of a refused unix connection to the garbage collector.
    for _ in range(600):
        assert process.poll() is None, "the engine process ended"
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                break
        time.sleep(0.2)
    else:
        pytest.fail("the engine did not answer within 120 s")
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost", timeout=60) as client:
        assert client.get("/health").json()["status"] == "ok"


@pytest.fixture
def tiny_gguf(tmp_path):
    """Writes a one-layer qwen2 model of width 32; returns its path and the weights of its query projection."""

    def write(name: str = "tiny.gguf", weight_type: str = "F16"):
        gguf = load_gguf()
        path = tmp_path / name
        writer = gguf.GGUFWriter(path, "qwen2")
        writer.add_block_count(1)
        writer.add_file_type(1)
        writer.add_context_length(64)
        writer.add_token_list(["a", "b"])
        query = numpy.random.default_rng(0).normal(size=(64, 32)).astype(numpy.float32)
        kind = gguf.GGMLQuantizationType[weight_type]
        writer.add_tensor("blk.0.attn_q.weight", gguf.quants.quantize(query, kind), raw_dtype=kind)
        writer.add_tensor("blk.0.attn_norm.weight", numpy.ones(32, dtype=numpy.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path, query

    return write
