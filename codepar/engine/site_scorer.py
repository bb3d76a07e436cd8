"""The site scorer at work: loads the GGUF file that `site_build` wrote and scores texts on the CPU.

Limits: one text after the other; a text of more than `_MAX_TOKENS` tokens is read in windows, a site in one of
them, one of more than `_MOST_TOKENS` refused.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codepar.engine.gguf_file import load_gguf
from codepar.engine.gguf_header import GgufHeader, TensorPlace, read_header
from codepar.engine.gguf_tokenizer import open_tokenizer
from codepar.engine.models import InstalledModel
from codepar.engine.openvino_pipeline import load_openvino
from codepar.engine.site_build import METADATA
from codepar.engine.site_graph import GraphBuilder, Shape
from codepar.errors import EngineUnavailable, InvalidInput
from codepar.protocols import SiteScore, SiteScores, SiteText

_MAX_TOKENS = 6144
"""A longer text is read in windows."""

_MOST_TOKENS = 2 * _MAX_TOKENS
"""Half a minute of two cores."""

_WINDOW = 2048
"""Longer than almost all functions that it learned from."""

_LEAST = 0.02
"""Probabilities below this are not told."""

_FUNCTIONS = f"{METADATA}.functions"


class LazySites:
    """A site scorer that is loaded when it is first asked."""

    def __init__(self, model: InstalledModel) -> None:
        self._model = model
        self._loading = threading.Lock()
        self._loaded: LocalSiteScorer | None = None

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """As `SiteScorer` has it."""
        return await (await asyncio.to_thread(self._load)).score_sites(texts)

    def _load(self) -> LocalSiteScorer:
        with self._loading:
            if self._loaded is None:
                self._loaded = LocalSiteScorer(self._model)
            return self._loaded


class LocalSiteScorer:
    """A loaded site scorer, with the tokenizer that lies in its own file. Raises ``Unsupported`` where it cannot be made."""

    def __init__(self, model: InstalledModel, threads: int | None = None) -> None:
        self.record = model.record
        self._encode = open_tokenizer(model.path)
        self._functions, compiled = _load(model.path, threads)
        self._request = compiled.create_infer_request()
        self._turn = threading.Lock()

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """The scores of each text; texts are worked on in turn."""
        return [await asyncio.to_thread(self._score, text) for text in texts]

    def _score(self, text: SiteText) -> SiteScores:
        if not text.sites:
            return ()
        ids, spans = list[int](), list[tuple[int, int]]()
        for piece in text.pieces:
            start = len(ids)
            ids += self._encode(piece)
            spans.append((start, len(ids)))
        if len(ids) > _MOST_TOKENS:
            raise InvalidInput(
                f"{len(ids)} tokens are more than the {_MOST_TOKENS} of the site scorer", remedy="send less at a time"
            )
        before = [max(spans[first][1] - 1, 0) for first, _ in text.sites]
        after = [min(spans[second][0], len(ids) - 1) for _, second in text.sites]
        if len(ids) <= _MAX_TOKENS:
            return tuple(self._told(row) for row in self._infer(ids, before, after))
        return self._by_windows(ids, before, after)

    def _by_windows(self, ids: list[int], before: list[int], after: list[int]) -> SiteScores:
        """Each site in the window in whose middle it lies; windows overlap by a quarter."""
        step = 3 * _WINDOW // 4
        last = max(-(-(len(ids) - _WINDOW) // step), 0)
        windows: dict[int, list[int]] = {}
        for number, place in enumerate(before):
            windows.setdefault(min(max((place - _WINDOW // 8) // step, 0), last), []).append(number)
        found: dict[int, tuple[SiteScore, ...]] = {}
        for window, numbers in windows.items():
            start = window * step
            part = ids[start : start + _WINDOW]
            behind = [min(after[number] - start, len(part) - 1) for number in numbers]
            rows = self._infer(part, [before[number] - start for number in numbers], behind)
            found.update(zip(numbers, map(self._told, rows), strict=True))
        return tuple(found[number] for number in range(len(before)))

    def _infer(self, ids: list[int], before: list[int], after: list[int]) -> Any:
        import numpy

        inputs = {"ids": ids, "before": before, "after": after}
        with self._turn:
            found = self._request.infer({name: numpy.array(values, dtype=numpy.int64) for name, values in inputs.items()})
            return found[0].copy()

    def _told(self, row: Any) -> tuple[SiteScore, ...]:
        likely = [int(index) for index in (row[:, 0] >= _LEAST).nonzero()[0]]
        likely.sort(key=lambda index: -row[index, 0])
        return tuple(
            SiteScore(function=self._functions[index], probabilities=tuple(round(float(p), 4) for p in row[index]))
            for index in likely
        )


def _load(path: Path, threads: int | None) -> tuple[tuple[str, ...], Any]:
    load_openvino()
    import numpy
    import openvino

    header = read_header(path, (_FUNCTIONS,))
    functions = header.metadata.get(_FUNCTIONS)
    if not functions:
        raise EngineUnavailable(f"{path} holds no site scorer", remedy="codepar models build mpi-sites")
    data = numpy.memmap(path, dtype=numpy.uint8, mode="r")
    tensors = {place.name: _array(data, place) for place in header.tensors}
    model = GraphBuilder(_shape(header, len(functions)), tensors).build()
    properties: dict[str, Any] = {} if threads is None else {"INFERENCE_NUM_THREADS": threads}
    return functions, openvino.Core().compile_model(model, "CPU", properties)


def _array(data: Any, place: TensorPlace) -> Any:
    """Q8_0 as its bytes, anything else as float32."""
    gguf = load_gguf()
    kind = gguf.GGMLQuantizationType(place.kind)
    shape = gguf.quants.quant_shape_to_byte_shape(place.shape, kind)
    raw = data[place.offset : place.offset + math.prod(shape)].reshape(shape)
    return raw if kind.name == "Q8_0" else gguf.quants.dequantize(raw, kind)


def _shape(header: GgufHeader, functions: int) -> Shape:
    number = header.metadata.__getitem__
    heads, width = number("qwen2.attention.head_count"), number("qwen2.embedding_length")
    return Shape(
        layers=number(f"{METADATA}.layers"),
        causal_layers=number(f"{METADATA}.causal_layers"),
        heads=heads,
        key_heads=number("qwen2.attention.head_count_kv"),
        head_size=width // heads,
        rope_base=number("qwen2.rope.freq_base"),
        epsilon=number("qwen2.attention.layer_norm_rms_epsilon"),
        functions=functions,
        repeats=number(f"{METADATA}.repeats"),
    )
