"""One file from which a stopped run goes on: weights, moments, and how far it was.

Written beside and renamed, so that there is always a whole one. No state of a random generator is kept: every step seeds its own.
Limits: read with `weights_only`, so a checkpoint from elsewhere runs no code; it fits the run that wrote it and no other.
"""

from __future__ import annotations

import os
import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from codepar.errors import Conflict, InvalidInput

FILE = "checkpoint.pt"


@dataclass
class Position:
    """How far a run is: steps done, packs taken from the endless row of them, tokens seen, seconds of training."""

    step: int = 0
    packs: int = 0
    tokens: int = 0
    train_s: float = 0.0


def write_checkpoint(folder: Path, run: str, position: Position, state: dict[str, Any]) -> None:
    """Replace the checkpoint in ``folder``. ``run`` says which run it belongs to."""
    draft = folder / f"{FILE}.part"
    with draft.open("wb") as file:
        torch.save({"run": run, "position": asdict(position), "state": state}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE)


@dataclass(frozen=True)
class Checkpoint:
    """What was read back."""

    position: Position
    state: dict[str, Any]


def read_checkpoint(folder: Path, run: str, device: Any) -> Checkpoint | None:
    """The checkpoint in ``folder``, or None. Raises ``Conflict`` for another run's, ``InvalidInput`` for a damaged one."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        kept = torch.load(path, map_location=device, weights_only=True)
        checkpoint = Checkpoint(Position(**kept["position"]), kept["state"])
    except (OSError, RuntimeError, KeyError, TypeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", remedy="delete it to begin again") from error
    if kept["run"] != run:
        raise Conflict(
            f"{folder} holds a run with other options, data or base", remedy="repeat its options, or name another folder"
        )
    return checkpoint


def forget(folder: Path) -> None:
    """Remove the checkpoint of a run that is over."""
    (folder / FILE).unlink(missing_ok=True)
