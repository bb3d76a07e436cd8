"""The forward pass: logits of the answers' tokens alone, and what follows from them.

Limits: models of transformers whose `forward` takes `logits_to_keep`; the rest are refused by ``require_selectable``.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from codepar.errors import Unsupported
from finetune.train.packing import Row


def require_selectable(model: Any) -> None:
    """Raises ``Unsupported`` for a model that computes the logits of all tokens or none."""
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        raise Unsupported(
            f"{type(model).__name__} has no `logits_to_keep`", remedy="train a causal language model such as Qwen2 or Llama"
        )


def answer_logits(model: Any, row: Row) -> Any:
    """[N, vocabulary]: the logits from which the learned tokens of a row are chosen."""
    output = model(
        input_ids=row.ids,
        position_ids=row.positions,
        attention_mask=row.mask,
        logits_to_keep=row.before,
        use_cache=False,
    )
    return output.logits[0].float()


def answer_loss(model: Any, row: Row) -> Any:
    """The summed cross entropy of the learned tokens; natural logarithm."""
    return functional.cross_entropy(answer_logits(model, row), row.learned, reduction="sum")


@dataclass(frozen=True, slots=True)
class Judged:
    """Sums over a row, as tensors of one number."""

    loss: Any
    tokens_right: Any
    lines: Any
    lines_right: Any


@torch.no_grad()
def judge(model: Any, row: Row) -> Judged:
    """Loss, and how many tokens and lines greedy decoding gets right with the right answer before them."""
    logits = answer_logits(model, row)
    right = logits.argmax(-1) == row.learned
    lines = row.lines[-1] + 1
    wrong_lines = torch.unique(row.lines[~right]).numel()
    loss = functional.cross_entropy(logits, row.learned, reduction="sum")
    return Judged(loss, right.sum(), lines, lines - wrong_lines)
