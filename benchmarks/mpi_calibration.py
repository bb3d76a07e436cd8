"""How often calls of a given confidence are right: the reliability of MPI completion on development programs, as table and SVG.

``python benchmarks/mpi_calibration.py --data dev.jsonl [--samples default.jsonl] [--svg FILE]``: without samples the site
scorer is asked for each program and its located calls are counted (no arguments, so no language model); with the samples of
``codepar eval run hpcorpusmpi`` their edits are, whose confidence is calibrated already. A call is right where function and line
are those of a label (drift-corrected, one to one).
Fits ``logit p' = a logit p + b`` too, and says its error on repositories that it was not fitted on (five folds).
Limits: right by place and function; arguments may still be wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codepar.engine.factory import open_generator
from codepar.errors import CodeparError
from codepar.mpi.calibration import kind_of
from codepar.mpi.outline import outlines
from codepar.mpi.program import read_program
from codepar.mpi.setup_sites.places import settle
from codepar.mpi.site_scores import scores_of
from codepar.mpi.sites import locate
from codepar.protocols import SiteScorer
from codepar.settings import Settings
from evaluators.benchmarks.hpcorpusmpi import load
from evaluators.benchmarks.task import Task
from evaluators.calls import ProposedCall, read_published

_BINS = 10
_FOLDS = 5
_LEAST = 1e-4


@dataclass(frozen=True)
class Call:
    """One proposed call: its confidence, whether it is right, its repository and who proposed it."""

    confidence: float
    right: bool
    repository: str
    origin: str


def judged(task: Task, proposed: Sequence[tuple[int, str, float, str]]) -> list[Call]:
    """Proposals ``(line, function, confidence, origin)`` matched one to one with the labels, the surest first."""
    wanted = Counter((call.placed("corrected").line, call.function) for call in read_published(task.labels))
    found = []
    for line, function, confidence, origin in sorted(proposed, key=lambda one: -one[2]):
        right = wanted[line, function] > 0
        wanted[line, function] -= right
        found.append(Call(confidence, right, task.repository, origin))
    return found


async def scored(tasks: Sequence[Task], scorer: SiteScorer) -> list[Call]:
    """What the site scorer locates in each program."""
    calls: list[Call] = []
    for task in tasks:
        try:
            tree = read_program(task.source, "main.c")
            found = outlines(tree)
            scores = await scores_of(scorer, found)
            located = settle(tree, found, scores, locate(tree, found, scores))
        except CodeparError as error:
            print(f"{task.task_id}: left out: {error}")
            continue
        told = [(one.after_line, one.function, one.probability, kind_of(one.function, "model")) for one in located]
        calls += judged(task, told)
    return calls


def sampled(tasks: Sequence[Task], samples: Path) -> list[Call]:
    """The edits of a samples file."""
    by_id = {task.task_id: task for task in tasks}
    calls: list[Call] = []
    for line in samples.read_text().splitlines():
        row = json.loads(line)
        if row.get("task_id") in by_id:
            edits = [ProposedCall.model_validate(edit) for edit in row.get("edits", ()) if edit.get("kind", "call") == "call"]
            proposed = [(e.after_line, e.function, e.confidence or 0.0, e.origin or "") for e in edits]
            calls += judged(by_id[row["task_id"]], proposed)
    return calls


def logit(p: float) -> float:
    """The log-odds, bounded."""
    p = min(max(p, _LEAST), 1 - _LEAST)
    return math.log(p / (1 - p))


def squashed(x: float) -> float:
    """The probability of log-odds."""
    return 1 / (1 + math.exp(-x))


def fitted(calls: Sequence[Call]) -> tuple[float, float]:
    """``a`` and ``b`` of the logistic map that makes the calls likeliest (Newton's method)."""
    a, b = 1.0, 0.0
    for _ in range(50):
        ga = gb = haa = hab = hbb = 1e-9
        for call in calls:
            x = logit(call.confidence)
            p = squashed(a * x + b)
            w = p * (1 - p)
            ga, gb = ga + (call.right - p) * x, gb + (call.right - p)
            haa, hab, hbb = haa + w * x * x, hab + w * x, hbb + w
        det = haa * hbb - hab * hab
        if abs(det) < 1e-12:
            break
        # A full step can overshoot where most calls are nearly sure.
        step_a, step_b = (hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det
        held = min(1.0, 0.5 / max(abs(step_a), abs(step_b), 1e-12))
        a, b = a + held * step_a, b + held * step_b
    return a, b


def error_of(pairs: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error in ten bins of equal width."""
    total = 0.0
    for number in range(_BINS):
        inside = [(p, right) for p, right in pairs if min(int(p * _BINS), _BINS - 1) == number]
        if inside:
            total += abs(sum(p for p, _ in inside) - sum(right for _, right in inside))
    return total / max(len(pairs), 1)


def folded(calls: Sequence[Call]) -> list[tuple[float, bool]]:
    """Calibrated confidences of each fifth of the repositories, by a map fitted on the others."""
    found = []
    for fold in range(_FOLDS):
        inside = [call for call in calls if zlib.crc32(call.repository.encode()) % _FOLDS == fold]
        outside = [call for call in calls if zlib.crc32(call.repository.encode()) % _FOLDS != fold]
        a, b = fitted(outside)
        found += [(squashed(a * logit(call.confidence) + b), call.right) for call in inside]
    return found


def table(name: str, pairs: Sequence[tuple[float, bool]]) -> str:
    """Confidence, share that is right and number of calls by bin."""
    lines = [f"{name}: {len(pairs)} calls, expected calibration error {error_of(pairs):.3f}", "confidence   right   calls"]
    for number in range(_BINS):
        inside = [(p, right) for p, right in pairs if min(int(p * _BINS), _BINS - 1) == number]
        if inside:
            mean, right = sum(p for p, _ in inside) / len(inside), sum(right for _, right in inside) / len(inside)
            lines.append(f"{mean:10.2f}{right:8.2f}{len(inside):8}")
    return "\n".join(lines)


def svg(curves: dict[str, Sequence[tuple[float, bool]]]) -> str:
    """A reliability diagram: share that is right over confidence, areas of the dots by number of calls."""
    colours = ("#c2410c", "#1d4ed8", "#15803d")
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 440" font-family="sans-serif" font-size="13">',
        '<rect width="460" height="440" fill="white"/><rect x="50" y="20" width="360" height="360" fill="none" stroke="#666"/>',
        '<line x1="50" y1="380" x2="410" y2="20" stroke="#999" stroke-dasharray="5 4"/>',
        '<text x="230" y="425" text-anchor="middle">confidence</text>',
        '<text x="16" y="200" text-anchor="middle" transform="rotate(-90 16 200)">share that is right</text>',
    ]
    for tick in range(0, 11, 2):
        at = 36 * tick
        parts.append(f'<text x="{50 + at}" y="398" text-anchor="middle">{tick / 10:g}</text>')
        parts.append(f'<text x="42" y="{384 - at}" text-anchor="end">{tick / 10:g}</text>')
    for (name, pairs), colour, row in zip(curves.items(), colours, range(len(curves)), strict=False):
        points = []
        for number in range(_BINS):
            inside = [(p, right) for p, right in pairs if min(int(p * _BINS), _BINS - 1) == number]
            if inside:
                mean, right = sum(p for p, _ in inside) / len(inside), sum(right for _, right in inside) / len(inside)
                x, y = 50 + 360 * mean, 380 - 360 * right
                points.append(f"{x:.1f},{y:.1f}")
                radius = 2 + math.sqrt(len(inside)) / 3
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.6"/>')
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"/>')
        parts.append(f'<text x="60" y="{40 + 18 * row}" fill="{colour}">{name}: error {error_of(pairs):.3f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--svg", type=Path)
    arguments = parser.parse_args()
    tasks = load(arguments.data)
    if arguments.samples is not None:
        calls = sampled(tasks, arguments.samples)
    else:
        generator = await open_generator(Settings())
        try:
            if not isinstance(generator, SiteScorer):
                raise SystemExit("this engine scores no sites")
            calls = await scored(tasks, generator)
        finally:
            await generator.close()
    report(calls, arguments.svg)


def report(calls: Sequence[Call], picture: Path | None) -> None:
    """The tables by origin, the fit, and the picture."""
    curves: dict[str, Sequence[tuple[float, bool]]] = {}
    for origin in sorted({call.origin for call in calls}):
        own = [call for call in calls if call.origin == origin]
        a, b = fitted(own)
        curves[f"{origin}, as scored"] = [(call.confidence, call.right) for call in own]
        curves[f"{origin}, calibrated"] = folded(own)
        print(f"{origin}: logit p' = {a:.3f} logit p {b:+.3f}")
    for name, pairs in curves.items():
        print(table(name, pairs))
    if picture is not None:
        picture.write_text(svg(dict(list(curves.items())[:2])))


if __name__ == "__main__":
    asyncio.run(_main())
