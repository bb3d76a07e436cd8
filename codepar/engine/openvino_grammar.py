"""Is this grammar one that the engine takes? Asked of a model of one tiny layer, because a bad one breaks the step that meets it.

OpenVINO GenAI compiles a grammar at the first sampling of its request and throws there, which leaves every request of that step
half done. The probe shares the tokenizer, and so the compiled grammar, with the real pipeline. Limits: it says what the grammar
compiler says; it does not bound what a grammar may cost.
"""

from __future__ import annotations

import re
import tempfile
import threading
from pathlib import Path
from typing import Any

from codepar.engine.gguf_file import load_gguf
from codepar.engine.openvino_pipeline import LoadedModel
from codepar.errors import InvalidInput
from codepar.protocols import Grammar

_WIDTH = 32
_REMEMBERED = 1024
_FIELD = {"regex": "regex", "ebnf": "grammar", "json_schema": "json_schema"}
_CAUSE = re.compile(r"[\w/.-]+\.(?:cc|cpp|h):\d+:\s*(.*)", re.DOTALL)


def structured_output(genai: Any, grammar: Grammar) -> Any:
    """The engine's own form of a grammar."""
    return genai.StructuredOutputConfig(**{_FIELD[grammar.kind]: grammar.text})


class GrammarProbe:
    """Checks grammars beside the running pipeline; thread-safe."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._pipeline: Any = None
        self._lock = threading.Lock()
        self._good: set[Grammar] = set()
        self._requests = 0

    def check(self, grammar: Grammar) -> None:
        """Raises ``InvalidInput`` with the compiler's words when the grammar cannot be used."""
        with self._lock:
            if grammar in self._good:
                return
            if self._pipeline is None:
                self._pipeline = self._tiny_pipeline()
            self._try(grammar)
            if len(self._good) >= _REMEMBERED:
                self._good.clear()
            self._good.add(grammar)

    def _try(self, grammar: Grammar) -> None:
        config = self._model.generation_config()
        config.max_new_tokens = 1
        config.structured_output_config = structured_output(self._model.genai, grammar)
        self._requests += 1
        handle = self._pipeline.add_request(self._requests, self._model.tensor([0]), config)
        try:
            while self._pipeline.has_non_finished_requests():
                self._pipeline.step()
        except RuntimeError as error:
            handle.cancel()
            self._pipeline.step()
            match = _CAUSE.search(str(error))
            cause = " ".join((match[1] if match else str(error)).split())
            raise InvalidInput(
                f"the {grammar.kind} grammar cannot be used: {cause}", remedy="correct the grammar", param="grammar"
            ) from error

    def _tiny_pipeline(self) -> Any:
        scheduler = self._model.genai.SchedulerConfig()
        scheduler.num_kv_blocks = 16
        with tempfile.TemporaryDirectory(prefix="codepar-probe-") as folder:
            path = Path(folder) / "probe.gguf"
            _write_tiny_model(path, self._model.vocabulary.size)
            return self._model.genai.ContinuousBatchingPipeline(str(path), self._model.tokenizer, scheduler, "CPU")


def _write_tiny_model(path: Path, vocabulary: int) -> None:
    """One layer of width 32, all weights zero: it only has to have the vocabulary's number of logits."""
    import numpy

    gguf = load_gguf()
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_WIDTH)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_rope_freq_base(1e4)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(1)
    writer.add_tensor("token_embd.weight", numpy.zeros((vocabulary, _WIDTH), dtype=numpy.float16))
    for norm in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{norm}.weight", numpy.ones(_WIDTH, dtype=numpy.float32))
    for layer in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{layer}.weight", numpy.zeros((_WIDTH, _WIDTH), dtype=numpy.float16))
    for layer in ("attn_q", "attn_k", "attn_v"):
        writer.add_tensor(f"blk.0.{layer}.bias", numpy.zeros(_WIDTH, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
