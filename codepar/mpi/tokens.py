"""Lines of program output as tokens, so that numbers can be compared as numbers and varying ones masked.

Limits: no locale (a comma is text), and a date is only the numbers in it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F]+"
    r"|(?:(?<![\w.)])[-+])?(?:\d+(?:\.\d*)?|(?<![\w])\.\d+)(?:[eE][-+]?\d+)?"
    r"|(?<![A-Za-z])[-+]?(?:nan|inf|infinity)(?![A-Za-z])",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"[-+]?\d+\Z")


@dataclass(frozen=True)
class Tolerance:
    """Two numbers agree when ``|a - b| <= atol + rtol * |b|``; two integers only when they are equal."""

    rtol: float = 1e-6
    atol: float = 1e-9

    def accepts(self, left: str, right: str) -> bool:
        """Whether two number tokens agree. NaN agrees with NaN, an infinity with itself."""
        if left == right:
            return True
        if _INTEGER.match(left) and _INTEGER.match(right):
            # A count that is off by one is wrong however large it is.
            return int(left) == int(right)
        a, b = _value(left), _value(right)
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        if math.isinf(a) or math.isinf(b):
            return a == b
        return abs(a - b) <= self.atol + self.rtol * abs(b)


def _value(token: str) -> float:
    return float(int(token, 16)) if token[:2].lower() == "0x" else float(token)


@dataclass(frozen=True)
class Line:
    """One line: ``skeleton`` is its text with each number replaced, ``numbers`` are those numbers in order."""

    skeleton: str
    numbers: tuple[str, ...]


def parse_line(text: str) -> Line:
    """Split one line into skeleton and numbers. Runs of white space count as one blank, those at the ends not at all."""
    numbers: list[str] = []

    def _take(match: re.Match[str]) -> str:
        numbers.append(match.group())
        return "\x00"

    skeleton = _NUMBER.sub(_take, " ".join(text.split()))
    return Line(skeleton=skeleton, numbers=tuple(numbers))


def parse_lines(text: str) -> list[Line]:
    """The lines of an output that hold anything but white space."""
    return [parse_line(line) for line in text.splitlines() if line.strip()]
