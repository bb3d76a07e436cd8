"""What words mean: like words are alike across languages, and what is no table is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codepar.errors import InvalidInput
from codepar.prompts.senses import Senses, own_senses, read_senses


@pytest.fixture
def senses() -> Senses:
    found = own_senses()
    assert found is not None
    return found


def likeness(senses: Senses, one: str, other: str) -> float:
    a, b = senses.of(one), senses.of(other)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize(
    ("word", "like", "unlike"),
    [
        ("rewrite", "rework", "kitchen"),
        ("compare", "比较", "four"),
        ("three", "三", "faster"),
        ("перепиши", "rewrite", "three"),
        ("übersetze", "translate", "docker"),
    ],
)
def test_words_of_like_meaning_are_alike(senses: Senses, word: str, like: str, unlike: str):
    assert likeness(senses, word, like) > likeness(senses, word, unlike) + 0.2


def test_a_word_that_is_not_there_has_no_sense(senses: Senses):
    assert not senses.of("qwxzrtp").any()
    assert senses.of("qwxzrtp").shape == (senses.width,)


@pytest.mark.parametrize(
    "record",
    [
        "[]",
        "{}",
        "no json",
        json.dumps({"format": 0}),
        json.dumps({"format": 1, "words": "a\nb", "width": 2, "scale": 1, "values": ""}),
        json.dumps({"format": 1, "words": ["a"], "width": 2, "scale": 1, "values": "eJwDAAAAAAE="}),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, record: str):
    (tmp_path / "senses.json").write_text(record)
    with pytest.raises(InvalidInput, match=r"senses\.json") as raised:
        read_senses(tmp_path / "senses.json")
    assert raised.value.remedy == "codepar finetune request-senses makes one"
