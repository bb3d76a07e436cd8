"""What of a function the subscripts of one buffer need: the variables in them and in all that decides whether they are reached.

Limits: see ``inspect.py``. Names stand for variables, wherever in the function they are declared.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from codepar.cuda.accesses import LIBRARY_POINTERS, Access, AccessFinder, AccessKind
from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import LOOPS, ancestors, declared_by, field, named, operator_of, unwrapped, walk
from codepar.cuda.read import kinds_of_helpers, node_of
from codepar.syntax.variables import text_of

_JUMPS = frozenset({"break_statement", "continue_statement", "return_statement"})


class NoInspector(Exception):
    """The inspector cannot be made; the message says why."""


class Slice:
    """The places that touch a buffer, the variables they need, and those whose values only the whole function's run can tell."""

    def __init__(self, function: SequentialFunction, buffer: str) -> None:
        self._function = function
        self._buffer = buffer
        self._body = field(node_of(function), "body")
        signature = function.signature
        depths = {one.name: max(1, len(one.dimensions)) for one in signature.buffers if not one.is_reference}
        finder = AccessFinder(self._body, depths, kinds_of_helpers(function))
        accesses = finder.accesses()
        self._written = {one.name for one in signature.buffers if one.role.is_written}
        self._buffers = set(depths)
        self._touches = {key_of(one.node): one for one in accesses if one.buffer == buffer}
        self._reads = {key_of(one.node): one for one in accesses if one.kind.reads}
        self._read_first = {name for name in self._written if _reads_come_first([one for one in accesses if one.buffer == name])}
        self._check(function, accesses)
        self._unknown = self._find_unknown()
        self._needed = self._find_needed()

    def _check(self, function: SequentialFunction, accesses: list[Access]) -> None:
        others = {key_of(one.node) for one in accesses if one.buffer != self._buffer and not one.is_call}
        if any(key in others for key, one in self._touches.items() if not one.is_call):
            raise NoInspector(f"a pointer may point into `{self._buffer}` or into another buffer")
        for node in walk(self._body):
            if node.type in {"switch_statement", "for_range_loop", "goto_statement", "lambda_expression"}:
                raise NoInspector(f"line {node.start_point[0] + 1}: a `{node.type.split('_')[0]}` cannot be followed")
        for touch in self._touches.values():
            if touch.is_call and called_name(touch.node) not in LIBRARY_POINTERS:
                raise NoInspector(f"line {touch.node.start_point[0] + 1}: `{called_name(touch.node)}` is given the buffer")

    def _check_dimensions(self, used: set[str]) -> None:
        signature = self._function.signature
        names = {one.name for one in signature.parameters}
        for one in signature.buffers:
            if one.name in used and any(words_of(size) & names for size in one.dimensions[1:]):
                raise NoInspector(f"the dimensions of `{one.name}` vary")

    def _find_unknown(self) -> set[str]:
        self._values_read = set[str]()
        unknown: set[str] = set()
        changed = True
        while changed:
            changed = False
            for name, value in assignments_in(self._body):
                if name not in unknown and value is not None and not self._is_computable(value, unknown):
                    unknown.add(name)
                    changed = True
        return unknown

    def _is_computable(self, node: Node, unknown: set[str]) -> bool:
        for one in walk(node):
            access = self._reads.get(key_of(one))
            changes = access is not None and access.buffer in self._written and access.buffer not in self._read_first
            if changes and one.type != "call_expression":
                return False
            if one.type == "identifier" and text_of(one) in unknown:
                return False
            if one.type == "call_expression" and access is not None:
                return False
        return True

    def _find_needed(self) -> set[str]:
        """The variables of subscripts, and of all that decides whether and with what values these are reached."""
        needed: set[str] = set()
        for access in self._touches.values():
            needed |= identifiers_of(access.node)
        changed = True
        while changed:
            before = len(needed)
            for node in walk(self._body):
                if self._matters(node, needed):
                    needed |= self._controls(node) | self._sources(node, needed)
            changed = len(needed) != before
        return needed - (self._buffers - {name for name, _ in assignments_in(self._body)})

    def _matters(self, node: Node, needed: set[str]) -> bool:
        if key_of(node) in self._touches or node.type in _JUMPS:
            return True
        return any(name in needed for name, _ in assigned_here(node))

    def _controls(self, node: Node) -> set[str]:
        names: set[str] = set()
        for parent in ancestors(node):
            if parent == self._body:
                break
            if parent.type in LOOPS:
                for part in ("condition", "update", "initializer"):
                    inner = parent.child_by_field_name(part)
                    names |= identifiers_of(inner) if inner is not None else set()
            elif parent.type in {"if_statement", "conditional_expression"}:
                names |= self._condition_names(field(parent, "condition"))
            elif parent.type == "binary_expression" and operator_of(parent) in {"&&", "||"}:
                names |= self._condition_names(field(parent, "left"))
        return names

    def _condition_names(self, node: Node) -> set[str]:
        return identifiers_of(node) if self._is_computable(node, self._unknown) else set()

    def _sources(self, node: Node, needed: set[str]) -> set[str]:
        names: set[str] = set()
        for name, value in assigned_here(node):
            if name in needed and value is not None:
                names |= identifiers_of(value)
        return names


def key_of(node: Node) -> tuple[int, int]:
    """The bytes of a node, which name it."""
    return node.start_byte, node.end_byte


def words_of(text: str) -> set[str]:
    """The words of a text."""
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def identifiers_of(node: Node) -> set[str]:
    """The names in an expression."""
    return {text_of(one) for one in walk(node) if one.type == "identifier"}


def called_name(node: Node) -> str:
    """The name of the function that a call calls."""
    return text_of(node.child_by_field_name("function")).removeprefix("std::")


def assigned_here(node: Node) -> Iterator[tuple[str, Node | None]]:
    """The variable that this very node assigns, and the value; a step has the node itself."""
    if node.type == "assignment_expression":
        left = unwrapped(field(node, "left"))
        if left.type == "identifier":
            yield text_of(left), field(node, "right")
    elif node.type == "update_expression":
        argument = unwrapped(field(node, "argument"))
        if argument.type == "identifier":
            yield text_of(argument), None
    elif node.type == "declaration":
        for declared in declared_by(node):
            yield declared.name, declared.node.child_by_field_name("value")


def assignments_in(body: Node) -> Iterator[tuple[str, Node | None]]:
    """All variables that are assigned, each time with the value."""
    for node in walk(body):
        yield from assigned_here(node)


def _reads_come_first(accesses: list[Access]) -> bool:
    """Whether each element is read only before it is written: all is ``a[i]`` of one outermost loop over ``i``, reads first."""
    places = {"".join(text_of(one.node).split()) for one in accesses}
    first_write = min((one.node.start_byte for one in accesses if one.kind.writes), default=0)
    if len(places) != 1 or any(one.is_call or one.kind is AccessKind.UPDATE for one in accesses):
        return False
    # In `a[i] = f(a[i])` the write stands before the read and happens after it.
    late = [one for one in accesses if not one.kind.writes and one.node.start_byte > first_write]
    if any(_statement_of(one.node) != _statement_of(write.node) for one in late for write in accesses if write.kind.writes):
        return False
    loops = [[parent for parent in ancestors(one.node) if parent.type in LOOPS] for one in accesses]
    node = accesses[0].node
    index = named(node)[-1]
    index = named(index)[-1] if index.type == "subscript_argument_list" else index
    return all(len(one) == 1 and one == loops[0] for one in loops) and _is_counter(text_of(unwrapped(index)), loops[0][0])


def _statement_of(node: Node) -> Node | None:
    return next((parent for parent in ancestors(node) if parent.type in {"expression_statement", "declaration"}), None)


def _is_counter(name: str, loop: Node) -> bool:
    """Whether the loop changes ``name`` in its update alone."""
    update = loop.child_by_field_name("update")
    if update is None or name not in {one for one, _ in assignments_in(update)}:
        return False
    return name not in {one for one, _ in assignments_in(field(loop, "body"))}
