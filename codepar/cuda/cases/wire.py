"""Test cases as the driver reads them: words on standard input, every number an integer or a hexadecimal float.

Floating-point bounds become a grid k * 2^e of ``bits`` steps, so that inputs are exact and the same in every process. Limits:
the format belongs to one version of ``case_driver.c`` and is not kept.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from codepar.cuda.cases.layout import Number, layout_of
from codepar.cuda.cases.spec import MAX_ELEMENTS, BufferSpec, Distribution, Scalar, Special, TestCase, TestSet
from codepar.cuda.function import Parameter, Role, SequentialFunction
from codepar.cuda.source import source_of
from codepar.errors import InvalidInput

_ROLES = {Role.SCALAR: "s", Role.IN: "i", Role.OUT: "o", Role.INOUT: "b"}
# A float has 24 bits and a double 53; drawn numbers use nearly all, so that narrowing shows.
_BITS = {4: 20, 8: 44}
_EXPONENTS = {4: (-126, 127), 8: (-1022, 1023)}


def render(
    function: SequentialFunction,
    tests: TestSet,
    nonce: str,
    *,
    cases: Sequence[int] | None = None,
    fill: int = 0,
    apart_s: int = 0,
) -> str:
    """Standard input of the driver for the cases at the indices ``cases`` (None: all).

    ``fill`` chooses what ``OUT`` buffers hold before: 0 data like any other, 1 to 3 patterns of poison. ``apart_s``: each case
    in a process of its own that may take so many seconds of processor time (after four that took longer, no more cases); 0: all
    in one. Raises ``InvalidInput``.
    """
    chosen = range(len(tests.cases)) if cases is None else cases
    words = ["codepar-cases-1", nonce, str(fill), str(apart_s), str(len(chosen))]
    lines = [" ".join(words)]
    writer = _Writer(function)
    for number in chosen:
        try:
            lines += writer.lines(tests.cases[number], number)
        except (ValueError, OverflowError) as error:
            # A bound or value beyond what its type holds, or not a number.
            raise InvalidInput(f"case {tests.cases[number].name}: {error}") from error
    return "\n".join(lines) + "\n"


def check(function: SequentialFunction, tests: TestSet) -> None:
    """Raise ``InvalidInput`` where a case lacks an argument, or a size or bound has no value."""
    render(function, tests, "nonce")


class _Writer:
    """Writes cases of one function; layouts are found once."""

    def __init__(self, function: SequentialFunction) -> None:
        signature = function.signature
        self._function = function
        self._constants: Mapping[str, int] = source_of(function.text, function.language).constants
        self._layouts = {one.name: layout_of(one.type, function) for one in signature.parameters}
        self._result = None if signature.return_type == "void" else layout_of(signature.return_type, function)

    def lines(self, case: TestCase, number: int) -> Iterator[str]:
        parameters = self._function.signature.parameters
        result = f"{self._result.size} {self._result.text()}" if self._result else "0 -"
        yield f"case {case.name} {number} {len(parameters)} {result}"
        total = 0
        for parameter in parameters:
            if parameter.is_buffer and parameter.name in case.buffers:
                total += case.size(parameter.name, self._constants)
                yield from self._buffer(case, parameter)
            elif parameter.name in case.scalars and not (parameter.is_buffer and not parameter.is_reference):
                yield from self._scalar(case, parameter)
            else:
                raise InvalidInput(f"case {case.name} gives no value for the parameter `{parameter.name}`")
        if total > MAX_ELEMENTS:
            raise InvalidInput(f"case {case.name}: its buffers have {total} elements, more than {MAX_ELEMENTS}")

    def _scalar(self, case: TestCase, parameter: Parameter) -> Iterator[str]:
        layout, value = self._layouts[parameter.name], case.scalars[parameter.name]
        yield f"parameter {parameter.name} {_ROLES[parameter.role]} 1 {layout.size} {layout.text()} {len(layout.numbers)}"
        for number in layout.numbers:
            own = value.get(number.path, 0) if isinstance(value, dict) else value
            yield _field(number, "v", 0, (_word(number, own),))

    def _buffer(self, case: TestCase, parameter: Parameter) -> Iterator[str]:
        spec, layout = case.buffers[parameter.name], self._layouts[parameter.name]
        size = case.size(parameter.name, self._constants)
        role = _ROLES[parameter.role]
        yield f"parameter {parameter.name} {role} {size} {layout.size} {layout.text()} {len(layout.numbers)}"
        for index, number in enumerate(layout.numbers):
            seed = _seed(case.seed, parameter.name, index)
            yield self._drawn(case, number, _own(spec, number), seed)

    def _drawn(self, case: TestCase, number: Number, wanted: Distribution, seed: int) -> str:
        letter = wanted.distribution[0]
        if letter == "v":
            if not wanted.values:
                raise InvalidInput(f"case {case.name}: the distribution `values` needs values")
            return _field(number, "v", seed, tuple(_word(number, one) for one in wanted.values))
        low, high = (case.number(bound, self._constants) for bound in (wanted.low, wanted.high))
        values = tuple(_word(number, one) for one in wanted.include)
        grid = _grid(number, low, high, wanted, is_ramp=letter == "r")
        return _field(number, letter, seed, values, grid)


def _own(spec: BufferSpec, number: Number) -> Distribution:
    """The distribution of a number of an element: that of its member, of its struct, or of the buffer."""
    names = (number.path, number.path.split("[", 1)[0], number.path.split(".", 1)[0])
    return next((spec.members[name] for name in names if name in spec.members), spec)


@dataclass(frozen=True)
class _Grid:
    """The numbers k * 2^exponent for k from ``low`` to ``low + span``; of a ramp ``span`` is the increment."""

    low: int = 0
    span: int = 0
    exponent: int = 0
    nonzero: bool = False


def _field(number: Number, letter: str, seed: int, values: tuple[str, ...], grid: _Grid = _Grid()) -> str:
    steps = f"{grid.low} {grid.span} {grid.exponent} {int(grid.nonzero)}"
    return " ".join((f"field {number.offset} {number.kind} {letter} {seed} {steps} {len(values)}", *values))


def _seed(seed: int, name: str, index: int) -> int:
    """A seed for each buffer, so that none repeats another's numbers."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {name} {index}".encode(), digest_size=8).digest(), "big")


def _grid(number: Number, low: Scalar, high: Scalar, wanted: Distribution, *, is_ramp: bool) -> _Grid:
    """The grid between two bounds; for a ramp they are its first number and its increment."""
    if not number.is_float:
        least, most = number.bounds
        first = min(max(math.ceil(low), least), most)
        if is_ramp:
            return _Grid(first, math.ceil(high) % 2**64)
        return _Grid(first, max(0, min(math.floor(high), most) - first), 0, wanted.nonzero)
    reach = high if is_ramp else high - low
    minimum, maximum = _EXPONENTS[number.width]
    power = math.frexp(reach)[1] if reach else 0
    exponent = max(minimum, min(maximum, power - (wanted.bits or _BITS[number.width])))
    step = Fraction(2) ** exponent
    first = math.ceil(Fraction(low) / step)
    last = math.floor(Fraction(high) / step)
    if max(abs(first), abs(last)) >= 2**62:
        raise InvalidInput(f"the bounds {low} and {high} lie too far from zero for their distance")
    return _Grid(first, last % 2**64 if is_ramp else max(0, last - first), exponent, wanted.nonzero)


def _word(number: Number, value: Scalar | Special) -> str:
    if number.is_float:
        return float(value).hex() if not isinstance(value, str) else value
    if isinstance(value, str):
        raise InvalidInput(f"{value} is no value of an integer")
    least, most = number.bounds
    if not least <= int(value) <= most:
        raise InvalidInput(f"{value} does not fit into {number.width} bytes")
    return str(int(value))
