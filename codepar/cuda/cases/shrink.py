"""A failing case made small: first the scalars, which are sizes mostly, then the data, while it still fails.

Sizes and bounds are expressions of the scalars, so a smaller scalar makes smaller buffers. Cases are proposed in batches, the
smallest first, because one run can try many. Limits: greedy, as if larger cases failed where smaller ones do, within ``seconds``;
whether a case is valid for the original is for ``first`` to say (a case on which it is not clean does not fail).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from codepar.cuda.cases.spec import BufferSpec, Distribution, Scalar, TestCase

First = Callable[[Sequence[TestCase]], Awaitable[int | None]]
"""The place of the first case that fails, all before it having passed; None where all pass."""

SECONDS = 10.0
_MOST_ROUNDS = 24
_AT_ONCE = 48
_EVEN = 8
_CAPS = (1, 2, 3, 4, 5, 8, 17, 32, 33, 64, 65, 128, 129, 255, 256, 257, 512, 513, 1024, 1025, 4097, 16_385, 65_537)
_ONES = Distribution(distribution="values", values=(1,))
_STEPS = Distribution(distribution="ramp", low=0, high=1)


@dataclass(frozen=True)
class Shrunk:
    """The smallest failing case found, the given one where none is smaller, and how many were tried."""

    case: TestCase
    tried: int


async def shrink(case: TestCase, first: First, seconds: float = SECONDS) -> Shrunk:
    """Look for a smaller case that fails, for at most so many seconds."""
    shrinker = _Shrinker(case, first, time.monotonic() + seconds)
    await shrinker.shrink()
    return Shrunk(shrinker.best, shrinker.tried)


class _Shrinker:
    def __init__(self, case: TestCase, first: First, deadline: float) -> None:
        self.best = case
        self.tried = 0
        self._first = first
        self._deadline = deadline
        self._rounds = 0

    async def shrink(self) -> None:
        await self._fails_with(list(_capped(self.best)))
        before: TestCase | None = None
        while before != self.best and self._may_go_on:
            before = self.best
            await self._shrink_scalars()
        while await self._fails_with(list(_simpler(self.best))) and self._may_go_on:
            continue

    @property
    def _may_go_on(self) -> bool:
        return self._rounds < _MOST_ROUNDS and time.monotonic() < self._deadline

    async def _fails_with(self, proposals: list[TestCase]) -> bool:
        """Whether one of them fails, which then is the best."""
        proposals = proposals[:_AT_ONCE]
        at = await self._ask(proposals)
        if at is not None:
            self.best = proposals[at]
        return at is not None

    async def _ask(self, proposals: Sequence[TestCase]) -> int | None:
        if not proposals or not self._may_go_on:
            return None
        self._rounds += 1
        self.tried += len(proposals)
        return await self._first(proposals)

    async def _shrink_scalars(self) -> None:
        """Each scalar to its least value that fails: between what passed and what failed, in ever smaller steps."""
        passed = dict.fromkeys(self.best.scalars, -1)
        while self._may_go_on:
            steps = [(name, value) for name in sorted(passed) for value in _between(passed[name], self.best.scalars[name])]
            steps.sort(key=lambda step: _weight(_with(self.best, *step)))
            steps = steps[:_AT_ONCE]
            if not steps:
                return
            at = await self._ask([_with(self.best, *step) for step in steps])
            for name, value in steps[:at]:
                passed[name] = max(passed[name], int(value))
            if at is not None:
                self.best = _with(self.best, *steps[at])
            elif all(isinstance(self.best.scalars[name], float) or abs(value) <= 1 for name, value in steps):
                # Numbers that are no sizes have no more to try.
                return


def _between(passed: int, value: Scalar | dict[str, Scalar]) -> list[Scalar]:
    """What to try for a scalar in its place: all values where few lie between, else some that lie evenly."""
    if isinstance(value, dict):
        return []
    if isinstance(value, float):
        return [one for one in (0.0, 1.0, float(int(value))) if abs(one) < abs(value) and int(one) > passed]
    if value < 0:
        return [one for one in (0, 1) if one > passed]
    if value - passed <= 2 * _EVEN:
        return list(range(passed + 1, value))
    small = [one for one in (1, 2, 3) if one > passed]
    even = [passed + (value - passed) * step // (_EVEN + 1) for step in range(1, _EVEN + 1)]
    return sorted({*small, *even, value - 1} - {value, passed})


def _capped(case: TestCase) -> Iterator[TestCase]:
    """All whole numbers at most so large, ever larger."""
    most = max((value for value in case.scalars.values() if isinstance(value, int)), default=0)
    for cap in _CAPS:
        if cap < most:
            scalars = {name: min(value, cap) if isinstance(value, int) else value for name, value in case.scalars.items()}
            yield case.model_copy(update={"scalars": scalars})


def _weight(case: TestCase) -> float:
    return sum(abs(value) for value in case.scalars.values() if not isinstance(value, dict))


def _with(case: TestCase, name: str, value: Scalar) -> TestCase:
    return case.model_copy(update={"scalars": {**case.scalars, name: value}})


def _simpler(case: TestCase) -> Iterator[TestCase]:
    """Simpler data: ones in all buffers, in one, 0, 1, 2... in one, few different numbers, none of the special ones."""
    plain = {name: _drawn(spec, _ONES) for name, spec in case.buffers.items() if _is_data(spec)}
    if plain and not all(_same(case.buffers[name], _ONES) for name in plain):
        yield case.model_copy(update={"buffers": {**case.buffers, **plain}})
    for name, spec in case.buffers.items():
        for simpler in _simpler_buffers(spec):
            yield case.model_copy(update={"buffers": {**case.buffers, name: simpler}})


def _simpler_buffers(spec: BufferSpec) -> Iterator[BufferSpec]:
    if not _is_data(spec) or _same(spec, _ONES):
        return
    yield _drawn(spec, _ONES)
    if not _same(spec, _STEPS):
        yield _drawn(spec, _STEPS)
        if spec.include:
            yield spec.model_copy(update={"include": ()})
        if spec.distribution == "values" and len(spec.values) > 1:
            yield spec.model_copy(update={"values": spec.values[: len(spec.values) // 2]})
        if spec.distribution == "uniform" and (spec.bits is None or spec.bits > 2):
            yield spec.model_copy(update={"bits": 2})


def _is_data(spec: BufferSpec) -> bool:
    """Whether its bounds are plain numbers: subscripts have bounds that follow from the sizes, and stay."""
    return not isinstance(spec.low, str) and not isinstance(spec.high, str) and not spec.members


def _drawn(spec: BufferSpec, wanted: Distribution) -> BufferSpec:
    return spec.model_copy(update=dict(wanted))


def _same(spec: BufferSpec, wanted: Distribution) -> bool:
    return all(getattr(spec, name) == value for name, value in wanted)


def described(case: TestCase) -> str:
    """The inputs in one line: ``n = 3, a = 0.5; x: n elements, all 1; y: n elements of -4 to 4``."""
    scalars = ", ".join(f"{name} = {value}" for name, value in case.scalars.items() if not isinstance(value, dict))
    buffers = [f"{name}: {spec.size} elements, {_of(spec)}" for name, spec in case.buffers.items()]
    return "; ".join([*([scalars] if scalars else []), *buffers])


def _of(spec: BufferSpec) -> str:
    if spec.distribution == "values":
        shown = ", ".join(map(str, spec.values[:6])) + (", ..." if len(spec.values) > 6 else "")
        return f"all {shown}" if len(spec.values) == 1 else f"{shown}, repeated"
    if spec.distribution == "ramp":
        return f"{spec.low}, rising by {spec.high}"
    kind = "" if spec.distribution == "uniform" else f"{spec.distribution} "
    return f"{kind}{spec.low} to {spec.high}"
