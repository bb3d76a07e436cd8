"""The second look at wishes that were found in running text."""

from __future__ import annotations

import pytest

from codepar.prompts.clause_features import Setting
from codepar.prompts.clause_model import load_weights, scored_in, wishes_in
from codepar.prompts.clauses import clauses_of
from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import extract
from codepar.prompts.request import Request
from codepar.prompts.wishes_features import features_of
from codepar.prompts.wishes_model import are_several


def setting_of(text: str) -> tuple[list, Setting]:  # type: ignore[type-arg]
    discourse = Discourse(Request(text, {}))
    clauses = clauses_of(discourse)
    return clauses, Setting(discourse, clauses)


def test_scores_tell_which_clauses_begin_a_wish():
    clauses, setting = setting_of("Explain what a mutex is. Write a limerick about rain.")
    scored = scored_in(clauses, setting, load_weights())
    assert [one.clause for one in scored if one.begins] == [one.clause for one in wishes_in(clauses, setting, load_weights())]
    assert are_several(scored, setting)
    assert {"n=2", "kinds=command", "hh=verb,verb", "manylines"} <= features_of(scored, setting)


@pytest.mark.parametrize(
    ("text", "number"),
    [("Two things: a and b", 2), ("drei Fragen", 3), ("请教两个问题：", 2), ("some questions", None), ("no", None)],
)
def test_the_stated_number(text: str, number: int | None):
    assert setting_of(text)[1].number == number


def test_a_stated_number_is_believed():
    text = 'Hi, three short ones. What does "undefined reference" mean? Is Rust safe? When do I need -fPIC?'
    found = extract(text, {})
    assert [item.text for item in found.items] == [
        'What does "undefined reference" mean?',
        "Is Rust safe?",
        "When do I need -fPIC?",
    ]
