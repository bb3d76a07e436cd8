"""Log-probabilities of given continuations from OpenVINO GenAI, exact where the prefix cache allows it.

The engine echoes the log-probabilities of prompt tokens that it computes, not of those it finds in its prefix cache. A score is
remembered, so asking twice is safe. Limits: when other requests have left a choice's own tokens in the cache, the missing ones
are taken from the same text after one leading separator token, which changes the context by that token.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from codepar.engine.openvino_pipeline import LoadedModel
from codepar.engine.openvino_scheduler import Request, Scheduler
from codepar.engine.transcript import Transcript
from codepar.errors import InvalidInput

_REMEMBERED = 4096


class Scorer:
    """Scores choices side by side in the running batch."""

    def __init__(self, model: LoadedModel, scheduler: Scheduler) -> None:
        self._model = model
        self._scheduler = scheduler
        self._known: OrderedDict[tuple[int, ...], float] = OrderedDict()

    async def score(self, prompt: list[int], choices: Sequence[str]) -> list[float]:
        """For each choice the log-probability of its tokens after ``prompt``, summed; 0 for an empty choice."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._score(prompt, choice)) for choice in choices]
        return [task.result() for task in tasks]

    async def _score(self, prompt: list[int], choice: str) -> float:
        tail = await asyncio.to_thread(self._model.vocabulary.encode, choice)
        if not tail:
            return 0.0
        ids = [*prompt, *tail]
        if len(ids) >= self._model.context_tokens:
            raise InvalidInput(
                f"prompt and choice have {len(ids)} tokens, the context {self._model.context_tokens}",
                remedy="shorten the prompt",
                param="prompt",
            )
        key = (len(prompt), *ids)
        if key not in self._known:
            self._known[key] = sum(await self._token_log_probs(ids, len(prompt)))
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return self._known[key]

    async def _token_log_probs(self, ids: list[int], start: int) -> list[float]:
        """Log-probabilities of ``ids[start:]``."""
        found = await self._echo(ids, start)
        missing = len(ids) - start - len(found)
        if missing <= 0:
            return found[len(found) - (len(ids) - start) :]
        lead = self._model.eos
        for _ in range(8):
            again = await self._echo([lead, *ids], start + 1)
            if len(again) >= len(ids) - start:
                shifted = again[len(again) - (len(ids) - start) :]
                return [*shifted[:missing], *found]
            # This text was scored so before and forgotten since: another separator more.
            ids, start = [lead, *ids], start + 1
        raise InvalidInput("this choice cannot be scored now: the cache holds it in every form", remedy="try again later")

    async def _echo(self, ids: list[int], start: int) -> list[float]:
        """Log-probabilities of the last tokens of ``ids``, as many as were not found in the cache."""
        config = self._model.generation_config()
        config.max_new_tokens = 1
        config.echo = True
        config.logprobs = 1
        transcript = Transcript(self._model.vocabulary.table, self._model.vocabulary.silent, ())
        request = Request(ids, config, transcript, streams=False, budget_s=None, slices_until=start)
        self._scheduler.submit(request)
        try:
            _, outcome = await request.mailbox.take()
        except asyncio.CancelledError:
            self._scheduler.cancel(request)
            raise
        if outcome is not None and outcome.error is not None:
            raise outcome.error
        # The engine computes the tokens after the cached ones; the last value is of the one token it generated.
        return request.log_probs[:-1]
