"""The command as a person types it: what goes where, and the exit codes."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("codepar")
SOURCE = """#include <stdio.h>

double dot(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

void show(const double *a, int n) {
    for (int i = 0; i < n; i++)
        printf("%f\\n", a[i]);
}
"""


@pytest.fixture
def codepar(tmp_path, shared_cache):
    """Run the command in a folder that holds ``dot.c``."""
    (tmp_path / "dot.c").write_text(SOURCE)
    environment = os.environ | {"CODEPAR_DATA_DIR": str(shared_cache(tmp_path / "data"))}

    def _run(*words, stdin=""):
        command = [COMMAND, *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, input=stdin, capture_output=True, text=True, check=False)

    return _run


# The first translation of a session builds the CUDA runtime in several modes.
@pytest.mark.timeout(900)
def test_a_file_becomes_a_verified_file_and_the_printed_command_verifies_it_again(codepar, tmp_path):
    words = ("--no-model", "--trust", "-o", "out.cu", "--patch", "p.diff")
    done = codepar("cuda", "translate", "dot.c", "--function", "dot", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "codepar: verified: `dot_cuda` as cuda of `dot`, by rules" in done.stderr
    subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, check=True)
    assert (tmp_path / "dot_cuda.cu").read_text() == (tmp_path / "out.cu").read_text()
    again = next(line for line in done.stderr.splitlines() if line.startswith("codepar: again: "))
    verified = codepar(*shlex.split(again.removeprefix("codepar: again: codepar ")), "--trust")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_json_of_a_refusal_on_stdin(codepar):
    done = codepar("cuda", "translate", "-", "--function", "show", "--no-model", "--trust", "--json", stdin=SOURCE)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["verdict"]["status"] == "refused"
    assert answer["refusal"]["line"] == 12
    assert "main.c:12" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dot.c", "--function", "norm"), "no function `norm`; there are `dot`, `show`"),
        (("dot.c", "--no-rules", "--no-model"), "nothing would be tried"),
        (("nowhere.c",), "does not exist"),
        (("dot.c", "-n", "1000"), "--candidates 1000"),
        (("dot.c", "-o", "no/such/folder.cu"), "is no folder"),
        (("-",), "the input is empty"),
    ],
)
def test_wrong_use_is_said_with_exit_code_2(codepar, words, said):
    done = codepar("cuda", "translate", *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stdout == ""


def test_headers_beside_a_file_are_read_and_those_that_are_not_there_are_told(codepar, tmp_path):
    (tmp_path / "sub").mkdir()
    text = '#include "sub/width.h"\nvoid fill(int *a, int n) { for (int i = 0; i < n; i++) a[i] = i % WIDTH; }\n'
    (tmp_path / "fill.c").write_text(text.replace("i % WIDTH", 'printf("%d", WIDTH)'))
    (tmp_path / "sub" / "width.h").write_text("#define WIDTH 9\n")
    assert "was not given" not in codepar("cuda", "translate", "fill.c", "--no-model", "--trust").stderr
    (tmp_path / "sub" / "width.h").unlink()
    done = codepar("cuda", "translate", "fill.c", "--no-model", "--trust")
    assert done.returncode == 1
    assert "fill.c:1: `sub/width.h` was not given" in done.stderr
