"""What became of planted faults, a row a pair, and the tables of ``cuda_mutants.py``.

A fault counts as equivalent where it agrees with the right program on 64 further cases and the checks of the verdict see nothing.
Limits: rates over all faults of all pairs, so that pairs with many faults weigh more; the intervals take them as independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from evaluators.intervals import wilson

Fate = Literal["alive", "equivalent", "seen"]


class Planted(BaseModel):
    """One fault. ``rules``, ``model``, ``recorded``: whether those tests notice it by values; None where they could not say.

    ``fate`` is what became of one that the rules' tests leave alive: the checks of the verdict see it (``by``), it is equivalent
    by the rule, or it lives.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    line: int
    change: str
    rules: bool
    model: bool | None = None
    recorded: bool | None = None
    fate: Fate | None = None
    by: str = ""


class Row(BaseModel):
    """One pair. ``left_out`` says why it could not be scored; ``proposed`` and ``kept`` count the model's cases."""

    model_config = ConfigDict(frozen=True)

    pair: int
    data: str
    seed: int
    answers: int
    by_rule: bool = False
    cases: int = 0
    proposed: int = 0
    kept: int = 0
    unbuilt: int = 0
    taken: int = 0
    total: int = 0
    faults: tuple[Planted, ...] = ()
    left_out: str = ""
    seconds: float = 0.0


def read_rows(path: Path) -> dict[int, Row]:
    """The rows of a file by pair; torn lines are passed over."""
    found: dict[int, Row] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = Row.model_validate_json(line)
        except ValidationError:
            continue
        found[row.pair] = row
    return found


def lines_of(rows: Sequence[Row], *, list_alive: bool) -> Iterator[str]:
    """The tables."""
    scored = [row for row in rows if not row.left_out]
    faults = [fault for row in scored for fault in row.faults]
    kept = sum(row.cases for row in scored) / max(1, len(scored))
    by_rule = sum(row.by_rule for row in scored)
    yield f"pairs scored: {len(scored)} ({by_rule} in the translation by rule); rules' cases a pair: {kept:.1f}"
    yield f"branches of the originals that they take: {sum(row.taken for row in scored)} of {sum(row.total for row in scored)}"
    equivalent = sum(fault.fate == "equivalent" for fault in faults)
    unbuilt = sum(row.unbuilt for row in scored)
    yield f"mutants: {len(faults)}, {equivalent} of them equivalent by the rule; {unbuilt} more do not compile"
    yield from _lines_of_rates(faults)
    yield from _lines_of_model(scored)
    for kind in sorted({fault.kind for fault in faults}):
        yield _line_of_kind(kind, [fault for fault in faults if fault.kind == kind])
    for row in rows:
        if row.left_out:
            yield f"left out: {row.pair}: {row.left_out}"
    if list_alive:
        yield from _lines_of_alive(scored)


def _lines_of_rates(faults: Sequence[Planted]) -> Iterator[str]:
    real = [fault for fault in faults if fault.fate != "equivalent"]
    yield f"killed by values, the rules' tests: {_rate(faults, lambda one: one.rules)}"
    yield f"  without those equivalent: {_rate(real, lambda one: one.rules)}"
    yield f"  values and the verdict's checks, without those: {_rate(real, lambda one: one.rules or one.fate == 'seen')}"
    asked = [fault for fault in real if fault.model is not None]
    if asked:
        yield f"killed by values, the model's tests, without those equivalent: {_rate(asked, lambda one: bool(one.model))}"
        yield f"  the rules' tests on the same: {_rate(asked, lambda one: one.rules)}"
        yield f"  both together: {_rate(asked, lambda one: one.rules or bool(one.model))}"
    told = [fault for fault in real if fault.recorded is not None]
    yield f"killed by MuSL's recorded tests, without those equivalent: {_rate(told, lambda one: bool(one.recorded))}"
    yield f"  the rules' tests on the same: {_rate(told, lambda one: one.rules)}"
    empty = [fault for fault in faults if fault.kind == "empty_kernel"]
    yield f"empty kernels killed by the rules' tests: {sum(one.rules for one in empty)} of {len(empty)}"


def _lines_of_model(rows: Sequence[Row]) -> Iterator[str]:
    asked = [row for row in rows if row.answers]
    if asked:
        proposed, kept = sum(row.proposed for row in asked), sum(row.kept for row in asked)
        none = sum(not row.kept for row in asked)
        yield (
            f"the model as Tester: {proposed} cases that fit for {len(asked)} pairs, {kept} on which the original is clean; "
            f"none for {none} pairs, whose faults count as not killed"
        )


def _line_of_kind(kind: str, faults: Sequence[Planted]) -> str:
    counts = {name: sum(bool(getattr(one, name)) for one in faults) for name in ("rules", "model", "recorded")}
    fates = {name: sum(one.fate == name for one in faults) for name in ("seen", "equivalent", "alive")}
    return (
        f"  {kind:22} of {len(faults):4}: rules {counts['rules']:4} + checks {fates['seen']:3}, "
        f"equivalent {fates['equivalent']:3}, alive {fates['alive']:3}; "
        f"model {counts['model']:4}; recorded {counts['recorded']:4}"
    )


def _lines_of_alive(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for one in row.faults:
            if one.fate is not None:
                word = {"seen": f"seen by {one.by}", "equivalent": "equivalent by the rule", "alive": "ALIVE"}[one.fate]
                yield f"  {row.pair} {one.kind} line {one.line}: {one.change} [{word}]"


def _rate(faults: Sequence[Planted], is_killed: Callable[[Planted], bool]) -> str:
    """A rate with its 95 % interval."""
    interval = wilson(sum(map(is_killed, faults)), len(faults))
    if interval.value is None:
        return "-"
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}] ({sum(map(is_killed, faults))}/{len(faults)})"
