"""Variables whose running value a loop needs: prefix sums, running extremes, counters that say where something goes.

Such a variable is only combined with values that do not depend on it, but it is read in between. The part of the body that
decides these values (``slice_of``) is run for all turns first; what it gives is combined turn by turn in parallel, and then each
turn runs the whole body from the value that it would have found. Limits: what the slice reads must not be written before it in
the same turn; floating sums are taken in another order than the original's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import read_symbols, target_symbol, written_symbols
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.plan_types import Reduction
from codepar.cuda.rules.reductions import reduced_scalars, updates_in
from codepar.cuda.rules.scalars import Exposure, declared_in, set_scalars


@dataclass(frozen=True, slots=True)
class Scans:
    """``scans`` with the part of the body that decides what each turn adds."""

    scans: tuple[Reduction, ...]
    slice: Body


def scans_of(body: Body, candidates: set[Symbol], variables: set[Symbol], grown: set[Symbol]) -> Scans | None:
    """The ``candidates`` as scans, all of them or None. ``variables`` and ``grown`` are known in each turn."""
    if not _only_combined(body, candidates):
        return None
    part = slice_of(body, candidates)
    families = reduced_scalars(part, candidates)
    if set(families) != candidates or not _is_ahead(part, body):
        return None
    if any(one.type.is_floating and families[one] == "*" for one in candidates):
        # A product of some factors may overflow where that of all before it does not.
        return None
    exposed = Exposure(part, frozenset(variables)).exposed
    if (exposed & set_scalars(body)) - grown - candidates:
        return None
    scans = tuple(
        Reduction(ir.Ref(one), families[one], one, _test_of(one, body)) for one in sorted(candidates, key=lambda one: one.name)
    )
    return Scans(scans, part)


def _only_combined(body: Body, candidates: set[Symbol]) -> bool:
    """Each of them changes by combinations alone."""
    changes = dict.fromkeys(candidates, 0)
    for top in body:
        for node in top.walk():
            if isinstance(node, ir.Assign | ir.Step) and (symbol := target_symbol(node.target)) in changes:
                assert symbol is not None
                changes[symbol] += 1
            elif isinstance(node, ir.Declare | ir.Loop):
                changes.pop(node.symbol if isinstance(node, ir.Declare) else node.variable, None)
    combined = [one.target.symbol for _statement, one in updates_in(body) if isinstance(one.target, ir.Ref)]
    return set(changes) == candidates and all(combined.count(one) == count for one, count in changes.items())


def _is_ahead(part: Body, body: Body) -> bool:
    """Whether the slice writes no memory but its own, and reads only what this turn has not written yet."""
    own = declared_in(body)
    if any(one.is_memory and one not in own for one in written_symbols(part)):
        return False
    needed = written_symbols(part)
    touched = {one for one in written_symbols(body) & read_symbols(*part) if one.is_memory and one not in own}
    return all(_written(body, needed, memory, False) is not None for memory in touched)


def _written(body: Body, needed: set[Symbol], memory: Symbol, before: bool) -> bool | None:
    """Whether ``memory`` may be written when ``body`` ends; None where what is needed is read from it after a write."""
    state: bool | None = before
    for one in body:
        if state is None:
            return None
        kept = _keep(one, needed)
        if isinstance(one, ir.If):
            reads = kept is not None and memory in read_symbols(one.condition)
            ways = (_written(one.then, needed, memory, state), _written(one.otherwise, needed, memory, state))
            state = None if (reads and state) or None in ways else any(ways)
            continue
        reads = kept is not None and memory in read_symbols(kept)
        writes = memory in written_symbols((one,))
        is_late = reads and (state or (writes and isinstance(one, ir.Loop | ir.Repeat)))
        state = None if is_late else state or writes
    return state


def slice_of(body: Body, wanted: set[Symbol]) -> Body:
    """The statements that decide the values of ``wanted``, with what these need of other variables."""
    needed = set(wanted)
    while True:
        part = _kept(body, needed)
        more = needed | {one for one in read_symbols(*part) if not _is_given(one)}
        if more == needed:
            return part
        needed = more


def _is_given(symbol: Symbol) -> bool:
    return symbol.storage in {ir.Storage.BUFFER, ir.Storage.GLOBAL}


def _kept(body: Body, needed: set[Symbol]) -> Body:
    return tuple(kept for one in body if (kept := _keep(one, needed)) is not None)


def _keep(one: ir.Stmt, needed: set[Symbol]) -> ir.Stmt | None:
    """The statement, or what is left of it; None where nothing is."""
    match one:
        case ir.If(then=then, otherwise=otherwise):
            kept = replace(one, then=_kept(then, needed), otherwise=_kept(otherwise, needed))
            return kept if kept.then or kept.otherwise or written_symbols((ir.Do(one.line, one.condition),)) & needed else None
        case ir.Loop(body=body) | ir.Repeat(body=body):
            inner = _kept(body, needed)
            head = tuple(ir.Do(one.line, part) for part in one.parts() if isinstance(part, ir.Expr))
            is_wanted = any(not _is_jump(each) for each in inner) or bool(written_symbols(head) & needed)
            if isinstance(one, ir.Loop) and not one.is_declared:
                is_wanted = is_wanted or one.variable in needed
            return replace(one, body=inner) if is_wanted else None
        case ir.Continue() | ir.Break():
            return one
        case ir.Declare(symbol=symbol):
            return one if symbol in needed or written_symbols((one,)) & needed else None
    return one if written_symbols((one,)) & needed else None


def _is_jump(one: ir.Stmt) -> bool:
    """A jump, or a branch that only jumps."""
    if isinstance(one, ir.If):
        return all(_is_jump(each) for each in (*one.then, *one.otherwise))
    return isinstance(one, ir.Continue | ir.Break)


def _test_of(symbol: Symbol, body: Body) -> str:
    return next(one.test for _statement, one in updates_in(body) if one.target == ir.Ref(symbol))
