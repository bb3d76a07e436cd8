"""``switch`` as branches: the labels of each group of statements, in their order, the default wherever it stands.

Limits: every group of statements ends in ``break`` (or ``continue``, ``return``), or is the last; what falls through into the
next group, ranges of labels, and a ``break`` deeper inside are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node as Syntax

from codepar.cuda.rules import ir
from codepar.cuda.rules.build_expr import ExprBuilder
from codepar.cuda.rules.counted import leaves
from codepar.cuda.rules.ctypes import INT
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Body, Symbol


@dataclass(frozen=True, slots=True)
class Branch:
    """``labels`` are constants; ``is_default``: also what no label has."""

    labels: tuple[ir.Expr, ...]
    is_default: bool
    body: Body


def switch_branches(body: Syntax, expressions: ExprBuilder, statement: Callable[[Syntax], Body]) -> list[Branch]:
    """The groups of a ``switch`` in the order of the text. Raises ``CannotProve``."""
    found: list[Branch] = []
    labels: list[ir.Expr] = []
    is_default = False
    cases = [one for one in body.named_children if one.type != "comment"]
    for at, case in enumerate(cases):
        if case.type != "case_statement":
            raise CannotProve("statement", "a statement in a `switch` before its labels has no form in the rules", _line(case))
        value = case.child_by_field_name("value")
        if value is None:
            is_default = True
        else:
            labels.append(expressions.value(value))
        inner = [one for one in case.named_children if one.type != "comment" and one != value]
        if not inner and at + 1 < len(cases):
            continue
        made = [each for one in inner for each in statement(one)]
        found.append(Branch(tuple(labels), is_default, _ended(made, at + 1 == len(cases), _line(case))))
        labels, is_default = [], False
    return found


def _ended(made: list[ir.Stmt], is_last: bool, line: int) -> Body:
    """The statements without the ``break`` at their end."""
    leaves_here = bool(made) and isinstance(made[-1], ir.Continue | ir.Return)
    if made and isinstance(made[-1], ir.Break):
        made = made[:-1]
    elif not is_last and not leaves_here:
        raise CannotProve("statement", "a case that falls through into the next has no form in the rules", line)
    if leaves(tuple(made), ir.Break):
        raise CannotProve("statement", "a `break` inside a case has no form in the rules", line)
    return tuple(made)


def as_branches(branches: list[Branch], choice: Symbol, line: int) -> Body:
    """``if (choice == 1) ... else if ...``, the default last."""
    ordered = [one for one in branches if not one.is_default] + [one for one in branches if one.is_default]
    made: Body = ()
    for one in reversed(ordered):
        if one.is_default:
            made = one.body
            continue
        tests = [ir.Binary("==", ir.Ref(choice), label) for label in one.labels]
        test: ir.Expr = tests[0] if tests else ir.Literal("0", INT, 0)
        for other in tests[1:]:
            test = ir.Binary("||", test, other)
        made = (ir.If(line, test, one.body, made),)
    return made


def _line(node: Syntax) -> int:
    return node.start_point[0] + 1
