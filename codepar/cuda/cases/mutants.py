"""Wrong versions of a right CUDA text, one small fault each: what a set of tests must notice.

Faults are those that translations have: guards, offsets, barriers, atomics, accumulation, copies, geometry, types, and the usual
slips of operators and constants. A mutant counts as *equivalent* by one rule alone: its program agrees with the right one, number
by number and clean under the memory and race checks, on at least 64 cases of fresh seeds and sizes; who counts them lists them.
Limits: text in, text out; some mutants do not compile, which is noticed, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from codepar.cuda.nodes import field, named, operator_of, squeezed, unwrapped, walk
from codepar.syntax.cuda import CudaSource
from codepar.syntax.variables import text_of

_RELAXED = {"<": "<=", ">": ">=", "<=": "<", ">=": ">"}
_SWAPPED = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/"}
_NARROWER = {
    "double": "float",
    "float": "int",
    "int": "signed char",
    "unsigned": "unsigned char",
    "unsigned int": "unsigned char",
}
_NUMBER = re.compile(r"(\d+)(.*)", re.DOTALL)
MAX_OF_A_KIND = 6
"""So many mutants of one kind at most, spread over the text."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A faulty text. ``line`` is the 1-based line of the fault, ``change`` says it in words."""

    kind: str
    line: int
    text: str
    change: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A replacement of the bytes from ``start`` to ``end``."""

    kind: str
    start: int
    end: int
    replacement: str


def mutants(cuda_text: str) -> tuple[Mutant, ...]:
    """All faults that the text has places for, in the order of kinds and places; none twice."""
    return planted(cuda_text, _faults(CudaSource(cuda_text)))


def planted(text: str, faults: Iterator[Fault]) -> tuple[Mutant, ...]:
    """The text with one fault at a time, at most ``MAX_OF_A_KIND`` of a kind, none twice."""
    data = text.encode()
    seen = {data}
    found = []
    for kind, own in _by_kind(faults).items():
        for fault in _spread(own):
            changed = data[: fault.start] + fault.replacement.encode() + data[fault.end :]
            if changed not in seen:
                seen.add(changed)
                found.append(_mutant(data, changed, fault, kind))
    return tuple(found)


def _mutant(data: bytes, changed: bytes, fault: Fault, kind: str) -> Mutant:
    before = " ".join(data[fault.start : fault.end].decode(errors="replace").split())
    line = data.count(b"\n", 0, fault.start) + 1
    after = " ".join(fault.replacement.split())
    return Mutant(
        kind, line, changed.decode(), f"`{before[:80]}` became `{after[:80]}`" if after else f"`{before[:80]}` was removed"
    )


def _by_kind(faults: Iterator[Fault]) -> dict[str, list[Fault]]:
    found: dict[str, list[Fault]] = {}
    for fault in faults:
        found.setdefault(fault.kind, []).append(fault)
    return found


def _spread(faults: list[Fault]) -> list[Fault]:
    """At most ``MAX_OF_A_KIND``, evenly taken."""
    if len(faults) <= MAX_OF_A_KIND:
        return faults
    return [faults[at * len(faults) // MAX_OF_A_KIND] for at in range(MAX_OF_A_KIND)]


def _faults(source: CudaSource) -> Iterator[Fault]:
    for device in source.device_functions:
        span = device.function.span
        node = source.tree.root.named_descendant_for_byte_range(span.start, span.end - 1)
        while node is not None and node.type != "function_definition":
            node = node.parent
        if node is not None and (body := node.child_by_field_name("body")) is not None:
            yield from _Device(body, device.is_kernel).faults()
    yield from _host_faults(source)


def body_faults(body: Node) -> Iterator[Fault]:
    """Faults of loops and expressions in the body of a function of the host."""
    yield from _Device(body, is_kernel=False).faults()


class _Device:
    """Faults in the body of a kernel or device function."""

    def __init__(self, body: Node, is_kernel: bool) -> None:
        self._body = body
        self._is_kernel = is_kernel
        self._threads = _thread_names(body)

    def faults(self) -> Iterator[Fault]:
        if self._is_kernel:
            yield _replace(self._body, "empty_kernel", "{ }")
        makers: dict[str, Callable[[Node], Iterator[Fault]]] = {
            "if_statement": self._condition,
            "for_statement": self._loop,
            "field_expression": self._built_in,
            "assignment_expression": self._assignment,
            "call_expression": self._call,
            "subscript_expression": self._subscript,
            "binary_expression": self._operator,
            "number_literal": self._constant,
            "declaration": self._declaration,
        }
        for node in walk(self._body):
            if node.type in makers:
                yield from makers[node.type](node)

    def _is_guard(self, condition: Node) -> bool:
        """A condition over what differs from thread to thread."""
        return bool(_words(condition) & self._threads) and not _reads_memory(condition)

    def _condition(self, node: Node) -> Iterator[Fault]:
        condition = unwrapped(field(node, "condition"))
        then = field(node, "consequence")
        leaves = then.type == "return_statement" or squeezed(then) in {"{ return; }", "{ return ; }", "{return;}"}
        if self._is_guard(condition):
            yield _replace(condition, "guard_removed", "0" if leaves else "1")
            for one in walk(condition):
                if one.type == "binary_expression" and operator_of(one) in _RELAXED:
                    yield from _relaxed(one, "guard_off_by_one")
                    yield from _shortened(one, "guard_short")
        else:
            yield _replace(condition, "condition_negated", f"!({text_of(condition)})")

    def _loop(self, node: Node) -> Iterator[Fault]:
        condition, update = node.child_by_field_name("condition"), node.child_by_field_name("update")
        if condition is not None and condition.type == "binary_expression" and operator_of(condition) in _RELAXED:
            yield from _relaxed(condition, "loop_off_by_one")
            yield from _shortened(condition, "loop_short")
        if update is not None and operator_of(update) == "+=":
            right = field(update, "right")
            yield _replace(right, "stride_changed", f"2 * ({text_of(right)})")

    def _built_in(self, node: Node) -> Iterator[Fault]:
        base, member = text_of(node.child_by_field_name("argument")), text_of(node.child_by_field_name("field"))
        if base == "blockIdx":
            yield _replace(node, "block_offset_dropped", "0")
        if base in {"threadIdx", "blockIdx"} and member in {"x", "y"}:
            kind = "axis_swapped"
            yield _replace(node, kind, f"{base}.{'y' if member == 'x' else 'x'}")
        if base == "blockDim" and member == "x":
            yield _replace(node, "block_size_wrong", "(blockDim.x - 1)")

    def _assignment(self, node: Node) -> Iterator[Fault]:
        operator = node.child_by_field_name("operator")
        if operator is None:
            return
        text = text_of(operator)
        if text != "=":
            yield _replace(operator, "accumulation_lost", "=")
        if text in {"+=", "-=", "*=", "/="}:
            yield _replace(operator, "operator_swapped", {"+=": "-=", "-=": "+=", "*=": "+=", "/=": "*="}[text])
        statement = node.parent
        if statement is not None and statement.type == "expression_statement":
            yield _replace(statement, "statement_dropped", ";")

    def _call(self, node: Node) -> Iterator[Fault]:
        name, arguments = text_of(node.child_by_field_name("function")), named(field(node, "arguments"))
        if re.fullmatch(r"__syncthreads\w*|__syncwarp|\w+\.sync", name):
            yield _replace(node, "barrier_dropped", "(void)0")
        if name == "atomicAdd" and len(arguments) == 2:
            yield _replace(node, "atomic_dropped", f"(*({text_of(arguments[0])}) += ({text_of(arguments[1])}))")
        elif name.startswith("atomic"):
            yield _replace(node, "atomic_dropped", "0")
        swap = {"min": "max", "max": "min", "fminf": "fmaxf", "fmaxf": "fminf", "fmin": "fmax", "fmax": "fmin"}.get(name)
        if swap is not None:
            yield _replace(field(node, "function"), "function_swapped", swap)

    def _subscript(self, node: Node) -> Iterator[Fault]:
        index = node.child_by_field_name("index") or node.child_by_field_name("indices")
        if index is None:
            return
        inner = next(iter(named(index)), None) if index.type == "subscript_argument_list" else index
        if inner is not None:
            yield _replace(inner, "index_shifted", f"{text_of(inner)} + 1")

    def _operator(self, node: Node) -> Iterator[Fault]:
        operator = node.child_by_field_name("operator")
        if operator is None or _is_in_condition(node):
            return
        text = text_of(operator)
        if text in _SWAPPED:
            yield _replace(operator, "operator_swapped", _SWAPPED[text])
        elif text in _RELAXED:
            yield _replace(operator, "comparison_changed", _RELAXED[text])

    def _constant(self, node: Node) -> Iterator[Fault]:
        match = _NUMBER.fullmatch(text_of(node))
        parent = node.parent
        if match is not None and parent is not None and parent.type != "array_declarator":
            yield _replace(node, "constant_changed", f"{int(match[1]) + 1}{match[2]}")

    def _declaration(self, node: Node) -> Iterator[Fault]:
        kind = node.child_by_field_name("type")
        if kind is not None and (narrow := _NARROWER.get(squeezed(kind))) is not None and "*" not in squeezed(node).split("=")[0]:
            yield _replace(kind, "type_narrowed", narrow)


def _host_faults(source: CudaSource) -> Iterator[Fault]:
    """Faults of geometry and copies."""
    data = source.tree.data
    for launch in source.launches:
        span = data[launch.span.start : launch.span.end]
        opening, closing = span.find(b"<<<"), span.find(b">>>")
        if 0 <= opening < closing:
            start, end = launch.span.start + opening + 3, launch.span.start + closing
            yield Fault("one_thread_launch", start, end, "1, 1")
            yield Fault("launch_dropped", launch.span.start, launch.span.end, "(void)0")
    for node in walk(source.tree.root):
        if node.type == "binary_expression" and operator_of(node) == "/" and (short := _rounded_down(node)) is not None:
            yield _replace(node, "grid_rounded_down", short)
        elif node.type == "call_expression" and text_of(node.child_by_field_name("function")) in {"cudaMemcpy", "cudaMemset"}:
            yield from _copy_faults(node)


def _copy_faults(node: Node) -> Iterator[Fault]:
    arguments = named(field(node, "arguments"))
    yield _replace(node, "copy_dropped", "cudaSuccess")
    if len(arguments) >= 3:
        yield _replace(arguments[2], "copy_short", f"({text_of(arguments[2])}) / 2")


def _rounded_down(node: Node) -> str | None:
    """``n / b`` for ``(n + b - 1) / b`` and ``(n + 255) / 256``."""
    left, right = unwrapped(field(node, "left")), squeezed(field(node, "right"))
    match = re.fullmatch(r"(.+?)\s*\+\s*(?:(.+?)\s*-\s*1|\(?(\d+)\)?)", squeezed(left))
    if match is None or left is node.child_by_field_name("left"):
        return None
    added = match[2] or match[3]
    if match[2] is None and (not right.isdigit() or int(match[3]) + 1 != int(right)):
        return None
    if match[2] is not None and added.strip("() ") != right.strip("() "):
        return None
    return f"{match[1]} / {right}"


def _replace(node: Node, kind: str, text: str) -> Fault:
    return Fault(kind, node.start_byte, node.end_byte, text)


def _relaxed(comparison: Node, kind: str) -> Iterator[Fault]:
    operator = comparison.child_by_field_name("operator")
    if operator is not None:
        yield _replace(operator, kind, _RELAXED[text_of(operator)])


def _shortened(comparison: Node, kind: str) -> Iterator[Fault]:
    """One iteration fewer, at the upper end."""
    side = field(comparison, "right" if operator_of(comparison).startswith("<") else "left")
    if operator_of(comparison) in {"<", "<="}:
        yield _replace(side, kind, f"{text_of(side)} - 1")


def _is_in_condition(node: Node) -> bool:
    """Whether an expression is what an ``if`` or a loop asks."""
    current, parent = node, node.parent
    while parent is not None and "statement" not in parent.type and parent.type != "declaration":
        current, parent = parent, parent.parent
    return parent is not None and parent.child_by_field_name("condition") == current


def _thread_names(body: Node) -> set[str]:
    """The locals whose values differ from thread to thread, by any number of assignments."""
    names = {"threadIdx", "blockIdx"}
    assigned = [(_target(node), node) for node in walk(body) if node.type in {"init_declarator", "assignment_expression"}]
    for _ in range(len(assigned) + 1):
        before = len(names)
        for name, node in assigned:
            value = node.child_by_field_name("value") or node.child_by_field_name("right")
            if name and value is not None and not _reads_memory(value) and _words(value) & names:
                names.add(name)
        if len(names) == before:
            break
    return names


def _words(node: Node) -> set[str]:
    return {text_of(one) for one in walk(node) if one.type == "identifier"}


def _reads_memory(node: Node) -> bool:
    return any(one.type in {"subscript_expression", "pointer_expression"} for one in walk(node))


def _target(node: Node) -> str:
    left = node.child_by_field_name("declarator") or node.child_by_field_name("left")
    return text_of(left) if left is not None and left.type == "identifier" else ""
