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
    return await _Shrinker(fails, attempts).shrink(case)


class _Shrinker:
    """``left`` runs remain."""

    def __init__(self, fails: Fails, attempts: int) -> None:
        self._fails = fails
        self._left = attempts

    async def shrink(self, case: TestCase) -> TestCase:
        best, before = case, None
        while best != before and self._left > 0:
            before = best
            for name in sorted(best.scalars):
                best = await self._least(best, name)
            for name in best.buffers:
                for simpler in _simpler(best.buffers[name]):
                    candidate = best.model_copy(update={"buffers": {**best.buffers, name: simpler}})
                    best = candidate if await self._still_fails(candidate) else best
        return best

    async def _still_fails(self, case: TestCase) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        return await self._fails(case)

    async def _least(self, case: TestCase, name: str) -> TestCase:
        """The smallest value of a scalar with which it fails, as if all larger ones failed, too."""
        value = case.scalars[name]
        if isinstance(value, float):
            whole = _with(case, name, float(int(value)))
            return whole if whole.scalars[name] != value and await self._still_fails(whole) else case
        if not isinstance(value, int):
            return case
        passing, failing = 0, value
        while failing - passing > 1 and self._left > 0:
            # The smallest is asked first: most faults show there.
            middle = 1 if passing == 0 and failing == value else (passing + failing) // 2
            if await self._still_fails(_with(case, name, middle)):
                failing = middle
            else:
                passing = middle
        return _with(case, name, failing)


def _with(case: TestCase, name: str, value: Scalar) -> TestCase:
    return case.model_copy(update={"scalars": {**case.scalars, name: value}})


def _simpler(spec: BufferSpec) -> Iterator[BufferSpec]:
    """Few different numbers, then data without the special ones."""
    if spec.distribution == "uniform" and (spec.bits is None or spec.bits > 2) and not isinstance(spec.low, str):
        yield spec.model_copy(update={"bits": 2})
    if spec.include:
        yield spec.model_copy(update={"include": ()})
    if spec.distribution == "values" and len(spec.values) > 1:
        yield spec.model_copy(update={"values": spec.values[: len(spec.values) // 2]})
