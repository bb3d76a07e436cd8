"""The training loop of the site scorer: AdamW, warm-up and cosine, a log, checkpoints that a later run goes on from.

Ends after a number of tokens or of minutes, whichever comes first; the learning rate falls to its end by then. Limits: one
process on one device; a resumed run sees the same batches as an uninterrupted one, its dropout differs.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from finetune.sites.batches import Batch, Shares, batches
from finetune.sites.examples import EncodedExample, Selection
from finetune.sites.measure import BOILERPLATE, Score, Scored, best_score
from finetune.sites.network import SiteNetwork

Tell = Callable[[str], None]
CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
SAVE_SECONDS = 300
"""A run that is killed loses no more than this."""


@dataclass(frozen=True)
class Recipe:
    """How long and how fast. ``others`` and ``learned``: shares of an epoch (`Shares`). ``boilerplate``: what the loss on the
    four calls of every program weighs."""

    tokens: int = 1_500_000
    minutes: float | None = None
    others: float = 0.35
    learned: float = 0.0
    boilerplate: float = 1.0
    adapter_rate: float = 5e-4
    head_rate: float = 1e-3
    warm_up: float = 0.04
    floor: float = 0.05
    every_tokens: int = 250_000
    seed: int = 0


def going_on(recipe: Recipe) -> Recipe:
    """The recipe for a scorer that has learned already: lower rates, more weight on the calls beyond the four."""
    return replace(recipe, learned=0.25, others=0.5, adapter_rate=3e-4, head_rate=6e-4, boilerplate=0.6)


class Trainer:
    """One training run in the folder ``output``."""

    def __init__(self, network: SiteNetwork, selection: Selection, held_out: Sequence[EncodedExample], output: Path) -> None:
        self.network = network
        self._selection = selection
        self._held_out = sorted(held_out, key=lambda example: len(example.ids))
        self._output = output
        self._columns = {function: index for index, function in enumerate(network.config.functions)}
        self._weights: Tensor | None = None

    def run(self, recipe: Recipe, tell: Tell) -> tuple[Score, Score]:
        """Train, and give the scores on the held-out functions: all calls, and without boilerplate."""
        adapter = [value for value in self.network.adapted.parameters() if value.requires_grad]
        head = [*self.network.norm.parameters(), *self.network.hidden.parameters(), *self.network.output.parameters()]
        groups = [{"params": adapter, "lr": recipe.adapter_rate}, {"params": head, "lr": recipe.head_rate}]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))
        torch.manual_seed(recipe.seed)
        done = self._resume(optimizer, tell)
        clock = _Clock(recipe, done.seconds)
        average, next_look, next_save = done.loss, done.tokens + recipe.every_tokens, clock.seconds + SAVE_SECONDS
        weights = [recipe.boilerplate if function in BOILERPLATE else 1.0 for function in self._columns]
        self._weights = torch.tensor(weights)[None, :, None]
        stream = batches(self._selection, Shares(recipe.others, recipe.learned), recipe.seed)
        for step, batch in enumerate(itertools.islice(stream, done.steps, None), start=done.steps + 1):
            share = clock.share(batch.tokens)
            for group, rate in zip(optimizer.param_groups, (recipe.adapter_rate, recipe.head_rate), strict=True):
                group["lr"] = rate * _pace(share, recipe)
            loss = self._step(optimizer, [*adapter, *head], batch)
            average = loss if average is None else 0.97 * average + 0.03 * loss
            state = _Progress(step, batch.tokens, clock.seconds, average)
            is_last = share >= 1
            if step % 50 == 0 or is_last:
                speed = batch.tokens / max(state.seconds, 1e-9)
                tell(f"step {step}: {batch.tokens} tokens, {speed:.0f} a second, {share:.0%}, loss {average:.3f}")
                self._log({"step": step, "tokens": batch.tokens, "loss": round(average, 4)})
            looks = batch.tokens >= next_look or is_last
            if looks or state.seconds >= next_save:
                next_save = state.seconds + SAVE_SECONDS
                self._save(optimizer, state)
            if looks:
                next_look = batch.tokens + recipe.every_tokens
                self._evaluate(batch.tokens, tell)
            if is_last:
                break
        return self.measure()

    def _step(self, optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], batch: Batch) -> float:
        self.network.train()
        logits = self.network(batch.examples)
        wanted = self._wanted(batch.examples).to(logits.device)
        weights = None if self._weights is None else self._weights.to(logits.device)
        losses = nn.functional.binary_cross_entropy_with_logits(logits, wanted, weights, reduction="none")
        loss = losses.sum((1, 2)).mean()
        loss.backward()  # type: ignore[no-untyped-call] # torch does not type it
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return float(loss.item())

    def _wanted(self, examples: Sequence[EncodedExample]) -> Tensor:
        """1 at [site, function, n] where more than n calls of the function are missing. Rare functions are not learned."""
        config = self.network.config
        sites = [counted for example in examples for counted in example.example.missing]
        wanted = torch.zeros(len(sites), len(config.functions), config.repeats)
        for row, counted in enumerate(sites):
            for function, count in counted.items():
                if function in self._columns:
                    wanted[row, self._columns[function], : min(count, config.repeats)] = 1
        return wanted

    @torch.no_grad()
    def measure(self) -> tuple[Score, Score]:
        """The scores on the held-out functions: all calls, and without the four that every program has."""
        self.network.eval()
        scored: list[Scored] = []
        for example in self._held_out:
            probabilities = torch.sigmoid(self.network([example])).cpu().numpy()
            scored.append((example.example.missing, probabilities))
        functions = self.network.config.functions
        return best_score(scored, functions), best_score(scored, functions, boilerplate=False)

    def _evaluate(self, tokens: int, tell: Tell) -> None:
        if not self._held_out:
            return
        everything, rest = self.measure()
        tell(
            f"held out: F1 {everything.f1:.3f} (precision {everything.precision:.3f}, recall {everything.recall:.3f}, "
            f"bound {everything.bound}), without boilerplate {rest.f1:.3f}"
        )
        self._log({"tokens": tokens, "held_out": asdict(everything), "without_boilerplate": asdict(rest)})

    def _log(self, entry: dict[str, Any]) -> None:
        with (self._output / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def _save(self, optimizer: torch.optim.Optimizer, state: _Progress) -> None:
        draft = self._output / f"{CHECKPOINT}.new"
        torch.save({"weights": self.network.trained_state(), "optimizer": optimizer.state_dict(), "state": asdict(state)}, draft)
        draft.replace(self._output / CHECKPOINT)

    def _resume(self, optimizer: torch.optim.Optimizer, tell: Tell) -> _Progress:
        file = self._output / CHECKPOINT
        if not file.is_file():
            return _Progress(0, 0, 0.0, None)
        saved = torch.load(file, weights_only=True)
        missing, unknown = self.network.load_state_dict(saved["weights"], strict=False)
        del missing
        if unknown:
            raise ValueError(f"{file} is of another network: it holds {unknown[0]}")
        optimizer.load_state_dict(saved["optimizer"])
        state = _Progress(**saved["state"])
        tell(f"going on from step {state.steps}, {state.tokens} tokens ({file})")
        return state


@dataclass(frozen=True)
class _Progress:
    steps: int
    tokens: int
    seconds: float
    loss: float | None


class _Clock:
    """How much of the run is over, by tokens or by time, whichever is more."""

    def __init__(self, recipe: Recipe, seconds: float) -> None:
        self._recipe = recipe
        self._start = time.monotonic() - seconds

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def share(self, tokens: int) -> float:
        minutes = self._recipe.minutes
        by_time = 0.0 if minutes is None else self.seconds / (60 * minutes)
        return min(1.0, max(by_time, tokens / self._recipe.tokens))


def _pace(share: float, recipe: Recipe) -> float:
    """The factor of the learning rate: up for the warm-up's share, then down along a cosine to the floor."""
    fall = 0.5 * (1 + math.cos(math.pi * share))
    return min(1.0, share / recipe.warm_up) * (fall * (1 - recipe.floor) + recipe.floor)
