"""What a program tells about its variables: where each is declared, read and written, and under which rank conditions.

The rules that propose calls stand on this: a variable that is read but never written lacks a call. Limits: names are resolved
by line, so two scopes on one line are one; pointers are followed only where they are written through (`p[i]`, `*p`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from tree_sitter import Node

from codepar.syntax.tree import Function, SyntaxTree
from codepar.syntax.variables import Variable, text_of

_OUTPUT = re.compile(r"^(?:printf|fprintf|puts|putchar|std::cout|cout|write|fwrite|print\w*)$", re.IGNORECASE)
_FILLS_FIRST = frozenset(
    {"memset", "memcpy", "strcpy", "strncpy", "sprintf", "snprintf", "gethostname", "fgets", "memmove", "strcat"}
)
_FREES = frozenset({"free", "sizeof", "delete", "assert", "fclose"})
_ALLOCATES = re.compile(r"\b(?:malloc|calloc|realloc|new)\b")


class Kind(StrEnum):
    """How a name is used. The element kinds are of arrays and of what a pointer points to."""

    READ = "read"
    WRITE = "write"
    UPDATE = "update"
    ALLOCATE = "allocate"
    ELEMENT_READ = "element_read"
    ELEMENT_WRITE = "element_write"
    PASSED = "passed"


READS = frozenset({Kind.READ, Kind.UPDATE, Kind.ELEMENT_READ, Kind.PASSED})
WRITES = frozenset({Kind.WRITE, Kind.UPDATE, Kind.ELEMENT_WRITE})


@dataclass(frozen=True)
class Guard:
    """A branch of an ``if``: the condition's text, whether it is the else side, and the bytes of the branch."""

    condition: str
    negated: bool
    start: int
    end: int
    statement_start: int
    statement_end: int


@dataclass(frozen=True)
class Use:
    """One use of a name. ``printed`` when it is an argument of an output call; ``value`` is the text assigned.

    ``declared`` is the line of the declaration that the name means there (0: none in this file).
    """

    name: str
    kind: Kind
    start: int
    line: int
    function: str
    guards: tuple[Guard, ...]
    printed: bool = False
    value: str = ""
    loops: tuple[tuple[int, int], ...] = ()
    declared: int = 0
    passed_to: tuple[str, int] | None = None


@dataclass
class Facts:
    """All uses of one file, by function and name."""

    tree: SyntaxTree
    uses: tuple[Use, ...] = field(init=False)
    _visible: dict[int, dict[str, int]] = field(default_factory=dict)
    _variables: dict[tuple[str, int], list[Variable]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.uses = tuple(replace(use, declared=self._declared(use)) for use in _uses(self.tree))
        # A callee may itself pass its parameter on: twice through covers what real programs nest.
        for _ in range(2):
            self.uses = tuple(self._resolved(use) for use in self.uses)

    def _resolved(self, use: Use) -> Use:
        """A use as an argument of a function of this file becomes what that function does with its parameter."""
        callee = self.enclosing(use.passed_to[0]) if use.kind is Kind.PASSED and use.passed_to else None
        if callee is None or use.passed_to is None or use.passed_to[1] >= len(callee.parameters):
            return use
        parameter = callee.parameters[use.passed_to[1]]
        kinds = [other.kind for other in self.of(parameter.name, callee.name) if other.declared == parameter.line]
        if not kinds or Kind.PASSED in kinds:
            return replace(use, kind=Kind.ELEMENT_READ) if "const" in parameter.type else use
        if Kind.ELEMENT_WRITE not in kinds:
            return replace(use, kind=Kind.ELEMENT_READ)
        return replace(use, kind=Kind.ELEMENT_WRITE) if kinds[0] is Kind.ELEMENT_WRITE or Kind.ELEMENT_READ not in kinds else use

    def _declared(self, use: Use) -> int:
        if use.line not in self._visible:
            self._visible[use.line] = {variable.name: variable.line for variable in self.tree.variables_after(use.line)}
        return self._visible[use.line].get(use.name, 0)

    @cached_property
    def main(self) -> Function | None:
        return next((function for function in self.tree.functions if function.name == "main"), None)

    def of(self, name: str, function: str | None = None) -> list[Use]:
        """The uses of a name, in one function or everywhere."""
        return [use for use in self.uses if use.name == name and (function is None or use.function == function)]

    def variables(self, function: Function) -> list[Variable]:
        """Variables that the end of a function can see or that live in its blocks; parameters included."""
        place = (function.name, function.first_line)
        if place not in self._variables:
            self._variables[place] = self._variables_of(function)
        return list(self._variables[place])

    def _variables_of(self, function: Function) -> list[Variable]:
        lines = range(function.body_first_line, function.last_line + 1)
        found: dict[tuple[str, int], Variable] = {}
        for line in lines:
            for variable in self.tree.variables_after(line):
                found.setdefault((variable.name, variable.line), variable)
        return list(found.values())

    def enclosing(self, function: str) -> Function | None:
        return next((found for found in self.tree.functions if found.name == function), None)


def _uses(tree: SyntaxTree) -> Iterator[Use]:
    for function in tree.functions:
        node = _function_node(tree.root, function)
        body = node.child_by_field_name("body") if node else None
        if body is not None:
            yield from _walk(body, function.name, (), ())


def _function_node(root: Node, function: Function) -> Node | None:
    found: Node | None = root.descendant_for_byte_range(function.span.start, function.span.end)
    while found is not None and found.type != "function_definition":
        found = found.named_children[0] if found.named_children else None
    return found


def _walk(node: Node, function: str, guards: tuple[Guard, ...], loops: tuple[tuple[int, int], ...]) -> Iterator[Use]:
    if node.type == "identifier":
        yield from _use(node, function, guards, loops)
        return
    if node.type in {"for_statement", "while_statement", "do_statement"}:
        loops = (*loops, (node.start_byte, node.end_byte))
    if node.type != "if_statement":
        for child in node.named_children:
            yield from _walk(child, function, guards, loops)
        return
    condition = node.child_by_field_name("condition")
    if condition is not None:
        yield from _walk(condition, function, guards, loops)
    for side, negated in (("consequence", False), ("alternative", True)):
        branch = node.child_by_field_name(side)
        if branch is not None:
            text = strip_parentheses(text_of(condition))
            guard = Guard(text, negated, branch.start_byte, branch.end_byte, node.start_byte, node.end_byte)
            yield from _walk(branch, function, (*guards, guard), loops)


def strip_parentheses(text: str) -> str:
    """The text without one pair of outer parentheses, white space as single blanks."""
    text = " ".join(text.split())
    return text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text


def _use(node: Node, function: str, guards: tuple[Guard, ...], loops: tuple[tuple[int, int], ...]) -> Iterator[Use]:
    kind, value = _kind(node)
    if kind is not None:
        line = node.start_point[0] + 1
        yield Use(
            text_of(node), kind, node.start_byte, line, function, guards, _is_printed(node), value, loops, passed_to=_callee(node)
        )


def _callee(node: Node) -> tuple[str, int] | None:
    """The function and the position when the name itself is an argument."""
    arguments = node.parent
    if arguments is None or arguments.type != "argument_list" or arguments.parent is None:
        return None
    named = [child for child in arguments.named_children if child.type != "comment"]
    return (text_of(arguments.parent.child_by_field_name("function")), named.index(node))


def _kind(node: Node) -> tuple[Kind | None, str]:
    """The kind of use, and the text of the value where one is assigned."""
    target: Node = node
    parent = target.parent
    element = False
    while parent is not None:
        step = parent.type
        indexed = step == "subscript_expression" and parent.child_by_field_name("argument") == target
        if indexed or step == "field_expression" or (step == "pointer_expression" and text_of(parent).startswith("*")):
            element = True
        elif step != "parenthesized_expression":
            break
        target = parent
        parent = target.parent
    if parent is None:
        return None, ""
    return _kind_in(node, target, parent, element)


def _kind_in(node: Node, target: Node, parent: Node, element: bool) -> tuple[Kind | None, str]:
    step = parent.type
    if step == "init_declarator":
        return _assigned(parent, target, "value", element)
    if step.endswith("declarator") or step in {"declaration", "parameter_declaration", "labeled_statement"}:
        return _declared(parent, target)
    if step == "assignment_expression" and parent.child_by_field_name("left") == target:
        if text_of(parent.child_by_field_name("operator")) != "=":
            return (Kind.ELEMENT_WRITE if element else Kind.UPDATE), text_of(parent.child_by_field_name("right"))
        return _assigned(parent, target, "right", element)
    if step == "update_expression":
        return (Kind.ELEMENT_WRITE if element else Kind.UPDATE), ""
    if step == "pointer_expression":
        return (Kind.ELEMENT_WRITE if element else Kind.WRITE), "&"
    if step == "argument_list":
        return _as_argument(target, parent, element), ""
    if step == "binary_expression" and text_of(parent.child_by_field_name("operator")) == ">>" and "cin" in text_of(parent):
        return Kind.WRITE, "cin"
    if step in {"call_expression", "sizeof_expression"}:
        return None, ""
    return (Kind.ELEMENT_READ if element else Kind.READ), ""


def _declared(parent: Node, target: Node) -> tuple[Kind | None, str]:
    """Names inside array bounds are read; the declared name itself is not a use."""
    if parent.type == "array_declarator" and parent.child_by_field_name("size") == target:
        return Kind.READ, ""
    outer: Node | None = parent
    while outer is not None and outer.type.endswith("declarator"):
        if outer.type == "init_declarator":
            return _assigned(outer, target, "value", element=outer is not parent and parent.type == "array_declarator")
        outer = outer.parent
    return None, ""


def _assigned(parent: Node, target: Node, right: str, element: bool) -> tuple[Kind | None, str]:
    value = parent.child_by_field_name(right)
    if value == target:
        return (Kind.ELEMENT_READ if element else Kind.READ), ""
    text = text_of(value)
    if not element and (_ALLOCATES.search(text) or text in {"NULL", "nullptr"}):
        return Kind.ALLOCATE, text
    return (Kind.ELEMENT_WRITE if element else Kind.WRITE), text


def _as_argument(target: Node, arguments: Node, element: bool) -> Kind | None:
    call = arguments.parent
    name = text_of(call.child_by_field_name("function")) if call is not None else ""
    if name in _FREES:
        return None
    if name in _FILLS_FIRST and arguments.named_children and arguments.named_children[0] == target:
        return Kind.ELEMENT_WRITE
    if element or _OUTPUT.match(name):
        return Kind.ELEMENT_READ if element else Kind.READ
    return Kind.PASSED


def _is_printed(node: Node) -> bool:
    parent = node.parent
    while parent is not None and not parent.type.endswith("statement"):
        if parent.type == "call_expression" and _OUTPUT.match(text_of(parent.child_by_field_name("function"))):
            return True
        if parent.type == "binary_expression" and "cout" in text_of(parent):
            return True
        parent = parent.parent
    return False
