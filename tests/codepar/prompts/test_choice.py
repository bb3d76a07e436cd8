"""The choice among possible readings: with the network of the package, and without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from codepar.errors import InvalidInput
from codepar.prompts import choice, tag_network
from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import extract, found_in
from codepar.prompts.reading import Reading
from codepar.prompts.request import Request
from codepar.prompts.senses import own_senses
from codepar.prompts.sequence import sequence_of
from codepar.prompts.tag_network import KINDS, LONGEST, NETWORK_FILE, Role, own_network, read_network
from codepar.prompts.validate import validate

PACKAGE = Path(tag_network.__file__).parent


@pytest.mark.parametrize(
    ("prompt", "items"),
    [
        (
            "I am writing our FAQ. Please explain why a job may stay pending and how to ask for a GPU.",
            ["why a job may stay pending", "how to ask for a GPU"],
        ),
        ("Explain mutexes, semaphores and condition variables.", ["mutexes", "semaphores", "condition variables"]),
        ("Give me three names for a cat.", ["three"] * 3),
    ],
)
def test_splits(prompt: str, items: list[str]):
    found = extract(prompt, {})
    assert [item.text for item in found.items] == items
    assert validate(found, prompt, {}) == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "Why does my program hang in MPI_Finalize?",
        "Write a short story about a cat, a dog and a mouse.",
        "Create a CMakeLists.txt for these sources, with tests and an install target.",
    ],
)
def test_stays_whole(prompt: str):
    assert not extract(prompt, {}).split


def test_without_a_network_the_rules_stand(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choice, "own_network", lambda: None)
    discourse = Discourse(Request("Explain mutexes, semaphores and condition variables.", {}))
    found = found_in(discourse)
    assert isinstance(found, Reading)
    assert choice.choose(discourse, found) is found


def test_a_long_request_is_left_to_the_rules():
    discourse = Discourse(Request("Explain these:\n" + "- mutexes and locks\n" * LONGEST, {}))
    found = found_in(discourse)
    assert choice.choose(discourse, found) is found


@pytest.mark.parametrize("count", [8, 12, 13, 16, 40])
def test_many_items(count: int):
    lines = "\n".join(f"- term {number}" for number in range(count))
    assert len(extract(f"Explain each of these terms:\n{lines}", {}).items) == count


def test_hundreds_of_pieces_are_left_to_the_rules():
    code = "\n".join(f"int f{number}(int x) {{ return x + {number}; }}" for number in range(300))
    assert len(extract(f"Document all functions.\n```c\n{code}\n```", {}).items) == 300


def test_the_network_gives_probabilities():
    network = own_network()
    assert network is not None
    words = sequence_of(Discourse(Request("Explain mutexes and locks.", {})))
    told = network.read(words)
    assert told.roles.shape == (len(words), len(Role))
    assert told.roles.max() <= 0
    assert abs(sum(2.718281828**value for value in told.kinds) - 1) < 1e-3
    assert len(told.kinds) == len(KINDS)
    assert own_network() is network


def test_what_is_no_network_is_refused(tmp_path: Path):
    senses = own_senses()
    assert senses is not None
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(InvalidInput, match="holds no network"):
        read_network(tmp_path / "a.json", senses)
    text = (PACKAGE / NETWORK_FILE).read_text(encoding="utf-8")
    (tmp_path / "b.json").write_text(text.replace('"format": 2', '"format": 1'))
    with pytest.raises(InvalidInput, match="another format"):
        read_network(tmp_path / "b.json", senses)
