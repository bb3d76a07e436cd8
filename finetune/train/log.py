"""What a run tells while it works: one JSON line a step and an evaluation, the loss as a picture, a line of progress.

Limits: one process writes; a run that goes on forgets the lines after its checkpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetune.train.checkpoint import Position
from finetune.train.options import Figures

LOG_FILE = "log.jsonl"
PICTURE_FILE = "loss.svg"
_BETWEEN_LINES_S = 10.0
_SMOOTHING = 0.97

Tell = Callable[[str], None]


class TrainingLog:
    """The lines of ``folder / log.jsonl``, with those of the run so far kept up to ``position``."""

    def __init__(self, folder: Path, position: Position) -> None:
        self._path = folder / LOG_FILE
        known = self._path.read_text().splitlines() if self._path.is_file() else []
        self.lines: list[dict[str, Any]] = []
        for line in known if position.step else []:
            entry = _entry(line)
            if entry is not None and entry["step"] <= position.step:
                self.lines.append(entry)
        self._path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))

    def add(self, kind: str, position: Position, **values: float) -> None:
        """Write one line."""
        line = {"kind": kind, "step": position.step, "tokens": position.tokens, "train_s": round(position.train_s, 2), **values}
        self.lines.append(line)
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def evaluations(self) -> list[Figures]:
        """The figures of the held-out part so far, the untrained model's first."""
        names = set(Figures.model_fields)
        return [
            Figures(**{name: value for name, value in line.items() if name in names} | {"tokens": line["answer_tokens"]})
            for line in self.lines
            if line["kind"] == "evaluation"
        ]

    def draw(self) -> None:
        """Write the picture: loss of the steps, smoothed, and of the held-out part, over tokens seen."""
        import matplotlib

        matplotlib.use("svg")
        from matplotlib import pyplot

        steps = [line for line in self.lines if line["kind"] == "step"]
        judged = [line for line in self.lines if line["kind"] == "evaluation"]
        figure, axes = pyplot.subplots(figsize=(8, 4))
        axes.plot(
            [line["tokens"] for line in steps], smoothed([line["loss"] for line in steps]), color="#3b6ea5", label="training"
        )
        axes.plot([line["tokens"] for line in judged], [line["loss"] for line in judged], "o-", color="#b5482f", label="held out")
        axes.set(xlabel="tokens seen", ylabel="loss, a token of the answers", ylim=(0, None))
        axes.legend()
        draft = self._path.with_name(f"{PICTURE_FILE}.part")
        figure.savefig(draft, bbox_inches="tight", format="svg")
        pyplot.close(figure)
        draft.replace(self._path.with_name(PICTURE_FILE))


def _entry(line: str) -> dict[str, Any] | None:
    """A line of the log; None for one that a crash cut off."""
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return entry


def smoothed(values: list[float]) -> list[float]:
    """The running mean of a noisy row, which forgets 3 % a value and does not lean on the first one."""
    means: list[float] = []
    total = weight = 0.0
    for value in values:
        total = _SMOOTHING * total + (1 - _SMOOTHING) * value
        weight = _SMOOTHING * weight + (1 - _SMOOTHING)
        means.append(total / weight)
    return means


class Meter:
    """Says every few seconds how far a run is, how fast, and for how long still."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: float | None = None

    def hear(self, position: Position, share: float, loss: float, speed: float) -> None:
        """``share`` of the run is done, ``speed`` in tokens/s."""
        now = time.monotonic()
        if self._told is not None and now - self._told < _BETWEEN_LINES_S:
            return
        self._told = now
        left = position.train_s * (1 - share) / share if share > 0 else 0.0
        self._tell(
            f"{share:.1%} done, step {position.step}, {position.tokens:,} tokens, loss {loss:.3f}, "
            f"{speed:.0f} tokens/s, {_duration(left)} left"
        )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
