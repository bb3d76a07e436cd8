"""A failing case made small: smaller scalars, simpler data, while it still fails.

Sizes and bounds are expressions of the scalars, so a smaller scalar makes smaller buffers. Limits: greedy, at most ``attempts``
runs; whether a smaller case is valid for the original is for ``fails`` to say (a case on which it is not clean does not fail).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from codepar.cuda.cases.spec import BufferSpec, Scalar, TestCase

Fails = Callable[[TestCase], Awaitable[bool]]


async def shrink(case: TestCase, fails: Fails, attempts: int = 40) -> TestCase:
    """The smallest failing case found; ``case`` itself where no smaller one fails."""
    best, left, is_better = case, attempts, True
    while is_better and left > 0:
        is_better = False
        for smaller in _smaller(best):
            if left <= 0:
                break
            left -= 1
            if await fails(smaller):
                best, is_better = smaller, True
                break
    return best


def _smaller(case: TestCase) -> Iterator[TestCase]:
    """Simpler cases, the boldest first."""
    numbers = {name: value for name, value in case.scalars.items() if not isinstance(value, dict)}
    for name in sorted(numbers, key=lambda one: -abs(numbers[one])):
        for value in _steps(numbers[name]):
            yield case.model_copy(update={"scalars": {**case.scalars, name: value}})
    for name, spec in case.buffers.items():
        for simpler in _simpler(spec):
            yield case.model_copy(update={"buffers": {**case.buffers, name: simpler}})


def _steps(value: Scalar) -> list[Scalar]:
    """1, a half, a quarter less, one less; whole numbers for fractions."""
    if isinstance(value, float):
        return [one for one in (1.0, float(int(value))) if abs(one) < abs(value) and one != value]
    if value <= 1:
        return []
    return [one for one in dict.fromkeys((1, value // 2, value * 3 // 4, value - 1)) if 0 < one < value]


def _simpler(spec: BufferSpec) -> Iterator[BufferSpec]:
    """Few different numbers, then data without the special ones."""
    if spec.distribution == "uniform" and (spec.bits is None or spec.bits > 2) and not isinstance(spec.low, str):
        yield spec.model_copy(update={"bits": 2})
    if spec.include:
        yield spec.model_copy(update={"include": ()})
    if spec.distribution == "values" and len(spec.values) > 1:
        yield spec.model_copy(update={"values": spec.values[: len(spec.values) // 2]})
