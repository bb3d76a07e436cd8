"""A log-linear model of one yes or no: weights of features, and what their sum must exceed.

Limits: reads the files of weights that this package comes with; they are made by ``benchmarks/*_weights.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import fsum


def total(weights: Mapping[str, float], features: Iterable[str]) -> float:
    """The log-odds. Features come in no order, and a score at a bound must not depend on one, so the sum is exact."""
    return fsum([weights[feature] for feature in features if feature in weights])


@dataclass(frozen=True, slots=True)
class LogLinear:
    """``of``: the weight of each feature. ``least``: the log-odds at the bound between no and yes."""

    of: Mapping[str, float]
    least: float

    def score(self, features: Iterable[str]) -> float:
        return total(self.of, features)


@cache
def load_weights(name: str) -> LogLinear:
    """The model of that name, from ``name.json``."""
    found = json.loads((files("codepar.prompts") / f"{name}.json").read_text(encoding="utf-8"))
    return LogLinear(found["weights"], found["least"])
