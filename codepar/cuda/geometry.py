"""A launcher by rule for a kernel that came without one: the guards of its thread indices say how many threads it needs.

``int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n)`` needs n threads along x. Limits: an index is a variable of the
kernel's own that holds the whole sum; its bound is made of the launcher's scalars and numbers; no shared memory of run-time size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from codepar.cuda.device_signature import DeviceSignature
from codepar.cuda.nodes import squeezed, walk
from codepar.syntax.cuda import CudaSource
from codepar.syntax.variables import text_of

_BLOCKS = {1: (256, 1, 1), 2: (16, 16, 1), 3: (8, 8, 4)}
_BUILT_IN = re.compile(r"\b(threadIdx|blockIdx)\s*\.\s*([xyz])\b")
_WORD = re.compile(r"[A-Za-z_]\w*")
_VARIABLE = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_BELOW = {"<": 0, "<=": 1, ">=": 0, ">": 1}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass
class _Axis:
    """One direction of the grid: the variable that runs along it, whether threads or whole blocks are counted, its bounds."""

    variable: str
    by_blocks: bool
    bounds: list[str] = field(default_factory=list)


def kernel_launcher(source: str, kernel: str, signature: DeviceSignature) -> str | None:
    """A launcher of ``kernel``, whose parameters are among those of ``signature``; None where its guards do not tell."""
    view = CudaSource(source)
    found = next((one for one in view.kernels if one.name == kernel), None)
    if found is None or "extern" in _WORD.findall(source):
        return None
    names = [parameter.name for parameter in found.parameters]
    if not set(names) <= set(signature.names):
        return None
    node = view.tree.root.named_descendant_for_byte_range(found.span.start, found.span.end)
    axes = _axes(node, signature.scalars) if node is not None else None
    return None if axes is None else _launcher(signature, kernel, names, axes)


def _axes(kernel: Node, scalars: Sequence[str]) -> dict[str, _Axis] | None:
    """The directions in use, with their bounds; None where one has none."""
    axes: dict[str, _Axis] = {}
    used = {match[2] for match in _BUILT_IN.finditer(text_of(kernel))}
    values: dict[str, str] = {}
    for variable, text in _assigned(kernel):
        # `bid * blockDim.x + tid` counts threads where `bid` and `tid` are what they look like.
        value = _VARIABLE.sub(lambda word: values.get(word[0], word[0]), text)
        seen = {match[1] for match in _BUILT_IN.finditer(value)}
        directions = {match[2] for match in _BUILT_IN.finditer(value)}
        if len(directions) == 1:
            values.setdefault(variable, f"({value})")
        if len(directions) == 1 and "blockIdx" in seen:
            direction, by_blocks = directions.pop(), "threadIdx" not in seen
            if direction not in axes or axes[direction].by_blocks > by_blocks:
                axes[direction] = _Axis(variable, by_blocks)
    if set(axes) != used or not axes:
        return None
    for axis in axes.values():
        axis.bounds += dict.fromkeys(_bounds(kernel, axis.variable, scalars))
    return axes if all(axis.bounds for axis in axes.values()) else None


def _assigned(kernel: Node) -> Iterator[tuple[str, str]]:
    for node in walk(kernel):
        if node.type == "init_declarator":
            yield squeezed(node.child_by_field_name("declarator")), text_of(node.child_by_field_name("value"))
        elif node.type == "assignment_expression":
            yield squeezed(node.child_by_field_name("left")), text_of(node.child_by_field_name("right"))


def _bounds(kernel: Node, variable: str, scalars: Sequence[str]) -> Iterator[str]:
    """What the variable is compared with: the first value that it does not reach."""
    for node in walk(kernel):
        if node.type != "binary_expression":
            continue
        operator = text_of(node.child_by_field_name("operator"))
        left, right = squeezed(node.child_by_field_name("left")), squeezed(node.child_by_field_name("right"))
        if right == variable and operator in _MIRRORED:
            left, right, operator = right, left, _MIRRORED[operator]
        if left == variable and operator in _BELOW and set(_WORD.findall(right)) <= {*scalars, "int", "long"}:
            yield right if _BELOW[operator] == 0 else f"{right} + 1"


def _launcher(signature: DeviceSignature, kernel: str, names: Sequence[str], axes: dict[str, _Axis]) -> str:
    """The text: the bounds, nothing to do for an empty range, the launch."""
    sizes = dict(zip("xyz", _BLOCKS[1 if set(axes) == {"x"} else 3 if "z" in axes else 2], strict=True))
    lines, threads, blocks = list[str](), list[str](), list[str]()
    for direction in "xyz":
        if direction not in axes:
            threads.append("1")
            blocks.append("1")
            continue
        axis, count = axes[direction], f"count_{direction}"
        size = 1 if axis.by_blocks else sizes[direction]
        lines.append(f"    const long long {count} = {_largest(axis.bounds)};")
        threads.append(str(size))
        blocks.append(f"(unsigned int)(({count} + {size - 1}) / {size})")
    empty = " || ".join(f"count_{direction} <= 0" for direction in "xyz" if direction in axes)
    return "\n".join(
        [
            f"{signature.launcher_head}",
            "{",
            *lines,
            f"    if ({empty})",
            "        return;",
            f"    const dim3 threads({', '.join(threads)});",
            f"    const dim3 blocks({', '.join(blocks)});",
            f"    {kernel}<<<blocks, threads>>>({', '.join(names)});",
            "}",
            "",
        ]
    )


def _largest(bounds: Sequence[str]) -> str:
    largest = f"(long long)({bounds[0]})"
    for other in bounds[1:]:
        largest = f"({largest} > (long long)({other}) ? {largest} : (long long)({other}))"
    return largest
