"""Which values scalars take, case by case: sizes around blocks and warps, offsets, strides, flags, divisors, plain values.

Sizes that rank candidates and sizes that judge them are disjoint but for what scaling down leaves. Limits: proposals; a case on
which the original is not clean is dropped later.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import or_

from codepar.cuda.cases.facts import Facts
from codepar.cuda.cases.layout import Layout, Number
from codepar.cuda.cases.spec import Purpose, Scalar

# A warp has 32 lanes, a usual block 256 threads: on, just below, just above, several blocks, and no multiple of anything.
_LARGE: Mapping[Purpose, tuple[int, ...]] = {
    "rank": (33, 300, 3, 256, 63, 1000, 17, 129, 2, 515),
    "judge": (31, 257, 1, 1025, 3072, 32, 255, 10_007, 100, 777),
}
_SMALL: Mapping[Purpose, tuple[int, ...]] = {"rank": (5, 3, 18, 2, 7, 33), "judge": (4, 6, 1, 31, 9, 17)}
_FEW = 2_500
_ROOM = 32_000
_WARP = 32
# Two, since the two sizes below a warp that judge come five turns apart: one of them has a stride of zero.
_WIDE = [0, 1042]
_FLOATS = (0.5, -1.25, 2.0, 0.75, 3.5, 0.25, -0.5)
_UNIT_FLOATS = (0.5, 0.875, 0.25, 0.75, 0.9375, 0.125)


@dataclass(frozen=True)
class Shape:
    """The scalars of one case. ``turn`` varies everything that is no size."""

    sizes: Mapping[str, int]
    turn: int


def shapes(facts: Facts, purpose: Purpose, count: int, seed: int) -> list[Shape]:
    """``count`` assignments of the sizes, all different; without sizes there are only turns."""
    found: list[Shape] = []
    seen: set[tuple[int, ...]] = set()
    for turn in range(count):
        sizes = _sizes(facts, purpose, turn, random.Random(f"{seed} {purpose} {turn}"))
        key = tuple(sizes.values())
        if key not in seen or not facts.sizes:
            seen.add(key)
            found.append(Shape(sizes, turn))
    if purpose == "judge" and len(facts.sizes) > 1:
        _insert_large(found, facts.sizes)
    return found


def _insert_large(found: list[Shape], names: Sequence[str]) -> None:
    """All sizes large, all but one, all alike: what is wrong only there. They are cut to what is affordable.

    The turns are those of data in which equal elements are many, in a pattern or at random.
    """
    for turn, ordered in ((1, list(names)), (5, list(reversed(names)))):
        found.insert(turn, Shape({name: 1042 + 400 * at for at, name in enumerate(ordered)}, turn))
    found.insert(3, Shape(dict.fromkeys(names, 35), 9))
    for at, name in enumerate(names[:2]):
        others = {one: 1042 + 200 * place for place, one in enumerate(names)}
        found.insert(4 + at, Shape({**others, name: 4}, 10 + 4 * at))


def _sizes(facts: Facts, purpose: Purpose, turn: int, generator: random.Random) -> dict[str, int]:
    """One size large, the others small and different, each in its turn; the last ones of one dimension are drawn."""
    names = facts.sizes
    large, small = _LARGE[purpose], _SMALL[purpose]
    if len(names) > 1:
        # The others are small already.
        large = tuple(one for one in large if one > max(small) / 3)
    main = turn % len(names) if names else 0
    sizes = {}
    for at, name in enumerate(names):
        if at == main:
            index = turn if len(names) == 1 else turn // len(names) + turn % len(names)
            near = _near(facts.compared.get(name, ()), purpose)
            own = [*large[:2], *near, *large[2:]]
            sizes[name] = own[index] if index < len(own) else _drawn(purpose, generator)
        else:
            sizes[name] = small[(turn + 2 * at) % len(small)]
    return sizes


def _near(compared: Sequence[int | float], purpose: Purpose) -> list[int]:
    """Sizes on both sides of those that the code itself tells apart."""
    steps = (-1, 1) if purpose == "rank" else (0, 3)
    return [int(one) + step for one in compared for step in steps if int(one) + step > 0][:6]


def _drawn(purpose: Purpose, generator: random.Random) -> int:
    """Up to 1,500; the remainders by 4 keep those that rank from those that judge, and no fixed size comes again."""
    while True:
        drawn = 4 * generator.randint(9, 375) + generator.randint(0, 1) + (2 if purpose == "judge" else 0)
        if all(drawn not in fixed for fixed in _LARGE.values()):
            return drawn


def scaled(sizes: Mapping[str, int], purpose: Purpose) -> dict[str, int]:
    """The same with its largest size cut, for each purpose by another share; unchanged where all are 1 already."""
    name = max(sizes, key=lambda one: sizes[one], default=None)
    share = (3, 4) if purpose == "rank" else (2, 3)
    return {**sizes, **({name: max(1, sizes[name] * share[0] // share[1])} if name is not None else {})}


def other_scalars(
    facts: Facts, layouts: Mapping[str, Layout], shape: Shape, generator: random.Random
) -> dict[str, Scalar | dict[str, Scalar]]:
    """Values of the scalars that are no sizes."""
    widest = max(shape.sizes.values(), default=16)
    is_small = prod(shape.sizes.values()) <= _FEW
    values: dict[str, Scalar | dict[str, Scalar]] = {}
    for at, (name, layout) in enumerate(layouts.items()):
        if name in shape.sizes:
            continue
        turn = shape.turn + at
        options = _options(facts, name, widest)
        if name in facts.shapes:
            # A stride of zero makes iterations depend on each other: tried where few enough run in turn.
            options = [one for one in options if one or is_small]
        if name in facts.shapes and len(shape.sizes) == 1:
            # With a stride as wide as the only size, that size could never be large.
            narrow = [one for one in options if abs(one) * widest <= max(_ROOM, 2 * widest)] or options
            # Of zero a loop's own step would not end.
            wide = _WIDE if name not in facts.strides else [1, _WIDE[-1]]
            options = wide if widest <= _WARP else narrow
        if layout.is_number:
            values[name] = _value(facts, name, layout.numbers[0], options=options, turn=turn, plain=generator.randint(-9, 9))
        else:
            values[name] = {one.path: _plain(one, turn + index, generator) for index, one in enumerate(layout.numbers)}
    return values


def _value(facts: Facts, name: str, number: Number, *, options: list[int], turn: int, plain: int) -> Scalar:
    if number.is_float:
        return _float(facts, name, turn)
    value = options[turn % len(options)] if options else plain
    if name in facts.divisors and value <= 0:
        value = 2 + turn % 3
    least, most = number.bounds
    return min(max(value if least < 0 else abs(value), least), most)


def _options(facts: Facts, name: str, widest: int) -> list[int]:
    """What an integer that is no size may be, by what it does; empty for a plain value."""
    near = [int(one) + step for one in facts.compared.get(name, []) for step in (0, 1, -1)]
    if name in facts.masks:
        every = reduce(or_, facts.masks[name])
        return list(dict.fromkeys([every, 0, *facts.masks[name], *(every & ~one for one in facts.masks[name]), *near]))
    if name in facts.flags:
        # Five is as true as one, and has another lowest bit than two.
        return list(dict.fromkeys([*(int(one) for one in facts.compared.get(name, [])), 1, 0, 5]))
    if name in facts.strides:
        return [2, 1, 3, *near]
    if name in facts.offsets:
        return [1, 0, 2, 3, *near]
    if name in facts.shapes and facts.has_byte_pointers:
        return [4 * widest, 4 * (widest + 2), 8 * widest, 2, 1, 0, 4, *near]
    if name in facts.shapes:
        return [2, 5, widest, 1, 3, widest + 3, 0, *near]
    if name in facts.divisors:
        return [3, 2, widest, 1, 7, *near]
    if name in facts.shifts:
        return [1, 2, 0, 3]
    return near


def _float(facts: Facts, name: str, turn: int) -> float:
    """Values of both signs; where a root or logarithm is taken, every other time between 0 and 1."""
    compared = [float(one) for one in facts.compared.get(name, [])]
    pool = [*(_UNIT_FLOATS if facts.has_unit_domain and turn % 2 == 0 else _FLOATS), *compared]
    value = pool[turn % len(pool)]
    return 2.0 if value == 0 and name in facts.divisors else value


def _plain(number: Number, turn: int, generator: random.Random) -> Scalar:
    if number.is_float:
        return _FLOATS[turn % len(_FLOATS)]
    least, most = number.bounds
    return min(max(generator.randint(1, 9), least), most)
