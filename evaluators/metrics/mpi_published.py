"""The metric that MPIrigen was published with, flaws included, so that its own figures come out of its own answers.

Location: the share of wanted places for which some prediction lies within V lines. Function: of those, the share where the
first such prediction of the same function exists. Arguments: of those, the mean share of positions that agree. Each is averaged
over programs. A place is the number ``L.k``: ``12 10`` is read as 12.1, and a later call at one place hides the earlier one.
Limits: for comparison only: superfluous predictions cost nothing, one may serve many targets, programs without a located call
drop out of the function and argument means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_END_OF_TEXT = re.compile(r"<[|]endoftext[|]>[_]*")
_CALL = re.compile(r"[(](.*?)[;]")
_HEAD = re.compile(r"[0-9]+ [0-9]+,[\s]*MPI_[\w]*[(]")


@dataclass(frozen=True, slots=True)
class _Call:
    function: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """Scores of one program in [0, 1]. ``function`` is None where no call is located, ``arguments`` where none is right."""

    location: float
    function: float | None
    arguments: float | None


def score_published(label: str, answer: str, variance: int) -> PublishedScore | None:
    """Score one answer in the published form; None for a program without a wanted call."""
    wanted = _read(label)
    predicted = _read(_END_OF_TEXT.sub("(", answer))
    if not wanted:
        return None
    reach = {place: _within(place, variance) for place in predicted}
    near = {place: [at for at in predicted if place in reach[at]] for place in wanted}
    located = [place for place in wanted if near[place]]
    if not located:
        return PublishedScore(0.0, None, None)
    shares = [share for place in located if (share := _agreement(wanted[place], near[place], predicted)) is not None]
    arguments = sum(shares) / len(shares) if shares else None
    return PublishedScore(len(located) / len(wanted), len(shares) / len(located), arguments)


def _agreement(wanted: _Call, near: list[float], predicted: Mapping[float, _Call]) -> float | None:
    """The share of positions at which the first near call of the same function agrees; None where there is no such call."""
    same = next((predicted[at] for at in near if predicted[at].function == wanted.function), None)
    if same is None:
        return None
    pairs = zip(wanted.arguments, same.arguments, strict=False)
    return sum(1 for right, given in pairs if right == given) / len(wanted.arguments)


def _read(text: str) -> dict[float, _Call]:
    calls: dict[float, _Call] = {}
    for piece in _CALL.findall(text):
        head = _HEAD.search(piece)
        if head is None:
            continue
        place, function = head.group().split(",")
        arguments = tuple(piece[head.end() : -1].split(","))
        calls[round(float(place.replace(" ", ".")), 2)] = _Call(function[:-1].strip(), arguments)
    return calls


def _within(place: float, variance: int) -> frozenset[float]:
    """The places that count as near: whole lines off, and tenths at the same line."""
    if variance == 0:
        return frozenset({place})
    lines = _range(place - variance, place + variance + 1, 1.0)
    tenths = _range(place - variance / 10, place + 0.1 + variance / 10, 0.1)
    return frozenset(round(number, 2) for number in (*lines, *tenths))


def _range(start: float, stop: float, step: float) -> list[float]:
    """As `numpy.arange` counts in floating point: the number of its steps decides whether the end is reached."""
    delta = (start + step) - start
    return [start + index * delta for index in range(math.ceil((stop - start) / step))]
