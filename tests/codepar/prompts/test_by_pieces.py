"""Requests that mean all functions in words that no rule knows."""

from __future__ import annotations

import pytest

from codepar.prompts.by_pieces import read_pieces
from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import extract
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.log_linear import load_weights
from codepar.prompts.piece_features import features_of, is_possible, pieces_of
from codepar.prompts.reading import Kind, Reading
from codepar.prompts.request import Request

PURE = "double half(double x)\n{\n    return x / 2;\n}\n\ndouble twice(double x)\n{\n    return 2 * x;\n}\n"
SHARED = "static int n;\n\nint take(void)\n{\n    return n++;\n}\n\nvoid reset(void)\n{\n    n = 0;\n}\n"
CLASS = "class Stack:\n    def __init__(self):\n        self.v = []\n\n    def push(self, x):\n        self.v.append(x)\n"


def fenced(wish: str, code: str, language: str = "c") -> str:
    return f"{wish}\n```{language}\n{code}```"


@pytest.mark.parametrize(
    "wish", ["constexpr-ify these two if the standard lets you", "can somebody describe in one line each what these do?"]
)
def test_all_functions_are_items(wish: str):
    found = extract(fenced(wish, PURE), {})
    assert [item.text.split("(")[0] for item in found.items] == ["double half", "double twice"]


@pytest.mark.parametrize(
    "wish", ["why is this slow?", "half or twice, which is faster?", "make half faster", "Please fuse both."]
)
def test_one_answer_stays_one(wish: str):
    assert not extract(fenced(wish, PURE), {}).split


def test_what_is_kept_out_is_no_case_for_it():
    assert read_pieces(Discourse(Request(fenced("both -> numpy, except twice", PURE), {}))) is None


def test_shared_state_binds_what_is_changed_and_not_what_is_read():
    assert extract(fenced("constexpr-ify these two if the standard lets you", SHARED), {}).refusal is Refusal.SHARED_STATE
    assert extract(fenced("can somebody describe in one line each what these do?", SHARED), {}).split


@pytest.mark.parametrize(
    "wish",
    [
        "Before my code review tomorrow, could you port both of these to Rust?",
        "I want both functions rewritten in Rust before the review",
        "I'd like both functions rewritten in Rust so that I understand at least something of what happens.",
    ],
)
def test_a_review_to_come_and_the_hope_to_understand_are_no_wish_to_read(wish: str):
    assert extract(fenced(wish, SHARED), {}).refusal is Refusal.SHARED_STATE
    assert extract(fenced("Review both functions before the release so that I understand them", SHARED), {}).split


def test_a_reading_tells_what_is_done():
    reading = read_pieces(Discourse(Request(fenced("can somebody describe in one line each what these do?", PURE), {})))
    assert isinstance(reading, Reading)
    assert (reading.kind, reading.act) == (Kind.CODE, Tag.READ)


def test_broken_code_is_not_cut():
    assert read_pieces(Discourse(Request(fenced("openmp, both", PURE.replace("2;\n}", "2;")), {}))) is None


def test_methods_stand_for_functions_without_the_constructor():
    discourse = Discourse(Request(fenced("x", CLASS, "python"), {}))
    assert [piece.name for piece in pieces_of(discourse)] == ["push"]
    assert not is_possible(pieces_of(discourse))


def test_features_tell_a_number_that_fits():
    discourse = Discourse(Request(fenced("comment these two functions", PURE), {}))
    found = features_of(discourse, pieces_of(discourse))
    assert {"pieces=2", "number fits", "named=0", "q=these"} <= found
    assert load_weights("pieces").least > 0
