"""The roles of words read as items."""

from __future__ import annotations

import numpy as np
import pytest

from codepar.prompts.discourse import Discourse
from codepar.prompts.request import Place, Request
from codepar.prompts.roles import Roles
from codepar.prompts.sequence import Word, sequence_of
from codepar.prompts.tag_network import Role, Told

PROMPT = "Explain mutexes, spin locks and barriers."


def roles_of(prompt: str, wanted: dict[str, Role], sure: float = 0.9) -> Roles:
    """A network that is ``sure`` of the roles of some words, and that all others are outside."""
    words = sequence_of(Discourse(Request(prompt, {})))
    table = np.full((len(words), len(Role)), np.log((1 - sure) / (len(Role) - 1)), np.float32)
    for row, word in enumerate(words):
        table[row, wanted.get(word.text, Role.OUTSIDE)] = np.log(sure)
    return Roles(words, Told(table, 1.0, (-1.0,) * 4))


LOCKS = {"mutexes": Role.FIRST, "spin": Role.FIRST, "locks": Role.INSIDE, "barriers": Role.FIRST}


def test_spans():
    found = roles_of(PROMPT, LOCKS).spans(0.0)
    assert [PROMPT[low:high] for low, high in found] == ["mutexes", "spin locks", "barriers"]


def test_what_is_inside_began_somewhere():
    ((low, high),) = roles_of(PROMPT, {"locks": Role.INSIDE}).spans(0.0)
    assert PROMPT[low:high].rsplit(maxsplit=1)[-1] == "locks"
    assert len(PROMPT[low:high].split()) > 1


def test_eagerness_finds_more():
    roles = roles_of(PROMPT, LOCKS, sure=0.25)
    assert len(roles.spans(5.0)) > len(roles.spans(-5.0))


def test_bounds_hold_where_the_network_is_not_sure():
    roles = roles_of(PROMPT, {"spin": Role.FIRST, "locks": Role.INSIDE})
    start = PROMPT.index("spin")
    assert roles.spans(0.0, roles.bounds({start}, {start + len("spin locks")})) == [(start, start + len("spin locks"))]


def test_likelihood_of_what_the_network_says_is_the_greatest():
    roles = roles_of(PROMPT, LOCKS)
    spans = roles.spans(0.0)
    assert roles.likelihood((), spans) == pytest.approx(len(roles.words) * np.log(0.9), abs=1e-3)
    assert roles.likelihood((), spans) > roles.likelihood((), spans[:2]) > roles.nothing


def test_numerals_count_as_often_as_they_say():
    prompt = "Give me three names and two mottos."
    found = roles_of(prompt, {"three": Role.NUMERAL, "two": Role.NUMERAL}).numerals()
    assert [text for _, text in found] == ["three"] * 3 + ["two"] * 2


def test_pieces():
    prompt = "Port them.\n```c\nint f(void) { return 1; }\nint g(void) { return 2; }\n```"
    roles = roles_of(prompt, {"f": Role.PIECE, "g": Role.PIECE})
    assert [element.name for element in roles.pieces()] == ["f", "g"]
    places = [element.place for element in roles.pieces()]
    assert roles.likelihood(places, ()) > roles.likelihood(places[:1], ()) > roles.nothing
    assert roles.likelihood([Place(None, 0, 4)], ()) < -1e6


def test_likely_firsts_hold_the_first_word():
    roles = roles_of(PROMPT, LOCKS)
    found = roles.likely_firsts(0, PROMPT.index(","), 1)
    assert [PROMPT[start:].split(maxsplit=1)[0] for start in found] == ["Explain", "mutexes,"]


def test_rows_by_character():
    roles = roles_of(PROMPT, LOCKS)
    row = roles.row_at(PROMPT.index("locks") + 2)
    assert row is not None
    assert roles.words[row].text == "locks"
    assert Roles([Word("<request>", -1, -1)], Told(np.zeros((1, 5), np.float32), 0.0, (0.0,) * 4)).row_at(3) is None
