"""``codepar cuda verify`` as a shell sees it: exit codes, what is printed, what is refused before anything runs."""

from __future__ import annotations

import json
import os

import pytest

from codepar.cli.main import run

SAXPY = "void saxpy(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i]; }\n"
EMPTY = "__global__ void k() { }\nvoid saxpy_cuda(int n, float a, const float *x, float *y) { k<<<1, 1>>>(); }\n"


@pytest.fixture
def verify(capsys, tmp_path, monkeypatch, shared_cache):
    """The command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("CODEPAR_DATA_DIR", str(shared_cache(tmp_path / "data")))

    def call(original: str, translation: str, *options: str):
        (tmp_path / "a.c").write_text(original)
        (tmp_path / "t.cu").write_text(translation)
        code = run(["cuda", "verify", str(tmp_path / "a.c"), str(tmp_path / "t.cu"), *options])
        out, err = capsys.readouterr()
        if code == 3 and not os.environ.get("CI"):
            pytest.skip(err)
        return code, out, err

    return call


@pytest.mark.parametrize(
    ("original", "translation", "options", "words"),
    [
        (SAXPY, EMPTY, ("--function", "axpy"), "no function `axpy`; it has `saxpy`"),
        (SAXPY, EMPTY, ("--entry", "k"), "no host function `k`; it has saxpy_cuda"),
        (SAXPY, EMPTY + SAXPY, (), "line 3: it defines `saxpy` beside the entry"),
        ("int x;\n", EMPTY, (), "a.c"),
        (SAXPY + SAXPY, EMPTY, ("--function", "saxpy"), "2 times (lines 1, 2)"),
    ],
)
def test_wrong_input_is_2_and_names_the_place(verify, original, translation, options, words):
    code, out, err = verify(original, translation, *options)
    assert (code, out) == (2, "")
    assert words in err


def test_a_translation_that_touches_the_checks_is_not_verified(verify):
    code, out, _ = verify(SAXPY, EMPTY.replace("k<<<", 'getenv("HOME"); k<<<'))
    assert code == 1
    assert "FAIL parsed    it calls `getenv`" in out
    assert "not verified (refused)" in out


def test_json_of_an_empty_kernel(verify):
    code, out, _ = verify(SAXPY, EMPTY, "--seed", "11", "--json")
    answer = json.loads(out)
    checks = {check["name"]: check["passed"] for check in answer["verdict"]["checks"]}
    assert (code, answer["entry"], answer["target"], answer["verdict"]["status"]) == (1, "saxpy_cuda", "cuda", "wrong_output")
    assert (checks["tests"], checks["launch"], checks["values"], checks["race"]) == (True, True, False, None)
    assert answer["verdict"]["reproduce"].endswith("--function saxpy --entry saxpy_cuda --seed 11")
    assert answer["verdict"]["counterexample"]["scalars"]["n"] == 1
    assert answer["verdict"]["least"]["inputs"].startswith("n = 1, ")
    _, out, err = verify(SAXPY, EMPTY, "--seed", "11")
    assert "  least n = 1, " in out
    assert "values: y[0] is " in out
    assert "looking for a smaller case" in err
