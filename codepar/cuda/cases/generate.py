"""Test cases by rule, from the signature, the extents of the buffers and what the text tells of its scalars.

``candidates`` proposes more cases than are wanted, the most telling first; the flow runs the original on them under sanitizers,
and ``choose`` keeps those on which it is clean. Limits: where an extent is unknown the buffer is made generous, and a case may
still not fit; a function that accepts only inputs of a special form (a sorted list of lists, say) may keep no case.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from codepar.cuda.cases import large, wide
from codepar.cuda.cases.dump import RETURN, CaseOutput
from codepar.cuda.cases.facts import Facts, facts_of
from codepar.cuda.cases.layout import Layout, layout_of
from codepar.cuda.cases.shapes import Shape, other_scalars, scaled, shapes
from codepar.cuda.cases.spec import (
    MAX_CASES,
    MAX_ELEMENTS,
    USUAL_ELEMENTS,
    BufferSpec,
    Distribution,
    Purpose,
    Scalar,
    TestCase,
    TestSet,
)
from codepar.cuda.cases.work import work_of
from codepar.cuda.expression import evaluate
from codepar.cuda.function import Extent, Parameter, SequentialFunction
from codepar.cuda.source import source_of
from codepar.errors import InvalidInput

CASES: Mapping[Purpose, int] = {"rank": 6, "judge": 8}
"""Cases kept of a set unless more are asked for."""

_CANDIDATES = 4
# Room for the large, the wide, the tiny ones and those of several large sizes.
_SPECIAL = 16
# Emulated and instrumented, an iteration costs up to a microsecond; what judges includes two loops over 1,042 and 1,442, and the
# court leaves what is too slow out of the instrumented run.
_MAX_WORK: Mapping[Purpose, int] = {"rank": 250_000, "judge": 1_600_000}
_SIZES_BY_POINTER = (33, 300, 7, 257, 31, 1025, 100)
_ROOM = 16 * 1024
_MOST_WEIGHTS = 1024
_LEAST_ROOM = 320
_LONG_ROW = 600
_ASCENDING = Distribution(distribution="sorted", low=-4.0, high=4.0, bits=6)


def candidates(function: SequentialFunction, purpose: Purpose, seed: int, cases: int | None = None) -> TestSet:
    """Proposed cases in the order in which ``choose`` should take them. Raises ``InvalidInput`` where none can be made."""
    wanted = cases or CASES[purpose]
    maker = _Maker(function, purpose, seed)
    made: list[TestCase] = []
    turns = shapes(maker.facts, purpose, min(wanted * _CANDIDATES, MAX_CASES - _SPECIAL), seed)
    for at, shape in enumerate(turns):
        made += maker.case(f"{purpose}{at:02d}", shape, roomy=at >= 2 * wanted)
    if purpose == "judge":
        made[large.PLACE : large.PLACE] = [*maker.large(), *maker.wide(turns)]
    made += maker.case(f"{purpose}-tiny", Shape(dict.fromkeys(maker.facts.sizes, 2 if purpose == "rank" else 1), 1), roomy=True)
    return TestSet(function=function.name, cases=tuple(made), purpose=purpose, seed=seed)


def choose(tests: TestSet, outputs: Sequence[CaseOutput], cases: int | None = None) -> TestSet:
    """The first cases on which the original ended well and did something, then those on which it ended well.

    Where it neither returns nor changes anything on any of them, none is kept: such a set tells nothing.
    """
    wanted = cases or CASES[tests.purpose]
    ended = {one.name: one for one in outputs if one.is_ok}
    order = [one.name for one in tests.cases if one.name in ended]
    telling = [name for name in order if _does_something(ended[name])]
    returning = [name for name in order if name not in telling and RETURN in ended[name].values]
    idle = [name for name in order if name not in telling and name not in returning and telling]
    return tests.only(frozenset((telling + returning + idle)[:wanted]))


def _does_something(output: CaseOutput) -> bool:
    returned = output.values.get(RETURN)
    return any(output.changed.values()) or (returned is not None and any(returned.data))


def generate(function: SequentialFunction, *, purpose: Purpose = "rank", seed: int = 0, cases: int | None = None) -> TestSet:
    """The cases by rule, not yet tried on the original: the same as ``candidates``."""
    return candidates(function, purpose, seed, cases)


@dataclass
class _Maker:
    """Makes cases of one function."""

    function: SequentialFunction
    purpose: Purpose
    seed: int

    @cached_property
    def facts(self) -> Facts:
        facts = facts_of(self.function)
        facts.sizes = [name for name in facts.sizes if self._is_integer(name)]
        return facts

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        return {one.name: layout_of(one.type, self.function) for one in self.function.signature.parameters}

    @cached_property
    def _constants(self) -> Mapping[str, int]:
        return source_of(self.function.text, self.function.language).constants

    def _is_integer(self, name: str) -> bool:
        return self.layouts[name].is_number and not self.layouts[name].numbers[0].is_float

    @property
    def _scalar_layouts(self) -> dict[str, Layout]:
        return {one.name: self.layouts[one.name] for one in self.function.signature.scalars}

    def case(self, name: str, shape: Shape, *, roomy: bool) -> Iterator[TestCase]:
        """The case of a shape, scaled down until it is affordable; none where it never is."""
        sizes = dict(shape.sizes)
        for _ in range(64):
            made = self._try(name, Shape(sizes, shape.turn), roomy)
            if made is not None:
                yield made
                return
            smaller = scaled(sizes, self.purpose)
            if smaller == sizes:
                return
            sizes = smaller

    def large(self) -> Iterator[TestCase]:
        """The cases of very many elements, where the function takes them."""
        for at, shape in enumerate(large.large_shapes(self.function, self.facts)):
            made = self._drawn_case(f"{large.NAME}{at}", shape, roomy=False)
            if made is not None and self._fits(made, MAX_ELEMENTS) and self._bytes(made) <= large.LARGE_BYTES:
                yield made

    def wide(self, turns: Sequence[Shape]) -> Iterator[TestCase]:
        """Cases whose integers use all their bits, of the size of one that is neither the first nor tiny."""
        if not turns or not wide.wants_wide(self.function):
            return
        sizes = turns[min(1, len(turns) - 1)].sizes
        for at in range(wide.count(self.facts)):
            for case in self.case(f"{wide.NAME}{at}", Shape(sizes, at + 1), roomy=False):
                if (made := wide.widened(case, at, self.facts, self.layouts, frozenset(self._indices))) is not None:
                    yield made

    def _bytes(self, case: TestCase) -> int:
        return sum(case.size(name, self._constants) * self.layouts[name].size for name in case.buffers)

    def _try(self, name: str, shape: Shape, roomy: bool) -> TestCase | None:
        made = self._drawn_case(name, shape, roomy=roomy)
        return made if made is not None and self._fits(made, USUAL_ELEMENTS) else None

    def _drawn_case(self, name: str, shape: Shape, *, roomy: bool) -> TestCase | None:
        """The case, whatever its size; None where it would run too long."""
        generator = random.Random(f"{self.seed} {name}")
        scalars: dict[str, Scalar | dict[str, Scalar]] = {}
        for one, value in shape.sizes.items():
            scalars[one] = min(value, self.layouts[one].numbers[0].bounds[1])
        scalars |= other_scalars(self.facts, self._scalar_layouts, shape, generator)
        plain = {one: value for one, value in scalars.items() if not isinstance(value, dict)}
        if work_of(self.function, plain) > _MAX_WORK[self.purpose]:
            return None
        buffers = self._buffers(plain, shape, roomy)
        return TestCase(name=name, scalars=scalars, buffers=buffers, seed=generator.randrange(2**62))

    def _fits(self, case: TestCase, most: int) -> bool:
        try:
            sizes = [case.size(name, self._constants) for name in case.buffers]
        except InvalidInput:
            return False
        return sum(sizes) <= most

    def _buffers(self, scalars: Mapping[str, Scalar], shape: Shape, roomy: bool) -> dict[str, BufferSpec]:
        highs = {name: self._high(name, scalars, shape, roomy) for name in self._indices}
        found = {}
        for parameter in self.function.signature.buffers:
            size = self._size(parameter, scalars, highs, roomy)
            drawn = self._drawn(parameter, highs, shape)
            if shape.turn % 2 == 0 and self._is_weights(parameter):
                drawn = _shares(self._value(str(size), scalars)) or drawn
            found[parameter.name] = BufferSpec(size=size, type=parameter.type, role=parameter.role, **dict(drawn))
        return found

    @cached_property
    def _indices(self) -> list[str]:
        """Integer buffers whose contents are subscripts or loop bounds."""
        names = [*self.facts.targets, *self.facts.bounds]
        return [name for name in dict.fromkeys(names) if all(not one.is_float for one in self.layouts[name].numbers)]

    def _extent(self, name: str) -> Extent:
        return self.function.extents.get(name, Extent())

    def _room(self, scalars: Mapping[str, Scalar]) -> int:
        """Enough for most subscripts: four times the product of all that counts something, and some more."""
        names = {*self.facts.sizes, *self.facts.shapes, *self.facts.strides}
        counts = [int(scalars[one]) for one in names if one in scalars and isinstance(scalars[one], int)]
        product = 4
        for count in counts:
            product *= max(1, count)
        return max(_LEAST_ROOM, min(_ROOM, product + 4 * sum(map(abs, counts)) + 64))

    def _size(self, parameter: Parameter, scalars: Mapping[str, Scalar], highs: Mapping[str, str], roomy: bool) -> int | str:
        if parameter.is_reference and not parameter.dimensions and "*" not in parameter.declaration:
            return 1
        extent = self._extent(parameter.name)
        bound = getattr(extent, "bound", None)
        text = extent.expression or (_with_maxima(bound, highs) if bound is not None else None)
        if text is None or self._value(text, scalars) is None:
            return self._room(scalars)
        return f"({text}) * 2 + {_LEAST_ROOM}" if roomy else text

    def _value(self, text: str, scalars: Mapping[str, Scalar]) -> Scalar | None:
        try:
            return evaluate(text, {**self._constants, **scalars})
        except InvalidInput:
            return None

    def _high(self, name: str, scalars: Mapping[str, Scalar], shape: Shape, roomy: bool) -> str:
        """The largest value of an index buffer, as an expression of the scalars."""
        targets = [self._extent(one).expression for one in self.facts.targets.get(name, [])]
        known = [one for one in targets if one is not None and (self._value(one, scalars) or 0) > 0]
        if known and not roomy:
            return f"({min(known, key=lambda one: self._value(one, scalars) or 0)}) - 1"
        if self._is_single(name):
            return str(_SIZES_BY_POINTER[(shape.turn + (3 if self.purpose == "judge" else 0)) % len(_SIZES_BY_POINTER)])
        names = sorted(shape.sizes, key=lambda one: shape.sizes[one], reverse=not roomy)
        if not names:
            return "7"
        if not roomy and shape.turn % 3 == 2 and self._is_offset_pair(name):
            # Rows of more elements than a warp or a block has threads.
            return f"4 * {names[0]} + {_LONG_ROW}"
        return f"{names[0]} - 1" if roomy else f"{names[shape.turn % len(names)]} - 1"

    def _drawn(self, parameter: Parameter, highs: Mapping[str, str], shape: Shape) -> Distribution:
        name, layout = parameter.name, self.layouts[parameter.name]
        if name in highs:
            if self._is_single(name):
                return Distribution(distribution="values", values=(int(highs[name]),))
            is_pair = name in self.facts.bounds and (len(self.facts.bounds) > 1 or self._is_offset_pair(name))
            return Distribution(distribution="sorted" if is_pair else "uniform", low=0, high=highs[name])
        number = next((one for one in layout.numbers if one.is_float), layout.numbers[0])
        # Where the code itself looks for zeros, they come every other time.
        divides = name in self.facts.divisors and not (name in self.facts.guarded and shape.turn % 2 == 0)
        if name in self.facts.matched and shape.turn % 4 != 3:
            # Elements that are tested for equality must be equal often.
            first = 97 if number.width == 1 else 0
            if shape.turn // 2 % 2 == 0:
                return Distribution(distribution="values", values=tuple(first + one for one in (0, 1, 0, 0, 1, 1)))
            return Distribution(low=first, high=first + 1 + shape.turn % 2, bits=1)
        if name in self.facts.ordered and shape.turn % 4 == 1:
            # What asks whether elements ascend has another answer for random ones from the third on.
            return (
                Distribution(distribution="sorted", low=max(-50, number.bounds[0]), high=50)
                if not number.is_float
                else _ASCENDING
            )
        if not number.is_float:
            return self._integers(number.bounds, shape.turn, divides)
        is_unit = (self.facts.has_unit_domain and shape.turn % 3 != 1) or shape.turn % 3 == 1
        low, high, bits = (0.0625, 0.9375, None) if is_unit else (-4.0, 4.0, 6)
        if shape.turn % 6 == 5 and not is_unit:
            low, high, bits = -100.0, 100.0, None
        if self.facts.has_product and shape.turn % 2 == 0:
            low, high, bits = 0.9375, 1.0625, None
        include = tuple(float(one) for one in self.facts.literals if low <= one <= high and not (divides and one == 0))
        return Distribution(low=low, high=high, bits=bits, include=include[:16], nonzero=divides)

    def _is_weights(self, parameter: Parameter) -> bool:
        """Whether it may hold the weights of a mean over small integers: their sum must stay below one, or the mean overflows."""
        narrow = (self.layouts[one.name] for one in self.function.signature.buffers if one.role.is_written)
        is_narrowed = any(not number.is_float and number.width <= 2 for layout in narrow for number in layout.numbers)
        return is_narrowed and not parameter.role.is_written and self.layouts[parameter.name].numbers[0].is_float

    def _is_single(self, name: str) -> bool:
        """A size handed over by pointer."""
        return name in self.facts.bounds and self._extent(name).expression == "1"

    def _is_offset_pair(self, name: str) -> bool:
        """``p[i]`` to ``p[i + 1]``: the offsets of rows, which only ascend."""
        return re.search(rf"\b{re.escape(name)}\s*\[[^\]]*\+\s*1\s*\]", self.function.slice(self.function.body)) is not None

    def _integers(self, bounds: tuple[int, int], turn: int, divides: bool) -> Distribution:
        ranges = ((-9, 9), (0, 100), (-1000, 1000), (-2, 2))
        low, high = ranges[turn % len(ranges)]
        low, high = (max(low, bounds[0]), min(high, bounds[1]))
        if bounds[1] - bounds[0] < 256:
            low, high = bounds if turn % 2 == 0 else (max(0, bounds[0]), min(100, bounds[1]))
        if self.facts.has_product and turn % 2 == 0:
            # A product of anything else overflows, or is zero.
            return Distribution(low=max(-1, bounds[0]), high=1, nonzero=True)
        include = [int(one) for one in self.facts.literals if one == int(one) and bounds[0] <= one <= bounds[1]]
        include = [one for one in include if not (divides and one == 0)]
        return Distribution(low=low, high=high, include=tuple(include[:16]), nonzero=divides)


def _shares(count: Scalar | None) -> Distribution | None:
    """Positive numbers of which ``count`` together stay below one; None where there are too many to be weights."""
    return Distribution(low=0.0625 / count, high=0.9375 / count) if count and 1 < count <= _MOST_WEIGHTS else None


def _with_maxima(bound: str, highs: Mapping[str, str]) -> str:
    """The bound with the largest values that we chose for index buffers."""
    return re.sub(r"\b(\w+)_max\b", lambda match: f"({highs[match[1]]})" if match[1] in highs else match[0], bound)
