"""Returns made structured: one end of the body, a variable for the value.

Limits: a ``return`` inside a loop stays where it is (the loop is then not spread); a branch that returns on some ways only,
deeper than its last statement, is refused.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import returns
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Body, Symbol


def structured(body: Body, result: Symbol | None) -> Body:
    """``if (c) return a; rest`` as ``if (c) result = a; else rest``."""
    made: list[ir.Stmt] = []
    for at, one in enumerate(body):
        rest = body[at + 1 :]
        if isinstance(one, ir.Return):
            return (*made, *_valued(one, result))
        if isinstance(one, ir.If) and returns((one,)):
            return (*made, _branch(one, rest, result))
        if isinstance(one, ir.Loop | ir.Repeat) and returns((one,)):
            raise CannotProve("early_exit", "a `return` inside a loop ends it early, turns depend on earlier ones", one.line)
        made.append(one)
    return tuple(made)


def _valued(one: ir.Return, result: Symbol | None) -> Body:
    if result is None or one.value is None:
        return ()
    return (ir.Do(one.line, ir.Assign("=", ir.Ref(result), one.value)),)


def _branch(one: ir.If, rest: Body, result: Symbol | None) -> ir.Stmt:
    then = one.then if _always(one.then) else (*one.then, *rest)
    otherwise = one.otherwise if one.otherwise and _always(one.otherwise) else (*one.otherwise, *rest)
    if rest and not _always(one.then) and not (one.otherwise and _always(one.otherwise)):
        raise CannotProve("early_exit", "a branch that returns on some ways only has no form in the rules", one.line)
    return ir.If(one.line, one.condition, structured(then, result), structured(otherwise, result))


def _always(body: Body) -> bool:
    return bool(body) and isinstance(body[-1], ir.Return)
