"""AdamW on float32 copies of the trained weights, whatever type the model computes in.

A bfloat16 weight has eight bits of mantissa: the small steps of a training run would be rounded away in it. Limits: the copies
and both moments take twelve bytes a trained weight; they are not spread over processes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

_BETAS = (0.9, 0.98)


class MasterAdamW:
    """Optimises ``parameters`` through float32 copies."""

    def __init__(self, parameters: Iterable[Any], *, weight_decay: float, clip: float = 1.0) -> None:
        self._live = [parameter for parameter in parameters if parameter.requires_grad]
        self._masters = [parameter.detach().float().clone() for parameter in self._live]
        self._adam = torch.optim.AdamW(self._masters, betas=_BETAS, weight_decay=weight_decay)
        self._clip = clip

    @property
    def size(self) -> int:
        """How many numbers are trained."""
        return sum(parameter.numel() for parameter in self._live)

    def step(self, learning_rate: float) -> float:
        """Follow the gradients of the live weights and clear them; gives the gradient's norm before it was clipped."""
        for live, master in zip(self._live, self._masters, strict=True):
            master.grad = None if live.grad is None else live.grad.float()
            live.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self._masters, self._clip)
        for group in self._adam.param_groups:
            group["lr"] = learning_rate
        self._adam.step()
        self._publish()
        return float(norm)

    def state(self) -> dict[str, Any]:
        """What ``load`` takes."""
        return {"masters": self._masters, "adam": self._adam.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state; the live weights follow."""
        with torch.no_grad():
            for master, kept in zip(self._masters, state["masters"], strict=True):
                master.copy_(kept)
        self._adam.load_state_dict(state["adam"])
        self._publish()

    def _publish(self) -> None:
        with torch.no_grad():
            for live, master in zip(self._live, self._masters, strict=True):
                live.copy_(master)
