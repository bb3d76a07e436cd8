"""Whether a candidate left what the original left: return value and every written buffer, whole, number by number.

Integers and booleans must be equal. A floating-point number ``a`` agrees with the original's ``e`` when both are NaN, or are
equal (so 0 agrees with -0, infinities with their own sign), or both are finite and

    |a - e| <= rtol * max(|e|, m),      m = median of |e| over the original's finite, non-zero numbers of that buffer and member,

with rtol 1e-5 for float and 1e-10 for double; poison that was left alone does not count for ``m``. It leaves room for sums in
another order: what cancels to nearly zero carries the rounding of its terms. A median, because one huge number must not excuse
the others. Limits: a wrong number far smaller than most of its buffer is therefore not seen.
"""

from __future__ import annotations

import math
import statistics
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codepar.cuda.cases.dump import RETURN, CaseOutput, Dump
from codepar.cuda.cases.layout import Layout, Number

_FORMATS = {
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "b1": "B",
    "f4": "f",
    "f8": "d",
}
Value = int | float
# What the driver fills output buffers with, as numbers.
_POISON = frozenset(struct.unpack(kind, bytes([byte]) * 8)[0] for byte in (0xCB, 0x7F, 0x2E) for kind in ("fxxxx", "d"))


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Relative tolerances; the scale is that of the module's formula."""

    single: float = 1e-5
    double: float = 1e-10

    def of(self, number: Number) -> float:
        return self.single if number.width == 4 else self.double


@dataclass(frozen=True, slots=True)
class Difference:
    """The first number that differs in a case, and how many do in that buffer. ``index`` counts elements."""

    case: str
    buffer: str
    index: int
    expected: Value | None
    actual: Value | None
    differing: int
    total: int
    member: str = ""

    def message(self) -> str:
        """One line for a person or a model."""
        if self.actual is None or self.expected is None:
            return f"case {self.case}: {self.buffer}, of {self.total} elements, is not written as the original writes it"
        place = (
            "the return value"
            if self.buffer == RETURN
            else f"{self.buffer}[{self.index}]{'.' + self.member if self.member else ''}"
        )
        share = "" if self.buffer == RETURN else f" ({self.differing} of {self.total} elements differ)"
        return f"case {self.case}: {place} is {self.actual!r}, the original gives {self.expected!r}{share}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``problems`` are in words: the first difference of each case and what else was wrong with it."""

    compared: int
    differences: tuple[Difference, ...] = ()
    problems: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Nothing compared is no agreement."""
        return self.compared > 0 and not self.problems


def compare(expected: Sequence[CaseOutput], actual: Sequence[CaseOutput], tolerance: Tolerance = Tolerance()) -> Comparison:
    """Every case of ``expected`` that ended well against the case of that name in ``actual``."""
    found = {one.name: one for one in actual}
    wanted = [one for one in expected if one.is_ok]
    differences: list[Difference] = []
    problems: list[str] = []
    failed: list[str] = []
    for one in wanted:
        own, first = _problems(one, found.get(one.name), tolerance)
        problems += own
        failed += [one.name] if own else []
        differences += [first] if first is not None else []
    return Comparison(len(wanted), tuple(differences), tuple(problems), tuple(failed))


def _problems(expected: CaseOutput, actual: CaseOutput | None, tolerance: Tolerance) -> tuple[list[str], Difference | None]:
    if actual is None:
        return [f"case {expected.name}: it did not run"], None
    problems = [] if actual.is_ok else [f"case {expected.name}: {actual.why()}"]
    problems += [f"case {expected.name}: memory around a buffer was overwritten, {one}" for one in actual.overruns]
    for name, count in actual.changed_inputs.items():
        if name not in expected.changed_inputs:
            problems.append(
                f"case {expected.name}: {name} is only read by the original, but {count} of its elements were changed"
            )
    first = next(_differences(expected, actual, tolerance), None) if actual.is_ok else None
    return [*problems, *([first.message()] if first is not None else [])], first


def _differences(expected: CaseOutput, actual: CaseOutput, tolerance: Tolerance) -> Iterator[Difference]:
    for name, dump in expected.values.items():
        other = actual.values.get(name)
        if other is None or len(other.data) != len(dump.data):
            yield Difference(expected.name, name, 0, None, None, dump.count, dump.count)
        elif (found := difference(expected.name, name, dump, other, tolerance)) is not None:
            yield found


def difference(case: str, name: str, expected: Dump, actual: Dump, tolerance: Tolerance = Tolerance()) -> Difference | None:
    """The first element of a buffer that differs; the layout is the original's. None where all agree."""
    if expected.data == actual.data:
        return None
    best: Difference | None = None
    for number in expected.layout.numbers:
        wanted, got = numbers_of(expected, number), numbers_of(actual, number)
        scale = magnitude(wanted) if number.is_float else 0.0
        limit = tolerance.of(number)
        wrong = [at for at, (e, a) in enumerate(zip(wanted, got, strict=True)) if e != a and not agree(e, a, limit, scale)]
        if wrong and (best is None or wrong[0] < best.index):
            at = wrong[0]
            best = Difference(case, name, at, wanted[at], got[at], len(wrong), len(wanted), number.path)
    return best


def numbers_of(dump: Dump, number: Number) -> list[Value]:
    """The values of one number of each element, in order."""
    size, layout = dump.layout.size, dump.layout
    if layout.is_number:
        return list(struct.unpack(f"<{dump.count}{_FORMATS[number.kind]}", dump.data))
    unpack = struct.Struct("<" + _FORMATS[number.kind]).unpack_from
    return [unpack(dump.data, at * size + number.offset)[0] for at in range(dump.count)]


def magnitude(values: Sequence[Value]) -> float:
    """Median of the absolute values, zeros, infinities, NaN and poison left out; 0 for none."""
    finite = [abs(value) for value in values if value and math.isfinite(value) and value not in _POISON]
    return float(statistics.median(finite)) if finite else 0.0


def agree(expected: Value, actual: Value, rtol: float, scale: float) -> bool:
    """The module's formula for two numbers; integers agree only when equal."""
    if isinstance(expected, int) or isinstance(actual, int):
        return expected == actual
    if math.isnan(expected) or math.isnan(actual):
        return math.isnan(expected) and math.isnan(actual)
    if math.isinf(expected) or math.isinf(actual):
        return expected == actual
    return abs(actual - expected) <= rtol * max(abs(expected), scale)


def shown(values: Mapping[str, Dump]) -> str:
    """The first numbers of each buffer, for a message."""
    return "; ".join(f"{name} = {_few(dump.layout, dump)}" for name, dump in values.items())


def _few(layout: Layout, dump: Dump, count: int = 8) -> str:
    firsts = [numbers_of(dump, number)[:count] for number in layout.numbers[:1]]
    more = ", ..." if dump.count > count else ""
    return "[" + ", ".join(f"{value:g}" for value in firsts[0]) + more + "]" if firsts else "[]"
