"""The site scorer as an OpenVINO graph: the lower layers of a Qwen2 model, the upper of them looking both ways, and a head.

Built from the tensors of a GGUF file that `site_build` wrote. The first `causal_layers` attend to what came before, as they were
trained to; the others to the whole text. The head sees the last token before a site and the first after it. Limits: Qwen2's
architecture (grouped queries, biases on Q, K and V, SwiGLU), one text a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GROUP = 32
"""Weights that share one scale in Q8_0."""


@dataclass(frozen=True)
class Shape:
    """The sizes of the model. ``repeats``: how many calls of one function at one site are told apart."""

    layers: int
    causal_layers: int
    heads: int
    key_heads: int
    head_size: int
    rope_base: float
    epsilon: float
    functions: int
    repeats: int


class GraphBuilder:
    """Builds the model. ``tensors`` gives the numpy array of a name: float32, or raw Q8_0 rows of bytes."""

    def __init__(self, shape: Shape, tensors: dict[str, Any]) -> None:
        import numpy
        import openvino.opset13 as opset

        self._shape = shape
        self._tensors = tensors
        self._op: Any = opset
        self._np: Any = numpy

    def build(self) -> Any:
        """Inputs ``ids`` [T], ``before`` [N], ``after`` [N] (int64); output probabilities [N, functions, repeats]."""
        import openvino

        op = self._op
        ids, before, after = (op.parameter([-1], self._np.int64, name=name) for name in ("ids", "before", "after"))
        hidden = self._embed(ids)
        turns = self._turns(ids)
        for layer in range(self._shape.layers):
            hidden = self._layer(hidden, turns, f"blk.{layer}.", is_causal=layer < self._shape.causal_layers)
        first, second = (op.gather(hidden, sites, self._ints(0)) for sites in (before, after))
        output = self._head(op.concat([first, second], 1))
        return openvino.Model([output], [ids, before, after], "site-scorer")

    def _ints(self, *values: int) -> Any:
        return self._op.constant(self._np.array(values[0] if len(values) == 1 else values, dtype=self._np.int64))

    def _float(self, name: str) -> Any:
        return self._op.constant(self._np.asarray(self._tensors[name], dtype=self._np.float32))

    def _quantised(self, name: str) -> tuple[Any, Any]:
        """Values [rows, groups, 32] and scales [rows, groups, 1] of a Q8_0 tensor."""
        np = self._np
        raw = self._tensors[name].reshape(self._tensors[name].shape[0], -1, GROUP + 2)
        scales = np.ascontiguousarray(raw[:, :, :2]).view(np.float16)
        values = np.ascontiguousarray(raw[:, :, 2:]).view(np.int8)
        return values, scales

    def _weight(self, name: str) -> Any:
        op = self._op
        if not self._is_quantised(name):
            return self._float(name)
        values, scales = self._quantised(name)
        widened = op.multiply(op.convert(op.constant(values), "f16"), op.constant(scales))
        flat = op.reshape(widened, self._ints(values.shape[0], values.shape[1] * GROUP), special_zero=False)
        return op.convert(flat, "f32")

    def _linear(self, x: Any, name: str, *, has_bias: bool = False) -> Any:
        product = self._op.matmul(x, self._weight(f"{name}.weight"), transpose_a=False, transpose_b=True)
        return self._op.add(product, self._float(f"{name}.bias")) if has_bias else product

    def _is_quantised(self, name: str) -> bool:
        return bool(self._tensors[name].dtype == self._np.uint8)

    def _embed(self, ids: Any) -> Any:
        op = self._op
        if not self._is_quantised("token_embd.weight"):
            return op.gather(self._float("token_embd.weight"), ids, self._ints(0))
        values, scales = self._quantised("token_embd.weight")
        rows = op.convert(op.gather(op.constant(values), ids, self._ints(0)), "f32")
        factors = op.convert(op.gather(op.constant(scales), ids, self._ints(0)), "f32")
        return op.reshape(op.multiply(rows, factors), self._ints(0, values.shape[1] * GROUP), special_zero=True)

    def _norm(self, x: Any, name: str) -> Any:
        op = self._op
        mean = op.reduce_mean(op.multiply(x, x), self._ints(-1), keep_dims=True)
        scale = op.sqrt(op.add(mean, op.constant(self._np.float32(self._shape.epsilon))))
        return op.multiply(op.divide(x, scale), self._float(f"{name}.weight"))

    def _turns(self, ids: Any) -> tuple[Any, Any]:
        """Cosine and sine [T, head_size] of the rotary position embedding."""
        op, np = self._op, self._np
        half = self._shape.head_size // 2
        speeds = self._shape.rope_base ** (-np.arange(half, dtype=np.float64) / half)
        length = op.squeeze(op.shape_of(ids), self._ints(0))
        positions = op.convert(op.range(self._ints(0), length, self._ints(1), "i64"), "f32")
        angles = op.multiply(op.unsqueeze(positions, self._ints(1)), op.constant(speeds.astype(np.float32)[None]))
        both = op.concat([angles, angles], 1)
        return op.cos(both), op.sin(both)

    def _turned(self, x: Any, turns: tuple[Any, Any]) -> Any:
        op = self._op
        low, high = op.split(x, self._ints(-1), 2).outputs()
        swapped = op.concat([op.negative(high), low], -1)
        return op.add(op.multiply(x, turns[0]), op.multiply(swapped, turns[1]))

    def _heads(self, x: Any, count: int) -> Any:
        """[T, count * size] as [1, count, T, size]."""
        op = self._op
        split = op.reshape(x, self._ints(0, count, self._shape.head_size), special_zero=True)
        return op.unsqueeze(op.transpose(split, self._ints(1, 0, 2)), self._ints(0))

    def _shared(self, x: Any) -> Any:
        """Each key head repeated for the query heads that share it."""
        index = self._np.repeat(self._np.arange(self._shape.key_heads), self._shape.heads // self._shape.key_heads)
        return self._op.gather(x, self._op.constant(index.astype(self._np.int64)), self._ints(1))

    def _attention(self, x: Any, turns: tuple[Any, Any], name: str, *, is_causal: bool) -> Any:
        op, shape = self._op, self._shape
        query = self._turned(self._heads(self._linear(x, f"{name}attn_q", has_bias=True), shape.heads), turns)
        key = self._turned(self._heads(self._linear(x, f"{name}attn_k", has_bias=True), shape.key_heads), turns)
        value = self._heads(self._linear(x, f"{name}attn_v", has_bias=True), shape.key_heads)
        mixed = op.scaled_dot_product_attention(query, self._shared(key), self._shared(value), causal=is_causal)
        rows = op.transpose(op.squeeze(mixed, self._ints(0)), self._ints(1, 0, 2))
        flat = op.reshape(rows, self._ints(0, shape.heads * shape.head_size), special_zero=True)
        return self._linear(flat, f"{name}attn_output")

    def _layer(self, x: Any, turns: tuple[Any, Any], name: str, *, is_causal: bool) -> Any:
        op = self._op
        x = op.add(x, self._attention(self._norm(x, f"{name}attn_norm"), turns, name, is_causal=is_causal))
        inner = self._norm(x, f"{name}ffn_norm")
        gate = op.swish(self._linear(inner, f"{name}ffn_gate"))
        return op.add(x, self._linear(op.multiply(gate, self._linear(inner, f"{name}ffn_up")), f"{name}ffn_down"))

    def _head(self, x: Any) -> Any:
        op = self._op
        centred = op.mvn(x, op.constant(self._np.array([1])), normalize_variance=True, eps=1e-5, eps_mode="inside_sqrt")
        scaled = op.add(op.multiply(centred, self._float("sites.norm.weight")), self._float("sites.norm.bias"))
        for name in ("sites.hidden", "sites.output"):
            scaled = op.matmul(scaled, self._float(f"{name}.weight"), transpose_a=False, transpose_b=True)
            scaled = op.add(scaled, self._float(f"{name}.bias"))
            if name == "sites.hidden":
                scaled = op.gelu(scaled, approximation_mode="erf")
        wanted = self._ints(0, self._shape.functions, self._shape.repeats)
        return op.reshape(op.sigmoid(scaled), wanted, special_zero=True)
