"""The weights of the setup's places: one for each attribute of a site, by function; one JSON file.

Limits: what was not learned of weighs nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from codepar.errors import InvalidInput

WEIGHTS_FILE = "weights.json"
FUNCTIONS = ("MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize")

Weights = Mapping[str, Mapping[str, float]]
"""By function and attribute."""


def read_weights(path: Path) -> Weights:
    """The weights of a file. Raises ``InvalidInput`` for one that is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {function: {name: float(weight) for name, weight in record[function].items()} for function in FUNCTIONS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{path} holds no weights of the setup's places: {error}") from error


def write_weights(path: Path, weights: Weights) -> None:
    """Write weights so that ``read_weights`` finds them; those that weigh nothing are left out."""
    rounded = {function: {name: round(one, 2) for name, one in sorted(of.items())} for function, of in weights.items()}
    kept = {function: {name: one for name, one in of.items() if one} for function, of in rounded.items()}
    path.write_text(json.dumps(kept, indent=0) + "\n", encoding="utf-8")


def total(weights: Mapping[str, float], attributes: Iterable[str]) -> float:
    """What attributes weigh together, whatever their order."""
    return math.fsum(weights.get(name, 0.0) for name in attributes)


def log_shares(scores: Sequence[float]) -> list[float]:
    """The logarithms of the probabilities of choices that weigh so much."""
    top = max(scores)
    mass = top + math.log(sum(math.exp(score - top) for score in scores))
    return [score - mass for score in scores]


@cache
def own_weights() -> Weights | None:
    """The weights that come with the program; None where they were left out."""
    path = Path(str(files("codepar.mpi.setup_sites") / WEIGHTS_FILE))
    return read_weights(path) if path.is_file() else None
