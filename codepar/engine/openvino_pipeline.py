"""Loading a GGUF model into OpenVINO GenAI, and what is known of its vocabulary.

The telemetry package of OpenVINO is made unimportable before OpenVINO is, so nothing can be sent. Limits: byte-level BPE
vocabularies, which is what OpenVINO's GGUF reader supports (Qwen, Llama 3 and their like).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any

from codepar.engine.blocks import blocks
from codepar.engine.gguf_header import read_header
from codepar.engine.infill import Piece, plain_text_parts, specials_pattern
from codepar.engine.models import InstalledModel
from codepar.errors import EngineUnavailable

# Tokens of prefill that one step takes on: a quarter of a second on two cores, which is what a newcomer waits for.
SLICE_TOKENS = 128
# The rest of a step is for the sequences that decode and for small prompts.
STEP_TOKENS = SLICE_TOKENS + 64
DEFAULT_CONTEXT = 4096


def load_openvino() -> Any:
    """The `openvino_genai` module, its telemetry disabled. Raises ``EngineUnavailable`` when it is not installed."""
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment] # import of it now fails, which OpenVINO allows for
    try:
        import openvino_genai
    except ImportError as error:
        raise EngineUnavailable(
            f"OpenVINO GenAI cannot be imported: {error}", remedy="pip install 'codepar[engine]', or set CODEPAR_ENGINE_URL"
        ) from error
    return openvino_genai


class Vocabulary:
    """The tokenizer: text to ids with control tokens only where they are meant, ids to bytes."""

    def __init__(self, tokenizer: Any, control: frozenset[int], unused: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        ids: dict[bytes, int] = tokenizer.get_vocab()
        self.table = {token: piece for piece, token in ids.items()}
        self.size = len(self.table)
        self.control = control or frozenset({int(tokenizer.get_eos_token_id())})
        self.silent = self.control | unused
        self._spellings = {self.table[token].decode("utf-8", "replace"): token for token in self.control if token in self.table}
        self._specials = specials_pattern(self._spellings)

    def has_control(self, spelling: str) -> bool:
        """Whether the vocabulary has this control token."""
        return spelling in self._spellings

    def encode(self, text: str) -> list[int]:
        """Ids of plain text: a control token that it spells is cut in two and so stays text."""
        ids: list[int] = []
        for part in plain_text_parts(text, self._specials):
            ids += self._ids(part)
        return ids

    def encode_pieces(self, pieces: Iterable[Piece]) -> list[int]:
        """Ids of a prompt in pieces."""
        ids: list[int] = []
        for piece in pieces:
            ids += self._ids(piece.text) if piece.control else self.encode(piece.text)
        return ids

    def render_chat(self, turns: list[dict[str, str]]) -> str:
        """The model's own chat template, ending where the assistant speaks."""
        return str(self._tokenizer.apply_chat_template(turns, add_generation_prompt=True))

    @property
    def has_chat(self) -> bool:
        return bool(self._tokenizer.chat_template)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = []
        for block in blocks(text):
            ids += self._tokenizer.encode([block], add_special_tokens=False).input_ids.data.reshape(-1).tolist()
        return ids


class LoadedModel:
    """A pipeline with its vocabulary, context length and stop tokens."""

    def __init__(self, model: InstalledModel, cache_bytes: int, threads: int | None) -> None:
        genai = load_openvino()
        header = read_header(model.path)
        scheduler = genai.SchedulerConfig()
        scheduler.cache_size = max(1, math.ceil(cache_bytes / 1024**3))
        scheduler.enable_prefix_caching = True
        scheduler.dynamic_split_fuse = True
        scheduler.max_num_batched_tokens = STEP_TOKENS
        properties = {} if threads is None else {"INFERENCE_NUM_THREADS": threads}
        try:
            self.pipeline = genai.ContinuousBatchingPipeline(str(model.path), scheduler, "CPU", properties)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise EngineUnavailable(f"the engine cannot load {model.path}: {reason}", remedy="codepar models pull") from error
        self.genai = genai
        self.record = model.record
        self.context_tokens = header.context_tokens or DEFAULT_CONTEXT
        self.tokenizer = self.pipeline.get_tokenizer()
        self.vocabulary = Vocabulary(self.tokenizer, header.control_token_ids(), header.unused_token_ids())
        defaults = self.pipeline.get_config()
        self.eos = int(defaults.eos_token_id)
        self.stop_tokens = set(defaults.stop_token_ids) | set(self.vocabulary.control) | {self.eos}

    def generation_config(self) -> Any:
        """A greedy configuration that ends at any control token."""
        config = self.genai.GenerationConfig()
        config.apply_chat_template = False
        config.eos_token_id = self.eos
        config.stop_token_ids = self.stop_tokens
        return config

    def tensor(self, ids: list[int]) -> Any:
        """Ids as the tensor [1, tokens] that a request takes."""
        import numpy
        import openvino

        return openvino.Tensor(numpy.array([ids], dtype=numpy.int64))
