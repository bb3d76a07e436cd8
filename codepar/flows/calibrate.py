"""Measure what the connected engine's tokens cost, alone and side by side, and keep it for the cost model of plans.

A few counting exercises of known length are asked: one at a time (``a``, ``b``), with a long prompt (``prefill``), then several
side by side (``b(m)``). Each begins with a number of its own, so that no answer comes from the prefix cache. Limits: what other
clients do meanwhile is measured, too; without a server's own token counts nothing can be said.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from pydantic import ValidationError

from codepar.errors import Unsupported
from codepar.prompts.cost import CostModel, Work, plan_s
from codepar.protocols import Capabilities, Generation, Generator, Message, Progress, Prompt, Record, Sampling
from codepar.settings import Settings

DEFAULT_BUDGET_S = 60.0
_LENGTHS = (8, 64)
_ROUNDS = 2
_SIZES = (2, 4, 8, 16)
_SIDE_BY_SIDE_TOKENS = 48
_LONG_PROMPT_WORDS = 360
_ALONE_SHARE = 0.25
_MIXED = (64, 48, 32, 16)
_LEAST_TOKEN_S = 1e-6


class CalibrationPoint(Record):
    """One answer of ``tokens`` to ``prompt_tokens`` that no cache held; it and those beside it, ``answers`` in all, were there
    after ``seconds``."""

    answers: int
    prompt_tokens: int
    tokens: int
    seconds: float


class Calibration(Record):
    """What was found. ``points`` are the raw measurements; ``error`` is how much the model is too slow (above 0) or too quick for
    a mix of lengths that it was not fitted to."""

    model: str
    backend: str
    where: str
    measured_at: datetime
    seconds: float
    cost: CostModel
    error: float
    points: tuple[CalibrationPoint, ...]
    notes: tuple[str, ...] = ()


async def calibrate(
    generator: Generator, settings: Settings, progress: Progress, *, budget_s: float = DEFAULT_BUDGET_S
) -> Calibration:
    """Ask the exercises, larger batches only while ``budget_s`` lasts, and store the result.

    Raises what the engine raises, and ``Unsupported`` where it counts no tokens.
    """
    capabilities = await generator.capabilities()
    exercises = _Exercises(generator, progress, chat=capabilities.chat)
    begun = time.monotonic()
    notes = (*await exercises.all(budget_s), *_busy())
    cost = fitted(exercises.points)
    mixed = await exercises.ask(_MIXED)
    predicted = plan_s(cost, [[Work(point.prompt_tokens, point.tokens) for point in mixed]], 0, len(mixed))
    found = Calibration(
        model=capabilities.model,
        backend=capabilities.backend,
        where=place_of(settings),
        measured_at=datetime.now(UTC),
        seconds=time.monotonic() - begun,
        cost=cost,
        error=predicted / mixed[0].seconds - 1,
        points=tuple(exercises.points),
        notes=notes,
    )
    path = calibration_path(settings, capabilities)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.model_dump_json(indent=2))
    return found


def load_calibration(settings: Settings, capabilities: Capabilities) -> Calibration | None:
    """What was measured of this model behind this engine; None where nothing was, or it cannot be read any more."""
    try:
        return Calibration.model_validate_json(calibration_path(settings, capabilities).read_bytes())
    except (OSError, ValidationError):
        return None


def all_calibrations(settings: Settings) -> tuple[Calibration, ...]:
    """Everything that was measured from this data folder, the latest first."""
    found = []
    for path in (settings.data_dir / "calibration").glob("*.json"):
        with contextlib.suppress(OSError, ValidationError):
            found.append(Calibration.model_validate_json(path.read_bytes()))
    return tuple(sorted(found, key=lambda one: one.measured_at, reverse=True))


def load_cost(settings: Settings, capabilities: Capabilities) -> CostModel | None:
    """The cost model of the connected engine, None where it was not measured."""
    found = load_calibration(settings, capabilities)
    return None if found is None else found.cost


def calibration_path(settings: Settings, capabilities: Capabilities) -> Path:
    """Where the calibration of a model behind an engine is kept, in the data folder."""
    key = json.dumps([capabilities.model, capabilities.backend, place_of(settings)])
    return settings.data_dir / "calibration" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"


def place_of(settings: Settings) -> str:
    """The engine's address where it is somebody else's; our own process on a socket is as quick as the pipeline in this one."""
    url = settings.engine_url or ""
    return "" if url.startswith("unix:") else url


def _busy() -> tuple[str, ...]:
    """What else the machine does, where that is more than it has processors for."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load <= processors + 1:
        return ()
    return (f"the machine was busy: load {load:.1f} on {processors} processors; measure again when it is not",)


def fitted(points: Sequence[CalibrationPoint]) -> CostModel:
    """The cost model that the measurements of single answers and of equal ones side by side give."""
    alone = [point for point in points if point.answers == 1]
    brief, wordy = _extremes(alone, key=lambda point: point.prompt_tokens)
    short, long = _extremes(brief, key=lambda point: point.tokens)
    token_s = max(_LEAST_TOKEN_S, _slope(short, long, lambda point: point.tokens, lambda point: point.seconds))
    prefill_s = max(0.0, _slope(brief, wordy, lambda point: point.prompt_tokens, lambda p: p.seconds - token_s * p.tokens))
    a_s = max(0.0, median(point.seconds - prefill_s * point.prompt_tokens - token_s * point.tokens for point in alone))
    batch = [(1, token_s)]
    for size in sorted({point.answers for point in points} - {1}):
        together = [point for point in points if point.answers == size]
        left = together[0].seconds - a_s - prefill_s * sum(point.prompt_tokens for point in together)
        # No engine is quicker with more to do: what looks so is noise.
        batch.append((size, max(batch[-1][1], left / max(point.tokens for point in together))))
    return CostModel(a_s=a_s, b_s_per_token=token_s, batch=tuple(batch), prefill_s_per_token=prefill_s)


_Points = Sequence[CalibrationPoint]
_Of = Callable[[CalibrationPoint], float]


def _extremes(points: _Points, key: _Of) -> tuple[_Points, _Points]:
    """The points with the least and with the most, half of the range apart."""
    low, high = min(map(key, points)), max(map(key, points))
    middle = (low + high) / 2
    return [point for point in points if key(point) <= middle], [point for point in points if key(point) > middle]


def _slope(low: _Points, high: _Points, x: _Of, y: _Of) -> float:
    if not low or not high:
        return 0.0
    return (median(map(y, high)) - median(map(y, low))) / (median(map(x, high)) - median(map(x, low)))


class _Exercises:
    """Counting, which goes on until it is cut off."""

    def __init__(self, generator: Generator, progress: Progress, *, chat: bool) -> None:
        self._generator = generator
        self._progress = progress
        self._chat = chat
        self.points: list[CalibrationPoint] = []

    async def all(self, budget_s: float) -> tuple[str, ...]:
        """Those that the model is fitted to, larger batches only while the budget lasts; what was left out."""
        begun = time.monotonic()
        await self.ask((4,))
        for number in range(_ROUNDS):
            if number and time.monotonic() - begun > _ALONE_SHARE * budget_s:
                break
            for tokens in _LENGTHS:
                self.points += await self.ask((tokens,))
            self.points += await self.ask((1,), words=_LONG_PROMPT_WORDS)
        for size in _SIZES:
            spent = time.monotonic() - begun
            if size > _SIZES[0] and spent + 2 * self.points[-1].seconds > budget_s:
                return (f"more than {size // 2} side by side were not measured: {spent:.0f} s of {budget_s:.0f} s were gone",)
            self.points += await self.ask((_SIDE_BY_SIDE_TOKENS,) * size)
        return ()

    async def ask(self, lengths: Sequence[int], words: int = 0) -> list[CalibrationPoint]:
        """Answers of these lengths side by side; ``words`` of filling make their prompts long."""
        await self._progress.report("exercise", {"answers": len(lengths), "tokens": max(lengths)})
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._generator.complete(self._prompt(words), _cut_at(tokens))) for tokens in lengths]
        seconds = time.monotonic() - begun
        return [_point(task.result(), len(lengths), seconds) for task in tasks]

    def _prompt(self, words: int) -> Prompt:
        start = random.randrange(10_000, 90_000)
        filling = " ".join(str(random.randrange(100, 1000)) for _ in range(words))
        said = (
            f"{start}: count from {start} upwards by one, one number a line, and do not stop.{' Ignore: ' * bool(words)}{filling}"
        )
        return Prompt(messages=(Message(role="user", content=said),)) if self._chat else Prompt(text=f"{said}\n{start}\n")


def _cut_at(tokens: int) -> Sampling:
    return Sampling(max_tokens=tokens, temperature=0.0)


def _point(generation: Generation, answers: int, seconds: float) -> CalibrationPoint:
    if not generation.completion_tokens:
        raise Unsupported("the engine does not count the tokens of its answers", remedy="use one that reports `usage`")
    return CalibrationPoint(
        answers=answers,
        prompt_tokens=max(0, generation.prompt_tokens - (generation.cached_tokens or 0)),
        tokens=generation.completion_tokens,
        seconds=seconds,
    )
