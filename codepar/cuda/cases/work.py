"""How many innermost iterations a call makes, roughly: the product of the loop bounds for given scalars.

It keeps tests affordable (a cubic loop over 1,025 is not). Limits: bounds that depend on data count as the largest scalar; calls
of helpers count as one step for each loop that they hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from codepar.cuda.cases.facts import assignment, identifiers
from codepar.cuda.expression import Number, evaluate
from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import LOOPS, named, operator_of, squeezed
from codepar.cuda.read import node_of
from codepar.cuda.source import source_of
from codepar.errors import InvalidInput
from codepar.syntax.variables import text_of

_LIMIT = 1 << 60


def work_of(function: SequentialFunction, scalars: Mapping[str, Number]) -> int:
    """The estimate for one call."""
    known: dict[str, Number] = {**source_of(function.text, function.language).constants, **scalars}
    positive = [int(value) for value in scalars.values() if isinstance(value, int) and value > 0]
    return _Estimate(known, max(positive, default=1)).work(node_of(function))


class _Estimate:
    def __init__(self, known: dict[str, Number], usual: int) -> None:
        self._known = known
        self._usual = usual

    def work(self, node: Node) -> int:
        self._learn(node)
        if node.type in LOOPS:
            trips = self._trips(node)
            body = node.child_by_field_name("body")
            return min(_LIMIT, trips * max(1, self.work(body) if body is not None else 1))
        return min(_LIMIT, sum(self.work(child) for child in named(node)))

    def _learn(self, node: Node) -> None:
        name, value = assignment(node)
        if name and value is not None and name not in self._known:
            found = self._value(squeezed(value))
            if found is not None:
                self._known[name] = found

    def _value(self, text: str) -> Number | None:
        try:
            return evaluate(text, self._known)
        except InvalidInput:
            return None

    def _trips(self, loop: Node) -> int:
        condition = loop.child_by_field_name("condition")
        initial = loop.child_by_field_name("initializer")
        if condition is None:
            return self._usual
        for name in identifiers(loop.child_by_field_name("update")):
            self._known.pop(name, None)
        start = self._start(initial)
        bounds = [self._value(squeezed(side)) for side in _sides(condition)]
        reach = max((abs(int(one)) for one in bounds if one is not None), default=self._usual)
        for name in identifiers(condition):
            # The variable of this loop, as inner bounds see it.
            self._known.setdefault(name, reach)
        return max(1, reach if start is None or start > reach else reach - min(start, 0))

    def _start(self, initial: Node | None) -> int | None:
        if initial is None:
            return None
        pending = [initial]
        while pending:
            node = pending.pop()
            _, value = assignment(node)
            if value is not None:
                found = self._value(squeezed(value))
                return None if found is None else int(found)
            pending.extend(named(node))
        return None


def _sides(condition: Node) -> list[Node]:
    """The operands of all comparisons of a condition."""
    found = []
    pending = [condition]
    while pending:
        node = pending.pop()
        if node.type == "binary_expression" and operator_of(node) in {"<", "<=", ">", ">=", "!="}:
            found += [one for one in named(node) if text_of(one)]
        else:
            pending.extend(named(node))
    return found
