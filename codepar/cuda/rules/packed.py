"""Arrays that a loop fills one element after another: ``if (keep) out[k++] = a[i]``.

The counter only grows, and it grows after each write before anything else is written there: no two turns write one element,
whatever the conditions are. Limits: the array is touched in no other way in the loop; the write and its ``k++`` stand in one
block with nothing between them that jumps.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import read_symbols, step_of, target_symbol, written_symbols
from codepar.cuda.rules.ir import Body, Symbol, walk_all


def packed_arrays(body: Body) -> set[Symbol]:
    """The arrays that ``body`` fills in this way, from one turn to the next of the loop around it."""
    counters = _counters(body)
    found: dict[Symbol, int] = {}
    _collect(body, counters, found)
    return {symbol for symbol, writes in found.items() if writes == _touches(body, symbol)}


def _counters(body: Body) -> set[Symbol]:
    """Variables that only grow, each time by a positive number."""
    changes: dict[Symbol, bool] = {}
    steps = {id(one.expr): one for one in walk_all(body) if isinstance(one, ir.Do)}
    for node in walk_all(body):
        symbol: Symbol | None = None
        grows = False
        if isinstance(node, ir.Assign | ir.Step):
            symbol = target_symbol(node.target)
            moved = step_of(steps[id(node)]) if id(node) in steps else None
            grows = moved is not None and moved[1] > 0
        elif isinstance(node, ir.Declare | ir.Loop):
            symbol = node.symbol if isinstance(node, ir.Declare) else node.variable
        if symbol is not None:
            changes[symbol] = changes.get(symbol, True) and grows
    return {symbol for symbol, grows in changes.items() if grows and symbol.type.is_plain_integer}


def _collect(body: Body, counters: set[Symbol], found: dict[Symbol, int]) -> None:
    """Counts the writes that are followed by their counter's step."""
    for at, one in enumerate(body):
        match one:
            case ir.Do(expr=ir.Assign(op="=", target=ir.Element(symbol=symbol, indices=(ir.Ref(symbol=counter),), view=None))):
                if counter in counters and _grows_after(body[at + 1 :], symbol, counter):
                    found[symbol] = found.get(symbol, 0) + 1
            case ir.If(then=then, otherwise=otherwise):
                _collect(then, counters, found)
                _collect(otherwise, counters, found)
            case ir.Loop(body=inner) | ir.Repeat(body=inner):
                _collect(inner, counters, found)


def _grows_after(rest: Body, symbol: Symbol, counter: Symbol) -> bool:
    for one in rest:
        if step_of(one, counter) is not None:
            return True
        jumps = any(isinstance(each, ir.Continue | ir.Break | ir.Return) for each in one.walk())
        if jumps or symbol in read_symbols(one) or counter in written_symbols((one,)):
            return False
    return False


def _touches(body: Body, symbol: Symbol) -> int:
    return sum(1 for one in walk_all(body) if isinstance(one, ir.Element) and one.symbol is symbol)
