"""``codepar split --run`` as a shell sees it: by the rules, against an engine that is away, against a service, broken off."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("codepar")
SOURCE = (
    "void scale(int n, float a, float *x)\n{\n    for (int i = 0; i < n; i++)\n        x[i] = a * x[i];\n}\n\n"
    "void add(int n, const float *x, float *y)\n{\n    for (int i = 0; i < n; i++)\n        y[i] = x[i] + y[i];\n}\n"
)
THREE = "Do these:\n- Explain mutexes\n- Explain semaphores\n- Explain barriers"


class Engine(ThreadingHTTPServer):
    """An OpenAI-compatible server that answers about what it is asked; about barriers it answers only when told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.answered = threading.Event()
        engine = self

        class _Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(
                    "application/json", {"object": "list", "data": [{"id": "m", "object": "model", "max_model_len": 8192}]}
                )

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
                word = max(("mutexes", "semaphores", "barriers"), key=asked.rfind)
                if word == "barriers":
                    engine.go_on.wait(60)
                choice = {"index": 0, "finish_reason": "stop", "delta": {"content": f"About {word}."}}
                usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
                self._send("text/event-stream", {"id": "1", "choices": [choice], "usage": usage})
                if word == "semaphores":
                    engine.answered.set()

            def _send(self, kind: str, body: object) -> None:
                text = json.dumps(body)
                data = (f"data: {text}\n\ndata: [DONE]\n\n" if kind.endswith("stream") else text).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    return  # who asked is gone

            def log_message(self, format: str, *arguments: object) -> None:
                return

        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


@pytest.fixture
def engine():
    server = Engine()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An own data folder, no model."""
    for name, value in {"CODEPAR_DATA_DIR": tmp_path / "data", "CODEPAR_ENGINE_URL": "http://127.0.0.1:9/v1"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def split(*arguments):
    return subprocess.run([COMMAND, "split", *arguments, "--run"], capture_output=True, text=True, check=False, timeout=280)


@pytest.mark.timeout(300)
def test_functions_become_verified_files_without_a_model(environment):
    (environment / "v.c").write_text(SOURCE)
    done = split("translate these two functions to OpenMP", "--file", "v.c", "-o", "out", "--patch", "p.patch", "--seed", "4")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("### 1. scale") < done.stdout.index("### 2. add")
    assert done.stderr.count("verified") >= 2
    assert any("#pragma omp" in path.read_text() for path in (environment / "out").iterdir())
    subprocess.run(["git", "apply", "--check", "p.patch"], cwd=environment, check=True)


def test_a_model_that_is_away_is_said_once_and_nothing_is_printed(environment):
    done = split(THREE, "--no-verify", "--split", "always")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("no part was answered") == 1
    assert "start the engine at http://127.0.0.1:9/v1" in done.stderr
    assert "models pull" not in done.stderr


def test_parts_are_printed_and_json_holds_everything(environment, engine, monkeypatch):
    monkeypatch.setenv("CODEPAR_ENGINE_URL", engine.url)
    engine.go_on.set()
    done = split(THREE, "--no-verify", "--split", "always", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [one["answer"] for one in result["answers"]] == ["About mutexes.", "About semaphores.", "About barriers."]
    assert (result["mode"], result["missing"], result["cost"]["requests"]) == ("parts", [], 3)


@contextmanager
def begun(*arguments):
    """The command, to be interrupted as from a person's terminal: what a shell's background starts inherits SIGINT ignored."""
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    command = [COMMAND, "split", *arguments, "--run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **heard) as process:
        yield process


def test_ctrl_c_keeps_what_is_there(environment, engine, monkeypatch):
    monkeypatch.setenv("CODEPAR_ENGINE_URL", engine.url)
    with begun(THREE, "--no-verify", "--split", "always") as process:
        seen = ""
        deadline = time.monotonic() + 120
        while "About semaphores." not in seen and time.monotonic() < deadline:
            seen += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "About mutexes." in seen
    assert "About barriers." not in seen + rest
    assert "without an answer: 3" in said


def test_a_place_that_cannot_be_written_to_loses_no_answer(environment, engine, monkeypatch):
    monkeypatch.setenv("CODEPAR_ENGINE_URL", engine.url)
    engine.go_on.set()
    done = split(THREE, "--no-verify", "--split", "always", "--json", "--patch", "/proc/p.patch")
    assert done.returncode == 2
    assert next(one["answer"] for one in json.loads(done.stdout)["answers"]) == "About mutexes."
    assert "/proc/p.patch cannot be written" in done.stderr


def test_that_no_file_is_changed_is_said(environment, engine, monkeypatch):
    monkeypatch.setenv("CODEPAR_ENGINE_URL", engine.url)
    engine.go_on.set()
    done = split(THREE, "--no-verify", "--split", "always", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert "no file is changed or new" in done.stderr


def test_files_are_written_though_the_reader_of_the_text_has_left(environment):
    (environment / "v.c").write_text(SOURCE)
    command = [COMMAND, "split", "translate these two functions to OpenMP", "--file", "v.c", "--run", "-o", "out"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0, said
    assert any("#pragma omp" in path.read_text() for path in (environment / "out").iterdir())


def test_ctrl_c_prints_what_was_there_out_of_order(environment, engine, monkeypatch):
    monkeypatch.setenv("CODEPAR_ENGINE_URL", engine.url)
    prompt = "Do these:\n- Explain mutexes\n- Explain barriers\n- Explain semaphores"
    with begun(prompt, "--no-verify", "--split", "always") as process:
        assert engine.answered.wait(120)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "### 3. Explain semaphores\n\nAbout semaphores." in out
    assert "without an answer: 2\n" in said
    assert re.search(r"[34] requests of the model", said), "the part that hangs may have been asked for twice"


def test_ctrl_c_names_the_job_that_goes_on(environment, served):
    prompt = "translate these two functions to OpenMP"
    (environment / "v.c").write_text(SOURCE)
    with begun(prompt, "--file", "v.c", "--server", served.url) as process:
        while "part by part" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "codepar jobs show" in said
