"""``codepar split`` as a shell sees it."""

from __future__ import annotations

import io
import json
import sys

import pytest

from codepar.cli.main import run

PROMPT = "Translate each function to CUDA\n```c\nint f(int a) { return a; }\nint g(int a) { return f(a); }\n```\n"


@pytest.fixture
def split(monkeypatch, capsys):
    """The command in this process: exit code, standard output, standard error."""

    def call(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run(["split", *arguments])
        return code, *capsys.readouterr()

    return call


def test_json_has_the_wire_shape(split):
    code, out, _ = split("-", "--json", stdin=PROMPT)
    found = json.loads(out)
    assert code == 0
    assert found["split"] is True
    assert [item["text"][:5] for item in found["items"]] == ["int f", "int g"]
    assert PROMPT.encode()[slice(*found["items"][0]["span"])].decode() == found["items"][0]["text"]
    assert found["edges"] == [{"from": "1", "to": "2", "kind": "signature"}]
    assert {"reason", "template", "context", "category", "tier", "predicted"} <= found.keys()


def test_the_plan_is_shown(split):
    code, out, _ = split("-", "--plan", stdin=PROMPT)
    assert code == 0
    assert "1 -> 2  signature" in out
    assert "wave 1: 1, 2" in out
    assert "s side by side" in out
    assert "int f(int a);" in out


def test_a_whole_request_says_why_and_ends_well(split):
    code, out, _ = split("Which is better, MPI or OpenMP?")
    assert code == 0
    assert "stays whole" in out


def test_attachments_by_name(split, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.c", "b.c"):
        (tmp_path / name).write_text("int main(void) { return 0; }\n")
    code, out, _ = split("Comment a.c and b.c", "--file", "a.c", "--file", "b.c", "--json")
    assert code == 0
    assert [item["file"] for item in json.loads(out)["items"]] == ["a.c", "b.c"]


def test_a_prompt_may_lie_in_a_file(split, tmp_path):
    path = tmp_path / "request.txt"
    path.write_text("Give me 4 puns")
    assert len(json.loads(split(str(path), "--json")[1])["items"]) == 4


def test_the_published_row(split):
    code, out, _ = split("Give me 4 puns", "--parallelprompt")
    assert code == 0
    assert json.loads(out)["n"] == 4


@pytest.mark.parametrize(
    ("arguments", "stdin", "word"),
    [
        (["", "--run", "--no-verify"], "", "nothing is asked"),
        (["Give me 4 puns", "--run", "--budget", "0"], "", "budget"),
        (["Give me 4 puns", "--run", "--item-budget", "0"], "", "--item-budget 0"),
        (["Give me 4 puns", "--run", "--max-tokens", "0"], "", "--max-tokens 0"),
        (["Give me 4 puns", "--run", "--parallelprompt"], "", "leave one of them out"),
        (["Give me 4 puns", "--run", "-o", __file__ + "/out"], "", "is a file"),
        (["Give me 4 puns", "--run", "--trust", "--server", "http://127.0.0.1:9"], "", "--trust"),
        (["Explain MPI.", "--parallelprompt"], "", "stays whole"),
        (["Comment a.c", "--file", "missing.c"], "", "does not exist"),
    ],
)
def test_wrong_use(split, arguments, stdin, word):
    code, out, err = split(*arguments, stdin=stdin)
    assert code == 2
    assert word in err
    assert not out


def test_two_files_of_one_name_are_told_apart_by_their_folders(split, tmp_path):
    paths = [tmp_path / folder / "k.c" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("int f(int a) { return a; }\n")
    code, out, err = split("Comment both files", "--file", str(paths[0]), "--file", str(paths[1]), "--json")
    assert code == 0, err
    assert [item["file"] for item in json.loads(out)["items"]] == ["a/k.c", "b/k.c"]
    code, _, err = split("Comment both files", "--file", str(paths[0]), "--file", str(paths[0]))
    assert (code, "given twice" in err) == (2, True)


@pytest.mark.parametrize(
    "option", [["-o", "out"], ["--patch", "p"], ["--server", "http://127.0.0.1:9"], ["--seed", "0"], ["--trust"], ["--no-verify"]]
)
def test_what_only_a_run_heeds_is_refused_without_one(split, option):
    code, out, err = split("Give me 4 puns", *option)
    assert (code, out) == (2, "")
    assert "add --run" in err
