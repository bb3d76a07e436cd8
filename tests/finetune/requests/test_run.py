"""Training of the network and the choice on a handful of prompts, and that the product reads what was trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codepar.errors import InvalidInput
from codepar.prompts.request import Place
from codepar.prompts.senses import Senses, own_senses
from codepar.prompts.sequence import Word
from codepar.prompts.tag_network import Role, read_network
from finetune.requests import run
from finetune.requests.choice import LEAST, Candidate, Choice, Score, learned, score_of, score_of_rules
from finetune.requests.examples import Example, example_of
from finetune.requests.labelled import Labelled
from finetune.requests.network import Shape, write_network
from finetune.requests.training import Recipe, Trained, told_of, train

SMALL = Shape(width=16, heads=2, letters=64, convolutions=1, attentions=1, dropout=0.0, forgotten=0.0)
THINGS = ("mutexes", "locks", "threads", "ranks", "grids", "blocks", "warps", "queues")
RIGHT = Candidate(frozenset({"likely"}), right=True)
WRONG = Candidate(frozenset({"unlikely"}), right=False)


def prompts() -> list[Labelled]:
    """Pairs that only their first word tells apart."""
    found = []
    for number, thing in enumerate(THINGS):
        for other in THINGS[number + 1 :]:
            prompt = f"Explain {thing}, {other} please."
            places = tuple(place_of(prompt, text) for text in (thing, other))
            found.append(Labelled(f"source {number}", prompt, {}, True, places))
            found.append(Labelled(f"source {number}", prompt.replace("Explain", "Compare"), {}, False, ()))
    return found


def place_of(prompt: str, text: str) -> Place:
    return Place(None, prompt.index(text), prompt.index(text) + len(text))


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return [found for one in prompts() if (found := example_of(one)) is not None]


@pytest.fixture(scope="module")
def senses() -> Senses:
    found = own_senses()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def trained(examples: list[Example], senses: Senses) -> Trained:
    said = list[str]()
    found = train(examples, senses, Recipe(epochs=30, batch=8, rate=1e-2), SMALL, said.append)
    assert len(said) == 30
    assert float(said[-1].split()[-1]) < float(said[0].split()[-1])
    return found


def test_it_learns_what_tells_them_apart(trained: Trained, examples: list[Example]):
    told = told_of(trained, examples)
    assert all((one.several > 0) == example.labelled.several for one, example in zip(told, examples, strict=True))
    roles = [one.roles.argmax(axis=1).tolist() for one in told]
    assert all(found == [int(role) for role in example.roles or ()] for found, example in zip(roles, examples, strict=True))


def test_the_product_computes_what_was_trained(trained: Trained, examples: list[Example], senses: Senses, tmp_path: Path):
    write_network(trained.network, trained.words, senses, tmp_path / "tags.json")
    network = read_network(tmp_path / "tags.json", senses)
    for example, told in zip(examples, told_of(trained, examples), strict=True):
        read = network.read(example.words)
        assert np.allclose(np.exp(read.roles), np.exp(told.roles), atol=0.1)
        assert np.allclose(np.exp(read.kinds), np.exp(told.kinds), atol=0.1)
        assert read.several == pytest.approx(told.several, abs=1.0)


def test_a_network_is_not_read_beside_another_table(trained: Trained, senses: Senses, tmp_path: Path):
    write_network(trained.network, trained.words, senses, tmp_path / "tags.json")
    with pytest.raises(InvalidInput, match="another table"):
        read_network(tmp_path / "tags.json", Senses(senses.rows, np.zeros((1, senses.width), np.int8), 1.0, "another"))


def test_the_choice_prefers_what_was_right():
    whole = Choice("b", several=False, candidates=(WRONG,), rules_split=True, rules_right=False)
    split = Choice("a", several=True, candidates=(WRONG, RIGHT), rules_split=False, rules_right=False)
    choices = [split, whole] * 20
    weights = learned(choices)
    assert weights["likely"] > 0 > weights["unlikely"]
    assert score_of(choices, [weights] * len(choices), 0.0) == Score(right=20, wrong=0, missed=0, exact=20)
    assert score_of_rules(choices) == Score(right=0, wrong=20, missed=20, exact=0)
    assert str(Score(3, 1, 1, 2)) == "precision 0.750, recall 0.750, items exact 0.667"


def test_a_request_without_a_right_candidate_teaches_nothing():
    lost = Choice("a", several=True, candidates=(WRONG,), rules_split=False, rules_right=False)
    assert learned([lost] * 5) == {}


def test_the_whole_run(tmp_path: Path, senses: Senses):
    rows = [
        {
            "source": one.source,
            "prompt": one.prompt,
            "files": {},
            "split": one.several,
            "items": [[None, place.start, place.end] for place in one.items or ()],
        }
        for one in prompts()
    ]
    strangers = tmp_path / "strangers.jsonl"
    strangers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    known = tmp_path / "known.jsonl"
    known.write_text("")
    learning = run.Learning(Recipe(epochs=1), SMALL)
    said = list[str]()
    found = run.run(run.Sources(known, strangers, (), 8), tmp_path / "out", learning, run.Effort(folds=2, workers=1), said.append)
    assert said[-1] == "network 3 of 3"
    assert found.chosen.right + found.chosen.missed == sum(one.several for one in prompts())
    assert read_network(tmp_path / "out" / "tags.json", senses).read([Word("explain", 0, 7)]).roles.shape == (1, len(Role))
    assert json.loads((tmp_path / "out" / run.CHOICE_FILE).read_text())["least"] == LEAST


def test_folds_need_sources(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text("")
    sources = run.Sources(tmp_path / "a.jsonl", tmp_path / "a.jsonl", (), 0)
    with pytest.raises(InvalidInput, match="cannot be put into 5 folds"):
        run.run(sources, tmp_path, run.Learning(), run.Effort(), lambda _: None)
