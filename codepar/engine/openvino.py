"""The embedded engine: a GGUF model under OpenVINO GenAI with continuous batching, prefix cache and grammars, on the CPU.

Limits: log-probabilities are of the chosen token (no alternatives beyond the greedy one), computed before a grammar's mask; a
score of a choice whose tokens the prefix cache already holds is taken after a leading separator token (see `openvino_scoring`).
Nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from codepar.engine.infill import chat_pieces, infill_of_vocabulary, infill_pieces
from codepar.engine.models import InstalledModel, ModelRecord, find_model, require_model
from codepar.engine.openvino_grammar import GrammarProbe, structured_output
from codepar.engine.openvino_pipeline import LoadedModel
from codepar.engine.openvino_scheduler import Outcome, Request, Scheduler
from codepar.engine.openvino_scoring import Scorer
from codepar.engine.site_scorer import LazySites
from codepar.engine.transcript import Transcript
from codepar.errors import InvalidInput, Unsupported
from codepar.protocols import Capabilities, Chunk, Generation, Prompt, Sampling, SiteModel, SiteScores, SiteText
from codepar.settings import Settings

_INLINE_CHARACTERS = 16_000
GRAMMARS: frozenset[Literal["regex", "ebnf", "json_schema"]] = frozenset({"regex", "ebnf", "json_schema"})


class OpenVinoGenerator:
    """A ``Generator`` over one pipeline. Build it with ``open_openvino``; safe to use from several event loops."""

    def __init__(self, model: LoadedModel, sites: InstalledModel | None = None) -> None:
        self._model = model
        self._sites = LazySites(sites) if sites is not None else None
        self._scheduler = Scheduler(model)
        self._probe = GrammarProbe(model)
        self._infill = infill_of_vocabulary(model.vocabulary.has_control)
        self._scorer = Scorer(model, self._scheduler)
        self._capabilities = Capabilities(
            model=model.record.name,
            artefact=model.record.artefact,
            sha256=model.record.sha256,
            backend="openvino",
            context_tokens=model.context_tokens,
            chat=model.vocabulary.has_chat,
            infill=self._infill is not None,
            grammar=GRAMMARS,
            logprobs=True,
            scoring=True,
            sites=sites is not None,
            site_model=site_model_of(sites.record) if sites is not None else None,
        )

    async def capabilities(self) -> Capabilities:
        return self._capabilities

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        request = await self._submit(prompt, sampling, streams=False)
        try:
            while True:
                _, outcome = await request.mailbox.take()
                if outcome is not None:
                    return self._generation(request, sampling, outcome)
        except asyncio.CancelledError:
            self._scheduler.cancel(request)
            raise

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        request = await self._submit(prompt, sampling, streams=True)
        ended = False
        try:
            while not ended:
                text, outcome = await request.mailbox.take()
                ended = outcome is not None
                if outcome is not None:
                    yield Chunk(text=text, generation=self._generation(request, sampling, outcome))
                elif text:
                    yield Chunk(text=text)
        finally:
            if not ended:
                self._scheduler.cancel(request)

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.complete(prompt, sampling)) for prompt in prompts]
        return [task.result() for task in tasks]

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        ids = await self._ids(prompt)
        return await self._scorer.score(ids, choices)

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """As `SiteScorer` has it."""
        if self._sites is None:
            raise Unsupported("no site scorer is built", remedy="codepar models build mpi-sites")
        return await self._sites.score_sites(texts)

    async def count_tokens(self, text: str) -> int:
        return len(await asyncio.to_thread(self._model.vocabulary.encode, text))

    async def close(self) -> None:
        await asyncio.to_thread(self._scheduler.close)

    async def _submit(self, prompt: Prompt, sampling: Sampling, *, streams: bool) -> Request:
        if sampling.grammar is not None:
            await asyncio.to_thread(self._probe.check, sampling.grammar)
        ids = await self._ids(prompt)
        self._require_room(ids)
        vocabulary = self._model.vocabulary
        transcript = Transcript(vocabulary.table, vocabulary.silent, sampling.stop)
        config = self._config(sampling, len(ids))
        request = Request(
            ids,
            config,
            transcript,
            streams=streams,
            budget_s=sampling.budget_s,
            slices_until=len(ids),
            alternatives=bool(sampling.logprobs),
        )
        self._scheduler.submit(request)
        return request

    async def _ids(self, prompt: Prompt) -> list[int]:
        # A thread has to wait for the global lock, which the pipeline holds during a step; short text is done sooner here.
        size = len(prompt.text) + len(prompt.suffix or "") + sum(len(turn.content) for turn in prompt.messages or ())
        return self._encode(prompt) if size <= _INLINE_CHARACTERS else await asyncio.to_thread(self._encode, prompt)

    def _encode(self, prompt: Prompt) -> list[int]:
        vocabulary = self._model.vocabulary
        if prompt.messages is not None:
            if not vocabulary.has_chat:
                raise Unsupported(
                    f"{self._model.record.name} has no chat template", remedy="use a completion, or an instruct model"
                )
            return vocabulary.encode_pieces(chat_pieces(prompt.messages, vocabulary.render_chat))
        if prompt.suffix is not None:
            if self._infill is None:
                raise Unsupported(f"{self._model.record.name} has no fill-in-the-middle tokens", remedy="send no suffix")
            return vocabulary.encode_pieces(infill_pieces(prompt, self._infill))
        # A model cannot go on from nothing; its end-of-text token is what every document in training followed.
        return vocabulary.encode(prompt.text) or [self._model.eos]

    def _require_room(self, ids: list[int]) -> None:
        context = self._model.context_tokens
        if len(ids) >= context:
            raise InvalidInput(
                f"the prompt has {len(ids)} tokens, the context of {self._model.record.name} {context}",
                remedy="shorten the prompt",
                param="prompt",
            )

    def _config(self, sampling: Sampling, prompt_tokens: int) -> Any:
        config = self._model.generation_config()
        config.max_new_tokens = min(sampling.max_tokens, self._model.context_tokens - prompt_tokens)
        if sampling.temperature > 0:
            config.do_sample = True
            config.temperature = sampling.temperature
            config.top_p = sampling.top_p
            config.rng_seed = random.getrandbits(31) if sampling.seed is None else sampling.seed % 2**63
        if sampling.logprobs is not None:
            if sampling.logprobs > 1 or (sampling.logprobs == 1 and sampling.temperature > 0):
                raise Unsupported(
                    "OpenVINO GenAI gives the log-probability of the chosen token alone",
                    remedy="ask for logprobs 0 (or 1 with temperature 0), or use the transformers backend",
                    param="logprobs",
                )
            config.logprobs = 1
        if sampling.grammar is not None:
            config.structured_output_config = structured_output(self._model.genai, sampling.grammar)
        return config

    def _generation(self, request: Request, sampling: Sampling, outcome: Outcome) -> Generation:
        if outcome.error is not None:
            raise outcome.error
        assert outcome.reason is not None
        transcript = request.transcript
        wanted = sampling.logprobs is not None
        return Generation(
            text=transcript.text,
            finish_reason=outcome.reason,
            prompt_tokens=len(request.ids),
            completion_tokens=transcript.tokens,
            cached_tokens=request.cached,
            logprobs=tuple(transcript.logprobs) if wanted else None,
            model=self._model.record.name,
        )


def site_model_of(record: ModelRecord) -> SiteModel:
    """Which weights score sites."""
    return SiteModel(model=record.name, artefact=record.artefact, sha256=record.sha256)


async def open_openvino(settings: Settings) -> OpenVinoGenerator:
    """Load ``settings.model``, and ``settings.site_model`` where it is built, at its first use.

    Raises ``EngineUnavailable`` when the model is not installed or cannot be loaded.
    """
    model = require_model(settings.models_dir, settings.model)
    loaded = await asyncio.to_thread(LoadedModel, model, settings.engine_cache_bytes, settings.engine_threads)
    return OpenVinoGenerator(loaded, find_model(settings.models_dir, settings.site_model))
