"""The loop: steps of packed rows, evaluations, checkpoints, until the tokens or minutes are used up or somebody stops it.

Each step is a function of the options, the data and the step before, so that a run goes on as if it had not stopped. Several
processes take different packs of a step and share their gradients. Limits: what depends on time (`minutes`) is decided by the
slowest process and is not repeatable; on a GPU the order of sums may differ in the last bits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import Any

import torch

from codepar.errors import CodeparError
from finetune.train.answer_loss import answer_loss, judge
from finetune.train.checkpoint import Position, read_checkpoint, write_checkpoint
from finetune.train.encode import Encoded
from finetune.train.log import Meter, Tell, TrainingLog
from finetune.train.optimiser import MasterAdamW
from finetune.train.options import Figures, TrainOptions
from finetune.train.packing import Pack, endless_packs, pack, row_of

_WARM_UP = 0.03
_LAST_RATE = 0.05


def rate_share(done: float) -> float:
    """The share of the highest learning rate when ``done`` (0 to 1) of a run is over: a short rise, then half a cosine."""
    fall = _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    return min(1.0, (done + 1e-3) / _WARM_UP) * fall


class Trainer:
    """One run. ``run`` names it (see ``checkpoint``); ``stops`` is asked after each step."""

    def __init__(
        self,
        options: TrainOptions,
        *,
        run: str,
        accelerator: Any,
        model: Any,
        samples: Sequence[Encoded],
        held_out: Sequence[Encoded],
        tell: Tell,
        stops: Callable[[], bool],
    ) -> None:
        self._options = options
        self._run = run
        self._accelerator = accelerator
        self._model = accelerator.prepare(model)
        self._optimiser = MasterAdamW(self._model.parameters(), weight_decay=options.weight_decay)
        self._held_out = pack(held_out, options.pack_tokens, 0)
        self._meter = Meter(tell if accelerator.is_main_process else lambda _: None)
        self._tell = tell
        self._stops = stops
        self._dtype = getattr(torch, options.precision)
        kept = read_checkpoint(options.output, run, accelerator.device)
        self.position = Position() if kept is None else kept.position
        if kept is not None:
            self._optimiser.load(kept.state)
        self._packs = _from(endless_packs(samples, options.pack_tokens, options.seed), self.position.packs)
        self.log = TrainingLog(options.output, self.position) if accelerator.is_main_process else None
        self._saved_at = time.monotonic()

    @property
    def trained(self) -> int:
        """How many numbers are trained."""
        return self._optimiser.size

    @property
    def done(self) -> float:
        """The share of the run that is over; 1 and more: all of it."""
        if self._options.tokens is not None:
            return self.position.tokens / self._options.tokens
        return self.position.train_s / (60 * (self._options.minutes or 1))

    def run(self) -> bool:
        """Work to the end; False when it was stopped before, with a checkpoint from which it can go on."""
        if self.position.step == 0:
            self._evaluate()
        else:
            self._say(f"going on after step {self.position.step}")
        while self.done < 1:
            before = self.done
            if self._step():
                self._save()
                return False
            if self._is_due(before):
                self._evaluate()
                self._save()
            elif self._is_late():
                self._save()
        self._evaluate()
        self._save()
        return True

    def _is_due(self, before: float) -> bool:
        """Whether an evaluation lies between ``before`` and now."""
        parts = self._options.evaluations + 1
        return self.done < 1 and int(before * parts) < int(self.done * parts)

    def _is_late(self) -> bool:
        """Whether the last checkpoint is too old. The first process decides, for it alone writes."""
        return self._accelerator.is_main_process and time.monotonic() - self._saved_at >= self._options.checkpoint_s

    def _step(self) -> bool:
        """One step; True when somebody wants the run to stop."""
        started = time.perf_counter()
        processes = self._accelerator.num_processes
        packs = list(islice(self._packs, self._options.packs_per_step * processes))
        learned = sum(len(sample) - sample.answer_start for one in packs for sample in one)
        torch.manual_seed(hash((self._options.seed, self.position.step, self._accelerator.process_index)))
        self._model.train()
        loss = self._gradients(packs[self._accelerator.process_index :: processes], learned)
        rate = self._options.rate * rate_share(self.done)
        norm = self._optimiser.step(rate)
        shared = self._summed(loss, float(self._stops()), time.perf_counter() - started)
        self._advance(packs, shared[2] / processes)
        self._note(shared[0] / learned, rate, norm)
        return shared[1] > 0

    def _gradients(self, packs: Sequence[Pack], learned: int) -> float:
        """Gradients of the mean loss over the ``learned`` tokens of all processes; gives this one's sum of losses."""
        total = 0.0
        for index, one in enumerate(packs):
            is_last = index == len(packs) - 1
            with nullcontext() if is_last else self._accelerator.no_sync(self._model):
                loss = answer_loss(self._model, row_of(one, self._dtype, self._accelerator.device))
                # Data parallelism averages over processes what is to be summed.
                self._accelerator.backward(loss * (self._accelerator.num_processes / learned))
            total += float(loss.detach())
        return total

    def _summed(self, *values: float) -> list[float]:
        """Each number summed over the processes."""
        if self._accelerator.num_processes == 1:
            return list(values)
        both = torch.tensor(values, dtype=torch.float64, device=self._accelerator.device)
        return [float(value) for value in self._accelerator.reduce(both, "sum")]

    def _advance(self, packs: Sequence[Pack], seconds: float) -> None:
        self.position.step += 1
        self.position.packs += len(packs)
        self.position.tokens += sum(len(sample) for one in packs for sample in one)
        self.position.train_s += seconds

    def _note(self, loss: float, rate: float, norm: float) -> None:
        if not math.isfinite(loss):
            raise CodeparError(f"the loss is {loss} at step {self.position.step}", remedy="lower the learning rate")
        speed = self.position.tokens / self.position.train_s
        if self.log is not None:
            values = {"loss": loss, "learning_rate": rate, "gradient_norm": norm, "tokens_per_s": round(speed, 1)}
            self.log.add("step", self.position, **values)
        self._meter.hear(self.position, min(self.done, 1.0), loss, speed)

    def _evaluate(self) -> None:
        """Judge the held-out part, write what was found, draw the curve."""
        if not self._held_out:
            return
        # Not through the wrapper: its forward pass waits for all processes, and these may have packs of different number.
        model = self.model.eval()
        mine = self._held_out[self._accelerator.process_index :: self._accelerator.num_processes]
        sums = [0.0] * 5
        for one in mine:
            row = row_of(one, self._dtype, self._accelerator.device)
            judged = judge(model, row)
            values = (judged.loss, row.learned.numel(), judged.tokens_right, judged.lines, judged.lines_right)
            sums = [total + float(value) for total, value in zip(sums, values, strict=True)]
        loss, tokens, tokens_right, lines, lines_right = self._summed(*sums)
        figures = Figures(
            loss=loss / tokens,
            tokens=int(tokens),
            tokens_right=tokens_right / tokens,
            lines=int(lines),
            lines_right=lines_right / lines,
        )
        self._say(f"held out: loss {figures.loss:.3f}, {figures.lines_right:.1%} of {figures.lines} lines right")
        if self.log is not None:
            # The line has its own `tokens`: those of the run so far.
            found = figures.model_dump(exclude={"tokens"}) | {"answer_tokens": figures.tokens}
            self.log.add("evaluation", self.position, **found)
            self.log.draw()

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        if self._accelerator.is_main_process:
            write_checkpoint(self._options.output, self._run, self.position, self._optimiser.state())

    def _say(self, message: str) -> None:
        if self._accelerator.is_main_process:
            self._tell(message)

    @property
    def model(self) -> Any:
        """The model without the wrapper of data parallelism."""
        return self._accelerator.unwrap_model(self._model)


def _from(packs: Iterator[Pack], taken: int) -> Iterator[Pack]:
    return islice(packs, taken, None)
