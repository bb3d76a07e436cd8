"""The plainest requests in Chinese, Japanese, German, Spanish and Russian: "Erkläre A und B.", and their look-alikes.

The wordings stand in ``plain_languages.toml``. Limits: a dozen patterns a language over lists of nouns in the nominative, so that
cases are not always right.
"""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

from codepar.protocols import Record

Parts = list[tuple[str, bool]]
"""Pieces of a request in order, and whether each is an item."""
Around = tuple[str, str]
"""What stands before something and behind it."""


class _Tongue(Record):
    """The wordings of a language. ``works``: what is written, and what stands around a row of them; ``answers``: before questions
    numbered within a line. ``gap``, ``last``: between things in a row; ``asks``: questions of one thing each; ``acts``,
    ``joints``: wishes and what joins two of them; ``counts``: around the numeral; ``one``, ``compares``, ``chains``: what stays
    whole."""

    name: str
    things: tuple[str, ...]
    series: tuple[Around, ...]
    lines: tuple[Around, ...]
    works: tuple[str, ...]
    asked: tuple[Around, ...]
    answers: tuple[str, ...]
    gap: str
    last: str
    spaced: bool
    asks: tuple[str, ...]
    announces: tuple[str, ...]
    acts: tuple[str, ...]
    joints: tuple[str, ...]
    numerals: dict[str, int]
    counts: tuple[Around, ...]
    one: tuple[str, ...]
    compares: tuple[str, ...]
    chains: tuple[str, ...]


def _read() -> tuple[_Tongue, ...]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return tuple(_Tongue.model_validate(one) for one in tomllib.loads(text)["tongue"])


_TONGUES = _read()


def series(chance: random.Random) -> Parts:
    """Things in a row that one verb is said of."""
    tongue = chance.choice(_TONGUES)
    before, behind = chance.choice(tongue.series)
    return _row(tongue, chance.sample(tongue.things, chance.randint(2, 4)), before, behind, chance)


def works(chance: random.Random) -> Parts:
    """Two or three works that one verb is said of: "Escribe un poema y una carta." """
    tongue = chance.choice(_TONGUES)
    before, behind = chance.choice(tongue.asked)
    return _row(tongue, chance.sample(tongue.works, chance.choice((2, 2, 3))), before, behind, chance)


def _row(tongue: _Tongue, things: list[str], before: str, behind: str, chance: random.Random) -> Parts:
    gaps = [*[tongue.gap] * (len(things) - 2), chance.choice((tongue.last, tongue.last, tongue.gap)), behind]
    return [(before, False), *(part for one, gap in zip(things, gaps, strict=True) for part in ((one, True), (gap, False)))]


def numbered(chance: random.Random) -> Parts:
    """Questions with numbers within one line: "Beantworte bitte: 1. Was ...? 2. Was ...?"."""
    tongue = chance.choice(_TONGUES)
    mark = chance.choice(("{}. ", "{}) ", "({}) ", "{}."))
    things = chance.sample(tongue.things, chance.choice((2, 2, 3)))
    found: Parts = [(chance.choice(tongue.answers), False)]
    for number, thing in enumerate(things, 1):
        found += [(mark.format(number), False), (chance.choice(tongue.asks).format(thing), True), (" ", False)]
    return found[:-1]


def lines(chance: random.Random) -> Parts:
    """Things in lines behind a sentence, sometimes with one more sentence below."""
    tongue = chance.choice(_TONGUES)
    before, behind = chance.choice(tongue.lines)
    mark = chance.choice(("- ", "{}. ", "{}) ", "{}.- ", "• "))
    things = chance.sample(tongue.things, chance.randint(2, 5))
    found = [part for n, one in enumerate(things, 1) for part in (("\n" + mark.format(n), False), (one, True))]
    return [(before, False), *found, (f"\n\n{behind}" if behind else "", False)]


def questions(chance: random.Random) -> Parts:
    """Questions about different things, one behind the other."""
    tongue = chance.choice(_TONGUES)
    asked = [chance.choice(tongue.asks).format(one) for one in chance.sample(tongue.things, 2)]
    gap = " " if tongue.spaced else ""
    return [(chance.choice(tongue.announces), False), (asked[0], True), (gap, False), (asked[1], True)]


def wishes(chance: random.Random) -> Parts:
    """Two acts in one request, of which one may hold a number."""
    tongue = chance.choice(_TONGUES)
    acts = [act.format(thing) for act, thing in zip(chance.sample(tongue.acts, 2), chance.sample(tongue.things, 2), strict=True)]
    joint = chance.choice(tongue.joints)
    if joint[0] not in ".。":
        acts[1] = acts[1][0].lower() + acts[1][1:]
    return [(acts[0], True), (joint, False), (acts[1], True), ("。" if "。" in joint else ".", False)]


def number(chance: random.Random) -> tuple[Parts, int]:
    """So many alike, and how many."""
    tongue = chance.choice(_TONGUES)
    before, behind = chance.choice(tongue.counts)
    numeral, count = chance.choice(list(tongue.numerals.items()))
    thing = chance.choice(tongue.things)
    return [(before.format(thing), False), (numeral, True), (behind.format(thing), False)], count


def whole(chance: random.Random) -> Parts:
    """One thing, a comparison, or steps that build on each other."""
    tongue = chance.choice(_TONGUES)
    pattern = chance.choice((*tongue.one, *tongue.compares, *tongue.chains))
    return [(pattern.format(*chance.sample(tongue.things, 2)), False)]
