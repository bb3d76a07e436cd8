"""One loop nest to one kernel, or the reason why not.

The loops that can be spread are found together (``dependence.py``); the others stay in the thread, in their order, so each
element still sees its writes in the original's order. Limits: only loops that follow each other without statements between them
that touch memory belong to a nest; what a thread needs to know of an outer turn must be computable from scalars.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from codepar.cuda.rules import ir
from codepar.cuda.rules.analysis import Access, Analysis, LoopInfo
from codepar.cuda.rules.chain import Chain, chain_of, thread_body
from codepar.cuda.rules.counted import leaves, read_symbols, returns, written_symbols
from codepar.cuda.rules.ctypes import LONG_LONG
from codepar.cuda.rules.dependence import Alignment, Condition, NestTest
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Body, Symbol, walk_all
from codepar.cuda.rules.packed import packed_arrays
from codepar.cuda.rules.plan_types import Kernel, Reduction, Select, Spread
from codepar.cuda.rules.reductions import LOGICAL, Update, reduced_scalars, updates_in
from codepar.cuda.rules.scalars import Exposure, Later, declared_in, is_needed, set_scalars
from codepar.cuda.rules.scans import Scans, scans_of
from codepar.cuda.rules.selects import extremes_of, last_values_of


@dataclass(frozen=True, slots=True)
class Scalars:
    """What becomes of the variables that a nest sets; see ``Kernel``. ``reduced`` has the family of each."""

    privates: set[Symbol]
    reduced: dict[Symbol, str]
    carried: set[Symbol]
    finals: set[Symbol]
    scanned: Scans
    selects: tuple[Select, ...]


class NestBuilder:
    """Makes the kernel of a loop. ``following`` is the code that may run after it, for variables that are still needed."""

    def __init__(self, analysis: Analysis, loop: ir.Loop, following: tuple[Later, ...]) -> None:
        self._analysis = analysis
        self._loop = loop
        self._following = following
        self._chain = chain_of(loop)

    def kernel(self) -> Kernel:
        """Raises ``CannotProve`` with the reason for the loop's line."""
        self._check_exits()
        failure: CannotProve | None = None
        for length in range(len(self._chain.loops), 0, -1):
            try:
                return self._with_chain(self._shortened(length))
            except CannotProve as error:
                failure = failure or error
        assert failure is not None
        raise failure

    def _check_exits(self) -> None:
        if returns(self._loop.body):
            raise CannotProve(
                "early_exit", "a `return` inside the loop ends it early, turns depend on earlier ones", self._loop.line
            )
        if leaves(self._loop.body, ir.Break):
            raise CannotProve("early_exit", "a `break` ends the loop early, turns depend on earlier ones", self._loop.line)

    def _shortened(self, length: int) -> Chain:
        chain = self._chain
        if length == len(chain.loops):
            return chain
        body = (*chain.prefixes[length], chain.loops[length])
        return Chain(chain.loops[:length], chain.prefixes[:length], body)

    def _with_chain(self, chain: Chain) -> Kernel:
        infos = [self._analysis.info(one) for one in chain.loops]
        private = declared_in((self._loop,)) | packed_arrays(self._loop.body)
        accesses = [one for one in self._analysis.accesses if id(self._loop) in one.loops and one.symbol not in private]
        test = NestTest(self._analysis, infos, accesses)
        plain = test.run(is_update_allowed=False)
        try:
            return self._spread(chain, infos, plain, accesses)
        except CannotProve as error:
            first = error
        combined = test.run(is_update_allowed=True)
        if not combined.updates and combined.free == plain.free:
            raise first
        return self._spread(chain, infos, combined, accesses)

    def _spread(self, chain: Chain, infos: list[LoopInfo], found: Alignment, accesses: list[Access]) -> Kernel:
        chosen = [one for one in chain.loops if id(one) in found.free]
        if not chosen:
            raise self._conflict(found)
        spread = self._fit(chain, chosen)
        body = thread_body(chain, spread)
        scalars = self._scalars(chain, body, spread)
        reductions = [
            Reduction(ir.Ref(symbol), family, symbol, _test_of(symbol, body)) for symbol, family in scalars.reduced.items()
        ]
        atomics = self._atomic_statements(body, found, reductions)
        conditions = tuple(dict.fromkeys([*found.conditions, *self._assumed(accesses)]))
        return Kernel(
            self._loop.line,
            self._loop,
            tuple(replace(one, unit_uses=self._unit_uses(one.loop, accesses)) for one in spread),
            body,
            _sorted(scalars.privates),
            tuple(reductions),
            frozenset(atomics),
            conditions,
            _sorted(scalars.carried),
            _sorted(scalars.finals),
            scalars.scanned.scans,
            scalars.scanned.slice,
            scalars.selects,
        )

    def _unit_uses(self, loop: ir.Loop, accesses: list[Access]) -> int:
        """How many subscripts move by one with the loop: it is then the one of neighbouring threads."""
        turn = self._analysis.info(loop).turn
        parts = [one.subscripts[-1].split(turn) for one in accesses if one.subscripts]
        return sum(1 for part in parts if part is not None and part[0].constant in {1, -1})

    def _assumed(self, accesses: list[Access]) -> list[Condition]:
        """What the ranges of all loops around the accesses, and of those inside, rest on."""
        around = {identity for one in accesses for identity in one.loops} | {id(self._loop)}
        inside = [info for info in self._analysis.loops.values() if info.identity in around or id(self._loop) in info.outer]
        return [Condition(poly) for info in inside for poly in info.assumed]

    def _conflict(self, found: Alignment) -> CannotProve:
        conflict = next(iter(found.conflicts), None)
        if conflict is None:
            return CannotProve("dependence", "no loop of the nest could be shown independent", self._loop.line)
        name = conflict.write.symbol.name
        lines = sorted({conflict.write.line, conflict.other.line})
        kind = "written" if conflict.other.is_write else "read"
        where = f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]} and {lines[1]}"
        return CannotProve(
            "dependence",
            f"different turns may touch the same element of `{name}` ({where}): one writes what another has {kind}",
            self._loop.line,
        )

    # Which of the independent loops can be launched together

    def _fit(self, chain: Chain, chosen: list[ir.Loop]) -> list[Spread]:
        """Loops whose bounds the host can compute; the others stay in the thread."""
        inside = written_symbols((self._loop,)) | declared_in((self._loop,))
        moving = {one.variable for one in chain.loops}
        kept: list[Spread] = []
        for loop in chosen:
            bounds = read_symbols(loop.bound, *([loop.lower] if loop.lower is not None else []))
            outer = bounds & {one.loop.variable for one in kept}
            blocked = (bounds & inside) - outer
            if any(one.is_memory for one in bounds) or blocked or (loop.lower is None and loop.variable in inside - moving):
                continue
            if (loop.lower is None and loop is not self._loop) or self._analysis.info(loop).last is None:
                continue
            if outer and (abs(loop.step) != 1 or not self._is_affine(loop, outer)):
                continue
            turn = Symbol(f"{loop.variable.name}_turn", LONG_LONG, ir.Storage.LOCAL)
            kept.append(Spread(loop, turn, self._inductions(loop), _sorted(outer)))
        if not kept:
            raise CannotProve("bound", "how often the loop runs depends on what it computes", self._loop.line)
        return kept

    def _is_affine(self, loop: ir.Loop, outer: set[Symbol]) -> bool:
        """Whether the bounds are largest and smallest at the ends of the outer loops."""
        return all(_linear_in(expr, outer) for expr in (loop.bound, loop.lower) if expr is not None)

    def _inductions(self, loop: ir.Loop) -> tuple[tuple[Symbol, ir.Expr], ...]:
        return tuple((one.symbol, one.step) for one in self._analysis.info(loop).inductions)

    # Scalars

    def _scalars(self, chain: Chain, body: Body, spread: list[Spread]) -> Scalars:
        """What each thread has for itself, and what all combine; raises where a turn needs another's value."""
        variables = {one.loop.variable for one in spread}
        grown = _grown_everywhere(spread)
        exposed = Exposure(body, frozenset(variables)).exposed
        changed = set_scalars((self._loop,)) - variables - declared_in((self._loop,))
        carried = (changed & exposed) - grown
        self._check_inner(chain, spread, carried | grown)
        reduced = reduced_scalars(body, carried)
        idle = {one for one in carried - set(reduced) if not self._is_needed(one) and _only_feeds_itself(one, body)}
        left = carried - set(reduced) - idle
        extremes = self._extremes(body, spread, left)
        chosen = {symbol for one in extremes for symbol in one.symbols}
        scanned = self._scanned(body, spread, left - chosen, grown)
        combined = set(reduced) | {one.symbol for one in scanned.scans} | chosen
        finals = self._finals((variables | changed) - combined, spread)
        closed = self._closed(spread)
        last = self._last_values(body, spread, finals - closed)
        return Scalars(changed - combined, reduced, idle | (grown & exposed), finals & closed, scanned, (*extremes, *last))

    def _check_inner(self, chain: Chain, spread: list[Spread], known: set[Symbol]) -> None:
        """What is set between two loops is set anew in each thread; turns of the inner loop must not pass it on."""
        spread_loops = {id(one.loop) for one in spread}
        variables = frozenset(one.loop.variable for one in spread)
        for at, loop in enumerate(chain.loops[1:], 1):
            if id(loop) not in spread_loops:
                continue
            inner = thread_body(Chain(chain.loops[at:], ((), *chain.prefixes[at + 1 :]), chain.body), spread)
            passed = (set_scalars(loop.body) & Exposure(inner, variables).exposed) - known
            if passed:
                name = min(one.name for one in passed)
                raise CannotProve("recurrence", f"`{name}` is carried from one turn of the loop to the next", loop.line)

    def _extremes(self, body: Body, spread: list[Spread], candidates: set[Symbol]) -> tuple[Select, ...]:
        return extremes_of(body, candidates) if candidates and self._has_order(spread) else ()

    def _has_order(self, spread: list[Spread]) -> bool:
        """Whether a thread's turns are one run of the original's: the spread loops are the outermost."""
        loops = [one.loop for one in spread]
        return all(any(one is loop for one in loops) for loop in self._chain.loops[: len(loops)])

    def _scanned(self, body: Body, spread: list[Spread], candidates: set[Symbol], grown: set[Symbol]) -> Scans:
        """Those whose running values are wanted; the turns must be those of the whole loop, in its order."""
        if not candidates:
            return Scans((), ())
        is_whole = len(spread) == 1 and spread[0].loop is self._loop
        found = scans_of(body, candidates, {one.loop.variable for one in spread}, grown) if is_whole else None
        if found is None:
            name = min(one.name for one in candidates)
            raise CannotProve("recurrence", f"`{name}` is carried from one turn of the loop to the next", self._loop.line)
        return found

    def _is_needed(self, symbol: Symbol) -> bool:
        return is_needed(symbol, self._following)

    def _finals(self, symbols: set[Symbol], spread: list[Spread]) -> set[Symbol]:
        """Those whose last value is needed."""
        own = self._loop
        return {one for one in symbols if self._is_needed(one) and not (one is own.variable and own.is_declared)}

    def _closed(self, spread: list[Spread]) -> set[Symbol]:
        """Those whose last value has a closed form."""
        own = self._loop
        if spread[0].loop is not own:
            return set()
        simple = {symbol for symbol, step in spread[0].inductions if not read_symbols(step) & written_symbols((own,))}
        return {own.variable} | {one for one in simple if one in written_symbols(_top(own.body))}

    def _last_values(self, body: Body, spread: list[Spread], symbols: set[Symbol]) -> tuple[Select, ...]:
        """Those that keep what the last turn gave them."""
        if not symbols:
            return ()
        is_whole = len(spread) == 1 and spread[0].loop is self._loop
        moving = {one.loop.variable for one in spread} | {symbol for one in spread for symbol, _step in one.inductions}
        found = last_values_of(body, symbols) if is_whole and not symbols & moving else None
        if found is None:
            name = min(one.name for one in symbols)
            raise CannotProve("last_value", f"`{name}` is used after the loop with the value of its last turn", self._loop.line)
        return found

    # Updates

    def _atomic_statements(self, body: Body, found: Alignment, reductions: list[Reduction]) -> set[int]:
        """The statements that add to an element that other threads may add to; one fixed element becomes a reduction."""
        touched = {one.write.symbol for one in found.updates}
        if not touched:
            return set()
        updates = [(statement, one) for statement, one in updates_in(body) if _memory(one) in touched]
        for symbol in touched:
            mine = [(statement, one) for statement, one in updates if _memory(one) is symbol]
            writes = [one for one in walk_all(body) if isinstance(one, ir.Assign | ir.Step) and _target(one) is symbol]
            if len(mine) != len(writes) or self._reads_elsewhere(symbol, body, mine):
                raise self._conflict(Alignment(set(), conflicts=found.updates))
        fixed = {symbol for symbol in touched if self._is_fixed(symbol, body, updates, reductions)}
        for symbol in touched - fixed:
            for statement, one in updates:
                if _memory(one) is symbol:
                    _check_atomic(one, statement.line)
        return {id(statement) for statement, one in updates if _memory(one) not in fixed}

    def _reads_elsewhere(self, symbol: Symbol, body: Body, mine: list[tuple[ir.Stmt, Update]]) -> bool:
        total = sum(1 for one in walk_all(body) if isinstance(one, ir.Element) and one.symbol is symbol)
        own = sum(
            1 for statement, _one in mine for node in statement.walk() if isinstance(node, ir.Element) and node.symbol is symbol
        )
        return total != own

    def _is_fixed(self, symbol: Symbol, body: Body, updates: list[tuple[ir.Stmt, Update]], reductions: list[Reduction]) -> bool:
        """All updates go to one element whose subscripts nothing in the nest changes."""
        mine = [one for _statement, one in updates if _memory(one) is symbol]
        changed = written_symbols((self._loop,)) | declared_in((self._loop,))
        target = mine[0].target
        if any(one.target != target or one.family != mine[0].family for one in mine) or not isinstance(target, ir.Element):
            return False
        if read_symbols(*target.indices) & changed or target.view is not None:
            return False
        reductions.append(Reduction(target, mine[0].family, symbol, mine[0].test))
        return True


def _only_feeds_itself(symbol: Symbol, body: Body) -> bool:
    """Nothing but its own next value, and conditions around that, depends on the variable: without a reader it is dead."""
    for node in walk_all(body):
        if isinstance(node, ir.Assign):
            target = node.target.symbol if isinstance(node.target, ir.Ref) else None
            if target is not symbol and symbol in read_symbols(node):
                return False
        elif isinstance(node, ir.Declare) and node.value is not None and symbol in read_symbols(node.value):
            return False
        elif isinstance(node, ir.If) and symbol in read_symbols(node.condition):
            if any(one is not symbol for one in written_symbols((*node.then, *node.otherwise))) or _jumps(node):
                return False
        elif isinstance(node, ir.Loop | ir.Repeat):
            head = [one for one in node.parts() if isinstance(one, ir.Expr)]
            if symbol in read_symbols(*head):
                return False
    return True


def _top(body: Body) -> Body:
    """The statements that are no loops."""
    return tuple(one for one in body if isinstance(one, ir.Do))


def _sorted(symbols: set[Symbol]) -> tuple[Symbol, ...]:
    return tuple(sorted(symbols, key=lambda one: one.name))


def _test_of(symbol: Symbol, body: Body) -> str:
    """The test of the first update of a scalar."""
    return next(one.test for _statement, one in updates_in(body) if one.target == ir.Ref(symbol))


def _memory(update: Update) -> Symbol | None:
    return update.target.symbol if isinstance(update.target, ir.Element) else None


def _target(one: ir.Assign | ir.Step) -> Symbol | None:
    return one.target.symbol if isinstance(one.target, ir.Element) else None


def _check_atomic(update: Update, line: int) -> None:
    """CUDA adds, and with a loop of compare-and-swap combines, words of 32 and 64 bits."""
    target = update.target
    assert isinstance(target, ir.Element)
    kind = target.view or target.symbol.type
    if update.family in LOGICAL:
        raise CannotProve("atomic", f"no atomic update of `{target.symbol.name}` by `{update.family}`", line)
    if kind.bits not in {32, 64}:
        raise CannotProve("atomic", f"no atomic update of `{target.symbol.name}`: its elements have {kind.bits} bits", line)


def _jumps(node: ir.If) -> bool:
    return any(isinstance(one, ir.Continue | ir.Break | ir.Return) for one in walk_all((*node.then, *node.otherwise)))


def _linear_in(expr: ir.Expr, variables: set[Symbol]) -> bool:
    """Sums, differences and products by what does not depend on ``variables``."""
    match expr:
        case ir.Ref() | ir.Literal():
            return True
        case ir.Unary(op="-", operand=operand):
            return _linear_in(operand, variables)
        case ir.Cast(type=kind, operand=operand):
            return kind.is_plain_integer and _linear_in(operand, variables)
        case ir.Binary(op=op, left=left, right=right) if op in {"+", "-"}:
            return _linear_in(left, variables) and _linear_in(right, variables)
        case ir.Binary(op="*", left=left, right=right):
            one_sided = not (read_symbols(left) & variables) or not (read_symbols(right) & variables)
            return one_sided and _linear_in(left, variables) and _linear_in(right, variables)
    return not read_symbols(expr) & variables


__all__ = ["NestBuilder", "chain_of"]


def _grown_everywhere(spread: list[Spread]) -> set[Symbol]:
    """Variables with a closed form in each spread loop that changes them; where only the inner one tells it they are carried."""
    grown = {symbol for one in spread for symbol, _step in one.inductions}
    for one in spread:
        grown -= written_symbols(one.loop.body) - {symbol for symbol, _step in one.inductions}
    return grown
