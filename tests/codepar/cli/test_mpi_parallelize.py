"""``codepar mpi parallelize`` and ``mpi strip --level`` as a person types them; a server of prepared answers is the engine."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("codepar")
SERIAL = """#include <stdio.h>
int main(void)
{
    long sum = 0;
    for (long i = 0; i < 4000; i++)
        sum = sum + i * i % 7;
    printf("%ld\\n", sum);
    return 0;
}
"""
PARALLEL = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    long part = 0, sum = 0;
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (long i = rank; i < 4000; i += size)
        part += i * i % 7;
    MPI_Reduce(&part, &sum, 1, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%ld\\n", sum);
    MPI_Finalize();
    return 0;
}
"""


@pytest.fixture
def engine():
    """An OpenAI-compatible server; its answers are taken in turn."""
    answers = []

    class _Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._send({"object": "list", "data": [{"id": "prepared", "object": "model", "max_model_len": 16384}]})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if "messages" not in body:
                self._send({"count": len(str(body)) // 4})
                return
            said = {"role": "assistant", "content": answers.pop(0) if len(answers) > 1 else answers[0]}
            choice = {"index": 0, "finish_reason": "stop", "message": said}
            usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
            self._send({"id": "1", "object": "x", "created": 1, "model": "prepared", "choices": [choice], "usage": usage})

        def _send(self, body):
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format, *arguments):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", answers
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def codepar(tmp_path, engine):
    (tmp_path / "s.c").write_text(SERIAL)
    environment = os.environ | {"CODEPAR_DATA_DIR": str(tmp_path / "data"), "CODEPAR_ENGINE_URL": engine[0]}
    environment["CODEPAR_MODEL"] = "prepared"

    def _run(*words, stdin=""):
        command = [COMMAND, *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, input=stdin, capture_output=True, text=True, check=False)

    return _run


def test_a_serial_program_becomes_parallel(codepar, engine, tmp_path):
    engine[1][:] = ["no idea", f"```c\n{PARALLEL}```"]
    done = codepar("mpi", "parallelize", "s.c", "--np", "1,3", "--trust", "--patch", "p.diff")
    assert done.returncode == 0, done.stderr
    assert done.stdout == PARALLEL
    assert "candidate 1, round 0: not run: the answer holds no code" in done.stderr
    assert done.stderr.rstrip().endswith("verified")
    subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, check=True)
    assert (tmp_path / "s.c").read_text() == PARALLEL


def test_what_is_not_verified_says_so_in_json(codepar, engine):
    engine[1][:] = [f"```c\n{PARALLEL.replace('MPI_SUM', 'MPI_MAX')}```"]
    done = codepar("mpi", "complete", "-", "--level", "serial", "--np", "1,2", "--trust", "--json", stdin=SERIAL)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert {"source", "diff", "edits", "dropped", "verification", "baseline", "attempts", "shares"} <= set(answer)
    assert answer["verified"] is False
    assert [verdict["status"] for verdict in answer["verification"]] == ["ok", "wrong_output"]
    assert len(answer["attempts"]) == 4


def test_bad_input_is_exit_two(codepar, engine):
    engine[1][:] = [PARALLEL]
    for words, said in (
        (["mpi", "parallelize", "-", "--trust"], "calls MPI already"),
        (["mpi", "parallelize", "s.c", "-n", "9"], "candidates"),
        (["mpi", "parallelize", "s.c", "--np", "two"], "--np"),
    ):
        done = codepar(*words, stdin=PARALLEL)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr


def test_strip_at_the_level_of_declarations(codepar, tmp_path):
    text = PARALLEL.replace("    int rank", "    MPI_Status status;\n    int rank")
    (tmp_path / "p.c").write_text(text)
    done = codepar("mpi", "strip", "p.c", "--level", "declarations", "--json")
    stripped = json.loads(done.stdout)
    assert "MPI_Status" not in stripped["source"]
    assert [one["names"] for one in stripped["declarations"]] == [["status"]]
    assert codepar("mpi", "insert", "-", stdin=done.stdout).stdout == text
