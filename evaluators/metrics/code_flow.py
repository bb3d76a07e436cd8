"""Data-flow edges of a piece of C, C++ or CUDA, for CodeBLEU's data-flow match: which variable's value goes into which.

An assignment, initialisation or update gives an edge to its target from each variable of its right side and of the target's
subscripts, and from the target itself where it is updated; ``return`` is a target, too. Variables are numbered in the order in
which they appear, so that other names make no difference; the built-in variables of CUDA keep theirs, with the member. Limits:
by variable, not by definition (no order of statements, no branches, no aliasing); what goes through a call's arguments goes
into what the call's value goes into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from codepar.syntax.language import Language, parser_of
from codepar.syntax.variables import read_declarator, text_of
from evaluators.metrics.code_syntax import walk

Edge = tuple[str, str]
"""Target and source."""

_BUILT_IN = frozenset({"threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize"})
_RETURN = "return"


def flow_edges(text: str) -> Counter[Edge]:
    """How often each edge occurs."""
    root = parser_of(Language.CUDA).parse(text.encode(errors="replace")).root_node
    numbers: dict[str, str] = {}

    def named(name: str) -> str:
        if name == _RETURN or name.partition(".")[0] in _BUILT_IN:
            return name
        return numbers.setdefault(name, f"v{len(numbers)}")

    for node in walk(root):
        if node.type == "parameter_declaration" and (name := _declared(node)) is not None:
            named(name)
    return Counter((named(target), named(source)) for target, source in _edges(root))


def _edges(root: Node) -> Iterator[Edge]:
    for node in walk(root):
        if node.type == "assignment_expression":
            yield from _assignment(node)
        elif node.type == "init_declarator":
            yield from _initialisation(node)
        elif node.type == "update_expression":
            operand = node.child_by_field_name("argument")
            target = _base(operand)
            if operand is not None and target is not None:
                yield from ((target, source) for source in _read(operand))
        elif node.type == "return_statement":
            yield from ((_RETURN, source) for source in _read(node))


def _assignment(node: Node) -> Iterator[Edge]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    target = _base(left)
    if left is None or right is None or target is None:
        return
    is_update = operator is not None and text_of(operator) != "="
    for source in _read(left):
        if source != target or is_update:
            yield target, source
    yield from ((target, source) for source in _read(right))


def _initialisation(node: Node) -> Iterator[Edge]:
    declarator, value = node.child_by_field_name("declarator"), node.child_by_field_name("value")
    found = read_declarator(declarator) if declarator is not None else None
    if found is not None and value is not None:
        yield from ((found.name, source) for source in _read(value))


def _declared(parameter: Node) -> str | None:
    declarator = parameter.child_by_field_name("declarator")
    found = read_declarator(declarator) if declarator is not None else None
    return found.name if found is not None else None


def _base(node: Node | None) -> str | None:
    """The variable that an lvalue is of."""
    while node is not None and node.type != "identifier":
        inner = node.child_by_field_name("argument")
        node = inner if inner is not None else next(iter(node.named_children), None)
    return text_of(node) if node is not None else None


def _read(expression: Node) -> Iterator[str]:
    """The variables of an expression, each time that they stand there; called functions and members are none."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        built_in = _built_in(node)
        if built_in is not None:
            yield built_in
        elif node.type == "identifier":
            yield text_of(node)
        else:
            callee = node.child_by_field_name("function") if node.type == "call_expression" else None
            waiting.extend(child for child in reversed(node.named_children) if callee is None or child.id != callee.id)


def _built_in(node: Node) -> str | None:
    """``threadIdx.x`` and its like."""
    base, member = node.child_by_field_name("argument"), node.child_by_field_name("field")
    if node.type != "field_expression" or base is None or member is None or text_of(base) not in _BUILT_IN:
        return None
    return f"{text_of(base)}.{text_of(member)}"
