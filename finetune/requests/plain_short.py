"""The shortest requests for two or three things: "Write a haiku and a limerick.", "Tell me a joke. Also, ...".

And what looks like them and is one thing. The words stand in ``plain_short.toml``. Limits: a few patterns in English; what is
asked for is seldom sensible.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from pathlib import Path

from codepar.protocols import Record
from finetune.requests.plain_languages import Parts


class _Words(Record):
    """``works``: with their article; ``acts``: imperatives; ``questions``: with their mark; ``properties``: of one work;
    ``one``: of an algorithm and a language, and no parts."""

    works: tuple[str, ...]
    algorithms: tuple[str, ...]
    languages: tuple[str, ...]
    subjects: tuple[str, ...]
    acts: tuple[str, ...]
    questions: tuple[str, ...]
    properties: tuple[str, ...]
    one: tuple[str, ...]


_WORDS = _Words.model_validate(tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")))
_JOINTS = (" and ", ", and ", ". Also, ", "; ", ". And ", ", plus ", ". Also ")
_OF_WORKS = 0.5
_PAIR = 2


def _row(items: Sequence[str], before: str, behind: str, chance: random.Random) -> Parts:
    last = (" and ", ", and ") if len(items) > _PAIR else (" and ",)
    gaps = [*[", "] * (len(items) - 2), chance.choice(last), behind]
    return [(before, False), *(part for one, gap in zip(items, gaps, strict=True) for part in ((one, True), (gap, False)))]


def works(chance: random.Random) -> Parts:
    """ "Write a haiku, a limerick and a sonnet about the sea." """
    lead = chance.choice(("Write ", "Please write ", "I need ", "Draft ", "give me ", "Can you write ", "Compose ", "Suggest "))
    behind = chance.choice(
        ("", ".", " please", f" about {chance.choice(_WORDS.subjects)}", f" about {chance.choice(_WORDS.subjects)}.")
    )
    return _row(chance.sample(_WORDS.works, chance.randint(2, 3)), lead, behind, chance)


def algorithms(chance: random.Random) -> Parts:
    """ "Write quicksort, mergesort and heapsort in C." """
    lead = chance.choice(("Write ", "Implement ", "Please implement ", "Show me ", "code up ", "I want ", "Explain "))
    behind = chance.choice(
        ("", ".", " please", f" in {chance.choice(_WORDS.languages)}", f" in {chance.choice(_WORDS.languages)}.")
    )
    return _row(chance.sample(_WORDS.algorithms, chance.randint(2, 4)), lead, behind, chance)


def targets(chance: random.Random) -> Parts:
    """ "Write FizzBuzz in C, Rust and Go." """
    lead = f"{chance.choice(('Write', 'Implement', 'Show me', 'I need'))} {chance.choice(_WORDS.algorithms)} in "
    return _row(chance.sample(_WORDS.languages, chance.randint(2, 4)), lead, chance.choice(("", ".", " please")), chance)


def acts(chance: random.Random) -> Parts:
    """Two acts, or an act and a question, in either order."""
    first, second = chance.sample(_WORDS.acts, 2)
    form = chance.choice(("acts", "acts", "asks", "asked"))
    question = chance.choice(_WORDS.questions)
    if form == "asked":
        return [(_upper(question), True), (chance.choice((" Also, ", " And ", " Please ")), False), (first, True), (".", False)]
    if form == "asks":
        lead = chance.choice(("Also, ", "And ", ""))
        return [*_opened(first, chance), (f". {lead}", False), (question if lead else _upper(question), True)]
    joint = chance.choice(_JOINTS)
    return [*_opened(first, chance), (joint, False), (second, True), (chance.choice(("", ".")), False)]


def questions(chance: random.Random) -> Parts:
    """ "What does MPI_Bcast do, and when do I need MPI_Scatter?" """
    first, second = chance.sample(_WORDS.questions, 2)
    return [(_upper(first[:-1]), True), (chance.choice((", and ", " and ")), False), (second, True)]


def numbered(chance: random.Random) -> Parts:
    """ "Please answer: 1. who wrote Faust? 2. what does -O3 do?" """
    mark = chance.choice(("{}. ", "{}) ", "({}) "))
    wishes = chance.sample(chance.choice((_WORDS.acts, _WORDS.questions)), chance.choice((2, 2, 3)))
    found: Parts = [(chance.choice(("Please answer: ", "Do this: ", "Quick: ", "Hi, please: ", "")), False)]
    for number, one in enumerate(wishes, 1):
        found += [(mark.format(number), False), (chance.choice((one, _upper(one))), True), (" ", False)]
    return found[:-1]


def whole(chance: random.Random) -> Parts:
    """One work with several properties, one program, one comparison."""
    if chance.random() < _OF_WORKS:
        work = chance.choice(_WORDS.works).split(" ", 1)[1]
        return [(chance.choice(_WORDS.properties).format(work), False)]
    return [(chance.choice(_WORDS.one).format(chance.choice(_WORDS.algorithms), chance.choice(_WORDS.languages[1:])), False)]


def _opened(act: str, chance: random.Random) -> Parts:
    lead = chance.choice(("", "", "Please ", "Could you ", "Hi! Please "))
    return [(lead, False), (act if lead else _upper(act), True)]


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
