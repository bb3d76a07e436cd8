"""Statements of one replayed rank: branches, loops, functions, and what happens where a condition is not known.

A branch that nothing decides and that makes no MPI call is not taken: what it would assign becomes unknown. One that makes calls
is decided by the world, which is tried again the other way. Limits: ``goto`` ends the replay; a loop that runs on is left after a
bounded number of turns, and calls of different ranks are then not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from codepar.mpi.check.branches import assigned, construct_of, gives_up, leaves
from codepar.mpi.check.declarations import Declarations
from codepar.mpi.check.expressions import truth
from codepar.mpi.check.memory import Stop
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.values import Unknown, Value

_QUIET_TURNS = 64
_QUIET_STEPS = 4_000
_MPI_TURNS = 120
_EQUALITY = re.compile(r"\((.+) == (-?\d+)\)")
_SMALL = 60


class Jump(Exception):
    """Control leaves a statement: ``break``, ``continue``."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Return(Exception):
    """A function returns."""

    def __init__(self, value: Value) -> None:
        super().__init__("return")
        self.value = value


class Ended(Exception):
    """The program ends by ``exit`` or ``MPI_Abort``."""


@dataclass(eq=False)
class _Loop:
    node: Node
    endless: bool
    turns: int = 0


class Statements(Declarations):
    """Execution of statements."""

    def execute(self, node: Node) -> None:
        self.step()
        self.line = node.line
        method = _EXECUTORS.get(node.type)
        if method is not None:
            method(self, node)
        elif node.type.endswith("expression"):
            self.evaluate(node)

    @property
    def loops(self) -> list[_Loop]:
        found: list[_Loop] = self.__dict__.setdefault("_loops", [])
        return found

    @property
    def constructs(self) -> list[str]:
        """The OpenMP constructs around the current statement, outermost first."""
        found: list[str] = self.__dict__.setdefault("_constructs", [])
        return found

    def _block(self, node: Node) -> None:
        self.scopes.append({})
        try:
            self._sequence(node.kids)
        finally:
            self.scopes.pop()

    def _sequence(self, nodes: list[Node]) -> None:
        construct = ""
        for kid in nodes:
            if kid.type == "preproc_call":
                construct = construct_of(kid.text) or construct
                continue
            if construct:
                self.constructs.append(construct)
            try:
                self.execute(kid)
            finally:
                if construct:
                    self.constructs.pop()
            construct = ""

    def _expression(self, node: Node) -> None:
        for kid in node.kids:
            self.evaluate(kid)

    def _condition(self, node: Node | None) -> Value:
        """The value of the condition of an ``if`` or loop; 1 for none."""
        if node is None:
            return 1
        if node.type == "condition_clause":
            for kid in node.kids[:-1]:
                self.execute(kid)
            node = node.fields.get("value") or (node.kids[-1] if node.kids else node)
        if node.type in {"declaration", "expression_statement"}:
            self.execute(node)
            return 1 if not node.kids else self.evaluate(node.kids[0]) if node.type == "expression_statement" else 1
        return self.evaluate(node)

    def _if(self, node: Node) -> None:
        self.scopes.append({})
        try:
            value = self._condition(node.fields.get("condition"))
            yes, no = node.fields.get("consequence"), node.fields.get("alternative")
            known = truth(value)
            if known is None and isinstance(value, Unknown):
                known = self._decide(node, value, yes, no)
            if known is None:
                for side in (yes, no):
                    if side is not None:
                        self.forget_assigned(side)
                return
            chosen = yes if known else no
            if chosen is not None:
                self._sequence([chosen])
        finally:
            self.scopes.pop()

    def _else(self, node: Node) -> None:
        self._sequence(node.kids)

    def _decide(self, node: Node, condition: Unknown, yes: Node | None, no: Node | None) -> bool | None:
        """How an unknown condition is taken; None when neither side is."""
        plain, flipped = (condition.key[1:], True) if condition.key.startswith("!") else (condition.key, False)
        calls = any(side is not None and self.program.calls_mpi(side, self.unit) for side in (yes, no))
        if plain in self.world.decisions:
            chosen = self.world.decisions[plain] != flipped
        else:
            fixed = self._obvious(yes, no, calls)
            if fixed is not None:
                # A guess about errors holds on every rank; one about the end of a loop may not.
                if not gives_up(yes) and not gives_up(no) and self._steers_calls():
                    self.world.at_site(node.start, self._occurrence(node), Unknown(plain, condition.local), node.line)
                return fixed
            small = not condition.local and sum(1 for _ in node.walk()) <= _SMALL
            if not calls and not small and not (leaves(yes) and leaves(no)):
                return None
            chosen = self.world.decide(plain, not flipped) != flipped
            self._bind(plain)
        if calls or (leaves(yes) and self._inside_mpi_loop()):
            self.world.at_site(node.start, self._occurrence(node), Unknown(plain, condition.local), node.line)
        return chosen

    def _obvious(self, yes: Node | None, no: Node | None, calls: bool) -> bool | None:
        """A side that ends the program is the one for errors; ``break`` ends a loop that nothing else ends."""
        loop = self.loops[-1] if self.loops else None
        if loop is not None and loop.endless and leaves(yes) == "break" and not leaves(no):
            return loop.turns >= 1
        if gives_up(yes) and not gives_up(no):
            return False
        if gives_up(no) and not gives_up(yes):
            return True
        if calls:
            return None
        if leaves(yes) and not leaves(no):
            return False
        return True if leaves(no) and not leaves(yes) else None

    def _steers_calls(self) -> bool:
        """Whether leaving early changes which MPI calls follow."""
        return self._inside_mpi_loop() or not self.loops

    def _inside_mpi_loop(self) -> bool:
        return any(self.program.calls_mpi(loop.node, self.unit) for loop in self.loops)

    def _occurrence(self, node: Node) -> int:
        counts: dict[int, int] = self.__dict__.setdefault("_visits", {})
        counts[node.start] = counts.get(node.start, 0) + 1
        return counts[node.start]

    def _bind(self, key: str) -> None:
        equal = _EQUALITY.fullmatch(key)
        if equal and self.world.decisions.get(key):
            self.world.bindings.setdefault(equal[1], int(equal[2]))

    def _for(self, node: Node) -> None:
        self.scopes.append({})
        try:
            start = node.fields.get("initializer")
            if start is not None:
                self.execute(start)
            self._turns(node, node.fields.get("condition"), node.fields.get("update"))
        finally:
            self.scopes.pop()

    def _while(self, node: Node) -> None:
        self._turns(node, node.fields.get("condition"), None)

    def _do(self, node: Node) -> None:
        loop = self._enter(node)
        try:
            while self._turn(node, loop):
                value = self._condition(node.fields.get("condition"))
                known = truth(value)
                if known is None and isinstance(value, Unknown) and self.program.calls_mpi(node, self.unit):
                    self.world.at_site(node.start, self._occurrence(node), value, node.line)
                if not known or self._too_long(node, loop):
                    break
        finally:
            self.loops.pop()

    def _enter(self, node: Node) -> _Loop:
        condition = node.fields.get("condition")
        endless = condition is None or re.fullmatch(r"\(?\s*(?:1|true|TRUE)?\s*;?\s*\)?", condition.text) is not None
        loop = _Loop(node, endless)
        self.loops.append(loop)
        return loop

    def _turns(self, node: Node, condition: Node | None, update: Node | None) -> None:
        loop = self._enter(node)
        before = self.steps
        try:
            while True:
                value = self._condition(condition)
                known = truth(value)
                if known is None and isinstance(value, Unknown):
                    known = self._loop_goes_on(node, condition, value, loop)
                if known is None:
                    self.forget_assigned(node)
                    return
                if not known or not self._turn(node, loop):
                    return
                if update is not None:
                    self.evaluate(update)
                if self._too_long(node, loop, before):
                    self.forget_assigned(node)
                    return
        finally:
            self.loops.pop()

    def _turn(self, node: Node, loop: _Loop) -> bool:
        """Execute the body once; False after ``break``."""
        body = node.fields.get("body")
        try:
            if body is not None:
                self._sequence([body])
        except Jump as jump:
            if jump.kind == "break":
                return False
        loop.turns += 1
        return True

    def _too_long(self, node: Node, loop: _Loop, before: int | None = None) -> bool:
        if self.program.calls_mpi(node, self.unit):
            if loop.turns >= _MPI_TURNS:
                self.world.doubt(f"the loop in line {node.line} is followed for {_MPI_TURNS} turns only")
                return True
            return False
        return loop.turns >= _QUIET_TURNS or (before is not None and self.steps - before > _QUIET_STEPS)

    def _loop_goes_on(self, node: Node, condition: Node | None, value: Unknown, loop: _Loop) -> bool | None:
        if not self.program.calls_mpi(node, self.unit):
            return None
        bound = self._bound(condition, value) if loop.turns == 0 else None
        self.world.at_site(node.start, self._occurrence(node), bound or value, node.line)
        if bound is not None:
            return True
        return loop.turns == 0

    def _bound(self, condition: Node | None, value: Unknown) -> Unknown | None:
        """Choose the unknown side of ``i < n`` so that the loop makes a turn or two."""
        while condition is not None and condition.type in {"parenthesized_expression", "condition_clause"} and condition.kids:
            condition = condition.kids[-1]
        if condition is None or condition.type != "binary_expression":
            return None
        left, right = self.evaluate(condition.fields["left"]), self.evaluate(condition.fields["right"])
        by = {"<": 2, "<=": 1, "!=": 2, ">": -2, ">=": -1}.get(condition.operator)
        if by is None or not isinstance(left, int) or not isinstance(right, Unknown):
            return None
        self.world.bindings.setdefault(right.key, left + by)
        return right

    def _range(self, node: Node) -> None:
        if self.program.calls_mpi(node, self.unit):
            raise Stop("a range-based loop with MPI calls")
        self.forget_assigned(node)

    def _switch(self, node: Node) -> None:
        value = self._condition(node.fields.get("condition"))
        body = node.fields.get("body")
        if body is None:
            return
        chosen = self._case(value, body, node)
        if chosen is None:
            self.forget_assigned(body)
            return
        self.scopes.append({})
        try:
            for kid in body.kids[chosen:]:
                self._sequence(
                    [below for below in kid.kids if below is not kid.fields.get("value")]
                    if kid.type == "case_statement"
                    else [kid]
                )
        except Jump as jump:
            if jump.kind != "break":
                raise
        finally:
            self.scopes.pop()

    def _case(self, value: Value, body: Node, node: Node) -> int | None:
        """The index of the case that is taken; None where it is not known and no MPI call depends on it, or none fits."""
        default = None
        calls = self.program.calls_mpi(body, self.unit)
        for index, kid in enumerate(body.kids):
            if kid.type != "case_statement":
                continue
            label = kid.fields.get("value")
            if label is None:
                default = index
                continue
            equal = self.apply("==", value, self.evaluate(label))
            known = truth(equal)
            if known is None and isinstance(equal, Unknown):
                if not calls:
                    return None
                known = self._decide(node, equal, kid, None)
            if known:
                return index
        return default

    def _return(self, node: Node) -> None:
        raise Return(self.evaluate(node.kids[0]) if node.kids else None)

    def _goto(self, node: Node) -> None:
        raise Stop(f"goto in line {node.line}")

    def _label(self, node: Node) -> None:
        self._sequence([kid for kid in node.kids if kid.type != "statement_identifier"])

    def _try(self, node: Node) -> None:
        body = node.fields.get("body")
        if body is not None:
            self.execute(body)

    def _error(self, node: Node) -> None:
        if self.program.calls_mpi(node, self.unit):
            raise Stop(f"line {node.line} cannot be parsed")

    def forget_assigned(self, node: Node) -> None:
        """What a part that is not followed may write becomes unknown."""
        for kind, target in assigned(node):
            if kind == "value":
                place = self.place(target)
                if place is not None:
                    place.block.forget()
                continue
            if target.type in {"identifier", "pointer_expression", "subscript_expression", "field_expression"}:
                self.forget_pointed(self.evaluate(target))


_EXECUTORS: dict[str, Callable[[Statements, Node], None]] = {
    "compound_statement": Statements._block,
    "expression_statement": Statements._expression,
    "declaration": Statements.declaration,
    "if_statement": Statements._if,
    "else_clause": Statements._else,
    "for_statement": Statements._for,
    "while_statement": Statements._while,
    "do_statement": Statements._do,
    "for_range_loop": Statements._range,
    "switch_statement": Statements._switch,
    "return_statement": Statements._return,
    "break_statement": lambda machine, node: _raise(Jump("break")),
    "continue_statement": lambda machine, node: _raise(Jump("continue")),
    "goto_statement": Statements._goto,
    "labeled_statement": Statements._label,
    "try_statement": Statements._try,
    "ERROR": Statements._error,
}


def _raise(jump: Jump) -> None:
    raise jump
