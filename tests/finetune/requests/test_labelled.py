"""Labelled prompts of both kinds of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codepar.errors import InvalidInput
from codepar.prompts.request import Place
from finetune.requests.labelled import of_file, of_parts

CODE = "```c\nint f(void) { return 1; }\nint g(void) { return 2; }\n```"


def read(path: Path, *rows: dict[str, object]) -> list[tuple[bool, tuple[Place, ...] | None]]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [(one.several, one.items) for one in of_file(path)]


def older(**more: object) -> dict[str, object]:
    return {"source": "own-1", "prompt": "Document f and g.\n" + CODE, "files": {}, "starts": [], "ends": [], **more}


def test_full_rows(tmp_path: Path):
    row = {"source": "s", "prompt": "a, b", "files": {}, "split": True, "items": [[None, 0, 1], [None, 3, 4]]}
    whole = {"source": "s", "prompt": "a", "files": {}, "split": False, "items": []}
    assert read(tmp_path / "x.jsonl", row, whole) == [(True, (Place(None, 0, 1), Place(None, 3, 4))), (False, ())]


def test_older_rows(tmp_path: Path):
    ((_, pieces), (_, named), (several, unknown), (whole, none)) = read(
        tmp_path / "x.jsonl",
        older(pieces=True),
        older(names=["g", "f"]),
        older(split=True),
        older(split=False),
    )
    assert pieces == named
    assert pieces is not None
    assert len(pieces) == 2
    assert (several, unknown) == (True, None)
    assert (whole, none) == (False, ())


def test_the_rules_say_what_older_rows_do_not(tmp_path: Path):
    ((several, items),) = read(tmp_path / "x.jsonl", older())
    assert several
    assert len(items or ()) == 2
    assert read(tmp_path / "x.jsonl", older(prompt="Why does f hang?")) == [(False, ())]
    assert read(tmp_path / "x.jsonl", older(prompt="Explain mutexes, locks and barriers.")) == []
    assert read(tmp_path / "x.jsonl", older(source="voice-a")) == [(False, ())]


def test_counts_and_spans(tmp_path: Path):
    prompt = "für dich: 2 Namen"
    row = {"source": "own-1", "prompt": prompt, "files": {}, "starts": [], "counts": [[10, 11, 2]]}
    spans = {"source": "own-1", "prompt": prompt, "files": {}, "starts": [0, 4], "ends": [3, 8]}
    assert read(tmp_path / "x.jsonl", row, spans) == [
        (True, (Place(None, 11, 12),) * 2),
        (True, (Place(None, 0, 4), Place(None, 5, 9))),
    ]


def test_a_line_that_is_no_prompt_is_named(tmp_path: Path):
    (tmp_path / "x.jsonl").write_text('{"source": "s"}\n')
    with pytest.raises(InvalidInput, match="line 1"):
        list(of_file(tmp_path / "x.jsonl"))


def test_parts_hold_both_kinds():
    found = list(of_parts())
    assert {one.several for one in found} == {True, False}
    assert not {"set_aside", "set_aside2", "set_aside3", "set_aside4"} & {one.source for one in found}
