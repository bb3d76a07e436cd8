"""A whole function to a plan: which loops are launched, what the host computes, what lives on the device.

Scalars that depend on memory live in device memory, set by one thread or by a reduction; all others stay with the host. Limits: a
branch or a loop bound that depends on device memory outside a nest is refused, and so is a loop that neither spreads nor holds
one that does.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.analysis import Analysis
from codepar.cuda.rules.build import Function
from codepar.cuda.rules.counted import leaves, returns, target_symbol, written_symbols
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Body, Symbol, walk_all
from codepar.cuda.rules.nest import NestBuilder
from codepar.cuda.rules.peel import peeled
from codepar.cuda.rules.plan_types import (
    Allocate,
    Fill,
    HostBranch,
    HostCode,
    HostLoop,
    Kernel,
    Plan,
    Single,
    Step,
)
from codepar.cuda.rules.rewrites import rewritten
from codepar.cuda.rules.scalars import Later, declared_in
from codepar.cuda.rules.structure import structured

_FEW_TURNS = 32


def plan_of(function: Function) -> tuple[Plan, Analysis]:
    """Raises ``CannotProve`` where the function is not translated."""
    result = function.scope.fresh("result", function.return_type) if function.return_type.text != "void" else None
    body = structured(function.body, result)
    try:
        return _plan_of(function, body, result)
    except CannotProve:
        # The reason, if there is no other way, is told in the words of the text as it is.
        for other in (rewritten(body, function.scope), peeled(body, function.scope)):
            plan = _perhaps(function, other, result) if other != body else None
            if plan is not None:
                return plan
        raise


def _perhaps(function: Function, body: Body, result: Symbol | None) -> tuple[Plan, Analysis] | None:
    try:
        return _plan_of(function, body, result)
    except CannotProve:
        return None


def _plan_of(function: Function, body: Body, result: Symbol | None) -> tuple[Plan, Analysis]:
    analysis = Analysis(body, function.parameters)
    device: set[Symbol] = {result} if result is not None else set()
    for _ in range(len(function.scope.symbols) + 2):
        planner = _Planner(analysis, frozenset(device), result)
        steps = planner.block(body, ())
        if planner.device <= device:
            break
        device |= planner.device
    kernels = [one for one in all_steps(steps) if isinstance(one, Kernel)]
    if not kernels:
        raise CannotProve("no_loop", "no loop of the function has turns that could be spread over threads", function.source.line)
    _check_conditions(kernels, device)
    arrays = tuple(one for one in planner.arrays)
    plan = Plan(tuple(steps), tuple(sorted(device, key=lambda one: one.name)), arrays, result, _notes(kernels))
    return plan, analysis


def all_steps(steps: tuple[Step, ...] | list[Step]) -> list[Step]:
    """Every step, inner ones after their outer."""
    found: list[Step] = []
    for one in steps:
        found.append(one)
        if isinstance(one, HostLoop):
            found += all_steps(one.body)
        elif isinstance(one, HostBranch):
            found += all_steps(one.then) + all_steps(one.otherwise)
    return found


def _check_conditions(kernels: list[Kernel], device: set[Symbol]) -> None:
    names = {one.name for one in device}
    for kernel in kernels:
        for condition in kernel.conditions:
            if any(atom.name in names or atom.name.split("#")[0] in names for atom in condition.poly.all_atoms()):
                raise CannotProve("dependence", "whether turns are independent depends on device memory", kernel.line)


def _notes(kernels: list[Kernel]) -> tuple[str, ...]:
    notes = ["Buffers are taken to be distinct: where one is written, no other may overlap it."]
    for kernel in kernels:
        for one in (*kernel.reductions, *kernel.scans):
            floating = one.symbol.type.is_floating and one.family in {"+", "*"}
            order = "; floating numbers are combined in another order than the original's" if floating else ""
            how = "combined over all threads" if one in kernel.reductions else "a running value, found by a scan"
            notes.append(f"Line {kernel.line}: `{one.symbol.name}` is {how}{order}.")
        if kernel.atomics:
            notes.append(f"Line {kernel.line}: updates of one element by several threads are atomic.")
        if kernel.conditions:
            notes.append(f"Line {kernel.line}: spread only where the host finds the strides wide enough, else run by one thread.")
    return tuple(dict.fromkeys(notes))


class _Planner:
    """One pass over the body with what is known to live on the device."""

    def __init__(self, analysis: Analysis, known: frozenset[Symbol], result: Symbol | None) -> None:
        self._analysis = analysis
        self._known = known
        self.device: set[Symbol] = {result} if result is not None else set()
        self.arrays: list[Symbol] = []

    def block(self, body: Body, following: tuple[Later, ...]) -> tuple[Step, ...]:
        """The steps of a block; what runs on one device thread in a row becomes one step."""
        steps: list[Step] = []
        for at, one in enumerate(body):
            rest = Later(body[at + 1 :])
            for step in self._statement(one, (rest, *following)):
                last = steps[-1] if steps else None
                if isinstance(step, Single) and isinstance(last, Single):
                    steps[-1] = Single(last.line, (*last.body, *step.body))
                elif isinstance(step, HostCode) and isinstance(last, HostCode):
                    steps[-1] = HostCode(last.line, (*last.body, *step.body))
                else:
                    steps.append(step)
        return tuple(steps)

    def _statement(self, one: ir.Stmt, following: tuple[Later, ...]) -> list[Step]:
        match one:
            case ir.Declare(symbol=symbol):
                return self._array(one) if symbol.is_memory else self._scalar(one, {symbol})
            case ir.Do(expr=expr):
                return self._scalar(one, self._targets(expr))
            case ir.If():
                return self._branch(one, following)
            case ir.Loop():
                return self._loop(one, following)
            case ir.Repeat():
                return self._repeat(one, following)
        raise CannotProve("statement", "a statement outside all loops has no form in the rules", one.line)

    def _targets(self, expr: ir.Expr) -> set[Symbol]:
        found = [target_symbol(node.target) for node in expr.walk() if isinstance(node, ir.Assign | ir.Step)]
        return {one for one in found if one is not None}

    def is_host(self, *nodes: ir.Node) -> bool:
        """Whether the host can compute it: no memory, nothing that lives on the device."""
        for top in nodes:
            for node in top.walk():
                if isinstance(node, ir.Element | ir.Address):
                    return False
                if isinstance(node, ir.Ref) and node.symbol in self._known:
                    return False
        return True

    def _scalar(self, one: ir.Declare | ir.Do, targets: set[Symbol]) -> list[Step]:
        if isinstance(one, ir.Declare) and one.value is None:
            return [] if one.symbol in self._known else [HostCode(one.line, (one,))]
        if self.is_host(one) and not targets & self._known and not any(target.is_memory for target in targets):
            return [HostCode(one.line, (one,))]
        self.device |= {target for target in targets if not target.is_memory}
        if isinstance(one, ir.Declare) and one.value is not None:
            one_thread: ir.Stmt = ir.Do(one.line, ir.Assign("=", ir.Ref(one.symbol), one.value))
        else:
            one_thread = one
        return [Single(one.line, (one_thread,))]

    def _array(self, one: ir.Declare) -> list[Step]:
        symbol = one.symbol
        if not self.is_host(*symbol.dimensions):
            raise CannotProve("declaration", f"the size of `{symbol.name}` depends on device memory", one.line)
        if symbol not in self.arrays:
            self.arrays.append(symbol)
        if one.value is None:
            return [Allocate(one.line, symbol)]
        assert isinstance(one.value, ir.Items)
        if any(isinstance(item, ir.Items) for item in one.value.items):
            raise CannotProve("declaration", f"`{symbol.name}` is set from nested lists outside all loops", one.line)
        sets = [
            ir.Do(one.line, ir.Assign("=", ir.Element(symbol, (ir.Literal(str(at), symbol.type, at),)), item))
            for at, item in enumerate(one.value.items)
            if not (isinstance(item, ir.Literal) and item.value == 0)
        ]
        if sets and len(symbol.dimensions) != 1:
            raise CannotProve("declaration", f"`{symbol.name}` is a table set from one list", one.line)
        return [Allocate(one.line, symbol), Fill(one.line, symbol), *([Single(one.line, tuple(sets))] if sets else [])]

    def _branch(self, one: ir.If, following: tuple[Later, ...]) -> list[Step]:
        both = (*one.then, *one.otherwise)
        has_loop = any(isinstance(node, ir.Loop | ir.Repeat) for node in walk_all(both))
        written = written_symbols(both) - declared_in(both)
        if not has_loop and not (self.is_host(one) and not written & self._known and not any(x.is_memory for x in written)):
            self.device |= {symbol for symbol in written if not symbol.is_memory}
            return [Single(one.line, (one,))]
        if not self.is_host(one.condition):
            raise CannotProve("condition", "a branch around a loop depends on device memory", one.line)
        if not has_loop:
            return [HostCode(one.line, (one,))]
        then, otherwise = self.block(one.then, following), self.block(one.otherwise, following)
        return [HostBranch(one.line, one.condition, then, otherwise)]

    def _loop(self, one: ir.Loop, following: tuple[Later, ...]) -> list[Step]:
        try:
            kernel = NestBuilder(self._analysis, one, following).kernel()
            self._check_bounds(kernel)
        except CannotProve as reason:
            if self._is_host_loop(one):
                return [HostCode(one.line, (one,))]
            return self._otherwise(one, following, reason)
        combined = (*kernel.reductions, *kernel.scans)
        self.device |= {reduction.symbol for reduction in combined if not reduction.symbol.is_memory}
        self.device |= {symbol for one in kernel.selects for symbol in one.symbols}
        return [kernel]

    def _check_bounds(self, kernel: Kernel) -> None:
        for one in kernel.spread:
            if not self.is_host(one.loop.bound, *([one.loop.lower] if one.loop.lower is not None else [])):
                raise CannotProve("bound", "how often the loop runs depends on device memory", one.loop.line)
        if any(symbol in self._known for symbol in kernel.carried + kernel.finals):
            raise CannotProve("last_value", "a variable that grows in the loop depends on device memory", kernel.line)

    def _is_host_loop(self, one: ir.Loop | ir.Repeat) -> bool:
        """Only scalars, all of the host."""
        written = written_symbols((one,))
        silent = self.is_host(one) and not any(symbol.is_memory or symbol in self._known for symbol in written)
        return silent and not returns((one,))

    def _otherwise(self, one: ir.Loop, following: tuple[Later, ...], reason: CannotProve) -> list[Step]:
        """Other ways for a loop that does not spread: the host steps through it and launches what is inside."""
        try:
            return [self._host_loop(one, following)]
        except CannotProve as inner:
            raise reason from inner

    def _host_loop(self, one: ir.Loop | ir.Repeat, following: tuple[Later, ...]) -> HostLoop:
        if leaves(one.body, ir.Break) or leaves(one.body, ir.Continue) or returns(one.body):
            raise CannotProve("early_exit", "a loop that the host would step through ends early", one.line)
        head = [part for part in one.parts() if isinstance(part, ir.Expr)]
        if not self.is_host(*head):
            raise CannotProve("bound", "how often the loop runs depends on device memory", one.line)
        again = Later((*one.body, *_head_as_body(one)), is_certain=False)
        steps = self.block(one.body, (again, *following))
        inner = [step for step in all_steps(steps) if isinstance(step, Kernel)]
        if not inner or not any(_is_worth_it(step) for step in inner):
            raise CannotProve("recurrence", "the loop is sequential and holds none that spreads over many threads", one.line)
        return HostLoop(one.line, one, steps)

    def _repeat(self, one: ir.Repeat, following: tuple[Later, ...]) -> list[Step]:
        if self._is_host_loop(one):
            return [HostCode(one.line, (one,))]
        return [self._host_loop(one, following)]


def _is_worth_it(kernel: Kernel) -> bool:
    """More than a handful of turns, as far as the text tells."""
    counts = []
    for one in kernel.spread:
        bound, lower = one.loop.bound, one.loop.lower
        if isinstance(bound, ir.Literal) and isinstance(lower, ir.Literal) and None not in (bound.value, lower.value):
            counts.append(abs((bound.value or 0) - (lower.value or 0)) // abs(one.loop.step))
        else:
            return True
    product = 1
    for count in counts:
        product *= count
    return product >= _FEW_TURNS


def _head_as_body(one: ir.Loop | ir.Repeat) -> Body:
    """What the head reads each turn, as statements."""
    if isinstance(one, ir.Loop):
        return (ir.Do(one.line, one.bound), ir.Do(one.line, ir.Ref(one.variable)))
    return tuple(ir.Do(one.line, part) for part in (one.condition, one.update) if part is not None)
