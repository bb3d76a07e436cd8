"""From a score to a probability: how often calls of such a score stood where they were proposed, on development programs.

The maps were fitted by ``benchmarks/mpi_calibration.py`` (docs/sites.md has its diagram): one for the setup that the model
proposes, one for calls of rules. The model's other calls need none: scorer and word model are joined by a fit. Limits: right
means function and place; that the arguments are right too is not promised. Fitted on one version of the weights; another's
scores are mapped alike until it is fitted again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from codepar.mpi.proposal import Dropped, Edit

_LEAST = 1e-4


@dataclass(frozen=True)
class _Map:
    """``logit p' = slope * logit p + shift``."""

    slope: float
    shift: float

    def of(self, score: float) -> float:
        score = min(max(score, _LEAST), 1 - _LEAST)
        return 1 / (1 + math.exp(-self.slope * math.log(score / (1 - score)) - self.shift))


_MAPS = {"model": _Map(1.0, 0.0), "setup": _Map(0.447, 0.285), "rule": _Map(0.603, -0.630)}
_SETUP = frozenset({"MPI_Init", "MPI_Init_thread", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize"})


def kind_of(function: str, origin: str) -> str:
    """Which map holds for a call: ``model``, ``setup`` (of the model) or ``rule``."""
    return "setup" if origin == "model" and function in _SETUP else origin


def probability(edit: Edit) -> float:
    """The probability that the call is right by function and place."""
    return round(_MAPS[kind_of(edit.function, edit.origin)].of(edit.confidence), 4)


def calibrated(edit: Edit) -> Edit:
    """The edit with that probability as its confidence."""
    return edit.model_copy(update={"confidence": probability(edit)})


def unsure(edit: Edit, least: float) -> Dropped | None:
    """The drop of a call that is less probable than ``least``; None for one that may stay."""
    known = probability(edit)
    if known >= least:
        return None
    return Dropped(text=edit.text, rule=f"abstention: its probability {known:.2f} is below {least:g}")
