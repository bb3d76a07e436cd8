"""How loops count: which variables a loop changes, and by how much in each iteration.

Limits: a step is known where the only change of a variable in the loop happens once an iteration, or once an iteration of inner
loops whose number of iterations does not depend on the outer one (that case is left unknown here).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from codepar.cuda.nodes import LOOPS, declared_by, field, is_inside, named, operator_of, unwrapped, walk
from codepar.syntax.variables import text_of

_CONDITIONAL = frozenset({"if_statement", "switch_statement", "conditional_expression", "case_statement"})


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a variable: by the value of ``amount`` (None: 1), times ``sign``. ``is_sure``: once in each iteration."""

    amount: Node | None
    sign: int
    is_sure: bool
    node: Node


def changed_in(loop: Node) -> set[str]:
    """The names that the loop assigns anywhere in it, without those that it declares in its body."""
    names = {name for node in walk(loop) for name in _targets(node)}
    body = loop.child_by_field_name("body")
    inner = (
        {declared.name for node in walk(body) if node.type == "declaration" for declared in declared_by(node)} if body else set()
    )
    return names - (inner - _outer_declared(loop))


def _outer_declared(loop: Node) -> set[str]:
    """Names of the loop's own head."""
    head = loop.child_by_field_name("initializer")
    return {one.name for one in declared_by(head)} if head is not None and head.type == "declaration" else set()


def _targets(node: Node) -> Iterator[str]:
    if node.type == "assignment_expression":
        left = unwrapped(field(node, "left"))
        if left.type == "identifier":
            yield text_of(left)
    elif node.type == "update_expression" or (node.type == "pointer_expression" and operator_of(node) == "&"):
        argument = unwrapped(field(node, "argument"))
        if argument.type == "identifier":
            yield text_of(argument)


def step_of(name: str, loop: Node, changed: set[str]) -> Step | None:
    """How the loop steps ``name``; None where it changes in another way."""
    changes = [node for node in walk(loop) if name in _targets(node) and not _is_in_head(node, loop)]
    if len(changes) != 1:
        return None
    node = changes[0]
    found = _amount(node, name)
    if found is None:
        return None
    amount, sign = found
    if amount is not None and not _is_invariant(amount, changed):
        return None
    in_inner = any(parent.type in LOOPS for parent in _parents_until(node, loop))
    if in_inner:
        return None
    return Step(amount, sign, _is_unconditional(node, loop), node)


def swapped_with(name: str, loop: Node) -> set[str]:
    """The names whose values ``name`` may take over in the loop, itself included, where only whole variables are assigned."""
    sources: dict[str, list[Node]] = {}
    for node in walk(loop):
        if node.type == "assignment_expression" and unwrapped(field(node, "left")).type == "identifier":
            sources.setdefault(text_of(unwrapped(field(node, "left"))), []).append(unwrapped(field(node, "right")))
        elif node.type == "init_declarator" and node.child_by_field_name("value") is not None:
            inner = [text_of(one) for one in walk(field(node, "declarator")) if one.type == "identifier"]
            sources.setdefault(inner[0] if inner else "", []).append(unwrapped(field(node, "value")))
    found, pending = {name}, [name]
    while pending:
        for value in sources.get(pending.pop(), []):
            if value.type != "identifier":
                return set()
            if text_of(value) not in found:
                found.add(text_of(value))
                pending.append(text_of(value))
    return found


def factor_of(name: str, loop: Node) -> str | None:
    """``grows`` or ``shrinks`` where the only change of ``name`` in the loop is by a constant factor."""
    changes = [node for node in walk(loop) if name in _targets(node) and not _is_in_head(node, loop)]
    if len(changes) != 1 or changes[0].type != "assignment_expression" or not _is_unconditional(changes[0], loop):
        return None
    right, operator = unwrapped(field(changes[0], "right")), operator_of(changes[0])
    if operator == "=" and right.type == "binary_expression" and text_of(unwrapped(field(right, "left"))) == name:
        operator, right = operator_of(right) + "=", unwrapped(field(right, "right"))
    if right.type != "number_literal" or (text_of(right) in {"0", "1"} and operator in {"*=", "/="}):
        return None
    return {"*=": "grows", "<<=": "grows", "/=": "shrinks", ">>=": "shrinks"}.get(operator)


def _is_in_head(node: Node, loop: Node) -> bool:
    head = loop.child_by_field_name("initializer")
    return head is not None and is_inside(node, head)


def _amount(node: Node, name: str) -> tuple[Node | None, int] | None:
    if node.type == "update_expression":
        return None, 1 if operator_of(node) == "++" else -1
    if node.type != "assignment_expression":
        return None
    right, operator = unwrapped(field(node, "right")), operator_of(node)
    if operator in {"+=", "-="}:
        return right, 1 if operator == "+=" else -1
    if operator != "=" or right.type != "binary_expression" or operator_of(right) not in {"+", "-"}:
        return None
    left, other = unwrapped(field(right, "left")), unwrapped(field(right, "right"))
    if text_of(left) == name:
        return other, 1 if operator_of(right) == "+" else -1
    if text_of(other) == name and operator_of(right) == "+":
        return left, 1
    return None


def _is_invariant(node: Node, changed: set[str]) -> bool:
    for one in walk(node):
        if one.type in {"call_expression", "subscript_expression", "pointer_expression", "field_expression", "update_expression"}:
            return False
        if one.type == "identifier" and text_of(one) in changed:
            return False
    return True


def _parents_until(node: Node, top: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None and parent != top:
        yield parent
        parent = parent.parent


def _is_unconditional(node: Node, loop: Node) -> bool:
    below = node
    for parent in _parents_until(node, loop):
        if parent.type in _CONDITIONAL or (parent.type == "binary_expression" and operator_of(parent) in {"&&", "||"}):
            is_first = parent.type == "binary_expression" and field(parent, "left") == below
            if not is_first:
                return False
        below = parent
    update = loop.child_by_field_name("update")
    if update is not None and is_inside(node, update):
        return True
    return not any(one.type == "continue_statement" and _loop_of(one) == loop for one in walk(loop))


def _loop_of(node: Node) -> Node | None:
    parent = node.parent
    while parent is not None and parent.type not in LOOPS:
        parent = parent.parent
    return parent


def leaves(statement: Node | None) -> bool:
    """Whether a statement always ends in ``return``, ``break`` or ``continue``."""
    if statement is None:
        return False
    if statement.type in {"return_statement", "break_statement", "continue_statement"}:
        return True
    if statement.type == "compound_statement":
        inner = named(statement)
        return bool(inner) and leaves(inner[-1])
    if statement.type == "else_clause":
        return leaves(named(statement)[-1]) if named(statement) else False
    if statement.type == "if_statement":
        other = statement.child_by_field_name("alternative")
        return other is not None and leaves(statement.child_by_field_name("consequence")) and leaves(other)
    return False


def exits_of(loop: Node) -> list[Node]:
    """The ``break`` of this loop and every ``return`` in it."""
    found = []
    for node in walk(loop):
        if node.type == "return_statement" or (node.type == "break_statement" and _breaks(node) == loop):
            found.append(node)
    return found


def _breaks(node: Node) -> Node | None:
    parent = node.parent
    while parent is not None and parent.type not in LOOPS and parent.type != "switch_statement":
        parent = parent.parent
    return parent
