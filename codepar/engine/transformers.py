"""Any checkpoint of transformers (a folder or a name) as a ``Generator``, with a PEFT adapter if one is set.

For evaluation and for models that have no GGUF; it serves one request after the other. Limits: no grammar, no batching across
requests; float32 on the CPU is slow. Nothing is downloaded unless the name is no folder, and no code of a checkpoint is run.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from codepar.engine.infill import Piece, chat_pieces, infill_of_vocabulary, infill_pieces, plain_text_parts, specials_pattern
from codepar.engine.stop_text import StopText
from codepar.errors import EngineUnavailable, InvalidInput, NotFound, Unsupported
from codepar.protocols import Capabilities, Chunk, FinishReason, Generation, Prompt, Sampling, TokenLogprob
from codepar.settings import DEFAULT_MODEL, Settings

_FALLBACK_CONTEXT = 2048


class TransformersGenerator:
    """A ``Generator`` over a loaded model. Build it with ``open_transformers``."""

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        import torch

        self._torch = torch
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._turn = asyncio.Lock()
        special = set(tokenizer.all_special_tokens) | set(tokenizer.get_added_vocab())
        self._special_ids = frozenset(tokenizer.convert_tokens_to_ids(list(special)))
        self._specials = specials_pattern(special)
        self._infill = infill_of_vocabulary(lambda token: token in special)
        context = getattr(model.config, "max_position_embeddings", None)
        self._capabilities = Capabilities(
            model=name,
            artefact=name,
            backend="transformers",
            context_tokens=int(context or _FALLBACK_CONTEXT),
            chat=bool(tokenizer.chat_template),
            infill=self._infill is not None,
            logprobs=True,
            scoring=True,
        )

    async def capabilities(self) -> Capabilities:
        return self._capabilities

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        last: Generation | None = None
        async for chunk in self.stream(prompt, sampling):
            last = chunk.generation or last
        assert last is not None
        return last

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        deadline = None if sampling.budget_s is None else time.monotonic() + sampling.budget_s
        if sampling.grammar is not None:
            raise Unsupported("the transformers backend takes no grammar", remedy="use the openvino backend", param="grammar")
        ids = await asyncio.to_thread(self._encode, prompt)
        async with self._turn:
            run = _Run(self, ids, sampling, deadline)
            thread = asyncio.create_task(asyncio.to_thread(run.work))
            try:
                while True:
                    piece = await run.pieces.get()
                    if piece is None:
                        break
                    yield Chunk(text=piece)
                await thread
            finally:
                run.cancelled.set()
                await asyncio.wait([thread])
            yield Chunk(text="", generation=run.generation(self._capabilities.model))

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return [await self.complete(prompt, sampling) for prompt in prompts]

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        ids = await asyncio.to_thread(self._encode, prompt)
        async with self._turn:
            return await asyncio.to_thread(lambda: [self._score(ids, choice) for choice in choices])

    async def count_tokens(self, text: str) -> int:
        return len(await asyncio.to_thread(self._ids, text))

    async def close(self) -> None:
        self._model = None

    def _encode(self, prompt: Prompt) -> list[int]:
        if prompt.messages is not None:
            if not self._capabilities.chat:
                raise Unsupported(f"{self._capabilities.model} has no chat template", remedy="use a completion")
            ids = self._pieces(chat_pieces(prompt.messages, self._render_chat))
        elif prompt.suffix is not None:
            if self._infill is None:
                raise Unsupported(f"{self._capabilities.model} has no fill-in-the-middle tokens", remedy="send no suffix")
            ids = self._pieces(infill_pieces(prompt, self._infill))
        else:
            ids = self._lead() + self._pieces([Piece(text=prompt.text)])
        ids = ids or [self._tokenizer.eos_token_id or 0]
        if len(ids) >= self._capabilities.context_tokens:
            context = self._capabilities.context_tokens
            raise InvalidInput(
                f"the prompt has {len(ids)} tokens, the context of {self._capabilities.model} {context}",
                remedy="shorten the prompt",
                param="prompt",
            )
        return ids

    def _lead(self) -> list[int]:
        """The tokens that this tokenizer puts before every text (a BOS, or none)."""
        return [token for token in self._tokenizer("")["input_ids"] if token == self._tokenizer.bos_token_id]

    def _render_chat(self, turns: list[dict[str, str]]) -> str:
        return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    def _pieces(self, pieces: Sequence[Piece]) -> list[int]:
        ids: list[int] = []
        for piece in pieces:
            for part in [piece.text] if piece.control else plain_text_parts(piece.text, self._specials):
                ids += self._ids(part)
        return ids

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _score(self, ids: list[int], choice: str) -> float:
        tail = self._pieces([Piece(text=choice)])
        if not tail:
            return 0.0
        torch = self._torch
        with torch.inference_mode():
            logits = self._model(torch.tensor([[*ids, *tail]], device=self._model.device)).logits[0].float()
        rows = torch.log_softmax(logits[len(ids) - 1 : -1], dim=-1)
        return float(rows.gather(1, torch.tensor(tail, device=rows.device)[:, None]).sum())


class _Run:
    """One generation: a thread that samples token after token, and the queue on which its text leaves."""

    def __init__(self, owner: TransformersGenerator, ids: list[int], sampling: Sampling, deadline: float | None) -> None:
        self._owner = owner
        self._ids = ids
        self._sampling = sampling
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self.pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self.cancelled = threading.Event()
        self._tokens: list[int] = []
        self._shown = 0
        self._text = StopText(sampling.stop)
        self._logprobs: list[TokenLogprob] = []
        self._reason: FinishReason = "length"

    def work(self) -> None:
        """Sample until something ends it. Runs in a thread."""
        try:
            with self._owner._torch.inference_mode():
                self._sample()
            self._emit(self._decoded()[self._shown :])
            self._put(self._text.finish())
        finally:
            self._loop.call_soon_threadsafe(self.pieces.put_nowait, None)

    def generation(self, model: str) -> Generation:
        """What came of it."""
        return Generation(
            text=self._text.text,
            finish_reason="stop" if self._text.stopped else self._reason,
            prompt_tokens=len(self._ids),
            completion_tokens=len(self._tokens),
            logprobs=None if self._sampling.logprobs is None else tuple(self._logprobs),
            model=model,
        )

    def _sample(self) -> None:
        torch, model = self._owner._torch, self._owner._model
        generator = torch.Generator(device=model.device)
        if self._sampling.seed is None:
            generator.seed()
        else:
            generator.manual_seed(self._sampling.seed % 2**63)
        inputs, cache = torch.tensor([self._ids], device=model.device), None
        room = min(self._sampling.max_tokens, self._owner._capabilities.context_tokens - len(self._ids))
        for _ in range(room):
            if self.cancelled.is_set() or self._overdue():
                return
            output = model(inputs, past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            token = self._choose(output.logits[0, -1].float(), generator)
            if self._take(token):
                return
            inputs = torch.tensor([[token]], device=model.device)

    def _overdue(self) -> bool:
        if self._deadline is None or time.monotonic() < self._deadline:
            return False
        self._reason = "budget"
        return True

    def _choose(self, logits: Any, generator: Any) -> int:
        torch, sampling = self._owner._torch, self._sampling
        if sampling.temperature == 0:
            token = int(logits.argmax())
        else:
            weights, order = torch.softmax(logits / sampling.temperature, dim=-1).sort(descending=True)
            # The smallest set of tokens whose probability reaches top_p: what comes before a token decides on it.
            weights[weights.cumsum(0) - weights >= sampling.top_p] = 0
            token = int(order[torch.multinomial(weights, 1, generator=generator)])
        if sampling.logprobs is not None:
            self._note(torch.log_softmax(logits, dim=-1), token, sampling.logprobs)
        return token

    def _note(self, row: Any, token: int, listed: int) -> None:
        if token in self._owner._special_ids:
            return
        decode = self._owner._tokenizer.decode
        best = row.topk(listed) if listed else None
        pairs = () if best is None else tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        alternatives = tuple((decode([other]), float(value)) for other, value in pairs)
        self._logprobs.append(TokenLogprob(token=decode([token]), logprob=float(row[token]), alternatives=alternatives))

    def _take(self, token: int) -> bool:
        """Whether this token ends the generation."""
        self._tokens.append(token)
        if token in self._owner._special_ids:
            self._reason = "stop"
            return True
        text = self._decoded()
        if not text.endswith("\ufffd"):
            self._emit(text[self._shown :])
            self._shown = len(text)
        return self._text.stopped

    def _decoded(self) -> str:
        return str(self._owner._tokenizer.decode(self._tokens, skip_special_tokens=True))

    def _emit(self, fresh: str) -> None:
        self._put(self._text.add(fresh))

    def _put(self, text: str) -> None:
        if text:
            self._loop.call_soon_threadsafe(self.pieces.put_nowait, text)


async def open_transformers(settings: Settings) -> TransformersGenerator:
    """Load ``settings.model`` with ``settings.adapter``. Raises ``EngineUnavailable``, ``NotFound`` (no such adapter)."""
    return await asyncio.to_thread(_load, settings)


def _load(settings: Settings) -> TransformersGenerator:
    if settings.model == DEFAULT_MODEL:
        raise EngineUnavailable(
            "the transformers backend needs a checkpoint", remedy="set CODEPAR_MODEL to a folder or a name on the hub"
        )
    try:
        import transformers
    except ImportError as error:
        raise EngineUnavailable(f"transformers cannot be imported: {error}", remedy="make setup-train") from error
    _quiet(transformers)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(settings.model, trust_remote_code=False)
        model = transformers.AutoModelForCausalLM.from_pretrained(settings.model, dtype="auto", trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        cause = str(error).strip().splitlines()[0]
        raise EngineUnavailable(f"{settings.model} cannot be loaded: {cause}", remedy="check CODEPAR_MODEL") from error
    name = Path(settings.model).name
    if settings.adapter is not None:
        model = _with_adapter(model, settings.adapter)
        name = f"{name}+{settings.adapter.name}"
    return TransformersGenerator(model, tokenizer, name)


def _with_adapter(model: Any, folder: Path) -> Any:
    if not (folder / "adapter_config.json").is_file():
        raise NotFound(f"{folder} holds no adapter_config.json", remedy="check CODEPAR_ADAPTER")
    try:
        from peft import PeftModel

        return PeftModel.from_pretrained(model, str(folder))
    except ImportError as error:
        raise EngineUnavailable(f"peft cannot be imported: {error}", remedy="make setup-train") from error
    except (ValueError, RuntimeError, OSError) as error:
        cause = str(error).strip().splitlines()[0]
        raise InvalidInput(f"the adapter {folder} does not fit {type(model).__name__}: {cause}", remedy="use its base") from error


def _quiet(transformers: Any) -> None:
    """No progress bars on stderr: that is the caller's."""
    transformers.utils.logging.disable_progress_bar()
