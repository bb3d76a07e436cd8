"""Series that the rules of wording take and the model refuses, and those that stay."""

from __future__ import annotations

import pytest

from codepar.prompts.by_series import proposed_series, read_series
from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import extract
from codepar.prompts.log_linear import LogLinear, load_weights
from codepar.prompts.proposal_features import Proposal, features_of, sentence_at
from codepar.prompts.proposal_model import is_doubtful, places_of, score_of
from codepar.prompts.reading import Reading
from codepar.prompts.request import Request

DETAILS = [
    'I get "undefined reference" on the cluster but not here, same gcc version i think, modules loaded: gcc/12, openmpi/4.1',
    "implement the assignment operator, keeping in mind self-assignment, exception safety and the rule of five.",
]
SERIES = [
    ("Write one paragraph each about OpenMP, MPI and CUDA.", ["OpenMP", "MPI", "CUDA"]),
    ("Explain mutexes, semaphores and condition variables.", ["mutexes", "semaphores", "condition variables"]),
    ("Переведи на английский: «доброе утро», «спокойной ночи».", ["доброе утро", "спокойной ночи"]),
]


def discourse_of(text: str) -> Discourse:
    return Discourse(Request(text, {}))


@pytest.mark.parametrize("text", DETAILS)
def test_details_that_read_like_a_series_are_refused(text: str):
    discourse = discourse_of(text)
    proposed = list(proposed_series(discourse))
    assert proposed
    assert all(is_doubtful(discourse, reading) for reading in proposed)
    assert read_series(discourse) is None
    assert not extract(text, {}).split


@pytest.mark.parametrize(("text", "items"), SERIES)
def test_series_stay(text: str, items: list[str]):
    discourse = discourse_of(text)
    reading = read_series(discourse)
    assert isinstance(reading, Reading)
    assert [discourse.prose[low:high] for low, high in places_of(discourse, reading)] == items


def test_the_score_is_the_sum_of_the_weights():
    discourse = discourse_of("Explain mutexes, semaphores and condition variables.")
    reading = next(proposed_series(discourse))
    places = places_of(discourse, reading)
    sentence = sentence_at(discourse, places[0][0])
    assert sentence is not None
    assert {"bias", "n=3", "joint=and", "verb=explain"} <= features_of(discourse, Proposal(sentence, places))
    weights = LogLinear({"bias": 1.5, "n=3": -0.5, "n=4": 9.0}, 0.0)
    assert score_of(discourse, reading, weights) == 1.0


def test_what_stands_in_quotes_is_not_judged():
    discourse = discourse_of('Translate to French: "Where is it?", "I pay.", "Wrong."')
    reading = read_series(discourse)
    assert isinstance(reading, Reading)
    assert not is_doubtful(discourse, reading)


def test_the_weights_refuse_only_what_is_unlikely():
    assert load_weights("proposals").least < 0
    assert len(load_weights("proposals").of) > 1000
