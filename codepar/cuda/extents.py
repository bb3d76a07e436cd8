"""How many elements of each buffer a call touches: by expression where the loops tell it, else by an inspector.

Every touch that ``walk.py`` finds is bounded over its loops; what other touches exceed is dropped; the rest makes the expression.
Limits: a subscript below zero is not looked for; what depends on the contents of buffers is assumed to be possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from codepar.cuda.bounds import Bounder, Range, Space, narrowed
from codepar.cuda.c_text import c_of, condition
from codepar.cuda.function import Extent, SequentialFunction
from codepar.cuda.inspect import inspector_of
from codepar.cuda.poly import Poly, Symbol, Variable
from codepar.cuda.prove import is_nonnegative
from codepar.cuda.walk import touches_of, unsigned_scalars
from codepar.cuda.walk_state import Touch

_MAX_ENDS = 3


@dataclass(frozen=True, slots=True)
class _End:
    """``most`` (one past the last element) where all ``conditions`` are at least 0 and all ``texts`` hold."""

    most: Poly
    conditions: tuple[Poly, ...]
    texts: tuple[str, ...]
    is_exact: bool
    assumed: frozenset[str] = frozenset()


def extents_of(function: SequentialFunction) -> dict[str, Extent]:
    """The extent of every buffer."""
    try:
        touches = touches_of(function)
    except RecursionError:
        return {one.name: Extent(reason="its expressions are nested too deeply") for one in function.signature.buffers}
    signs = [Poly.of(Symbol(name)) for name in sorted(unsigned_scalars(function))]
    buffers = [one.name for one in function.signature.buffers]
    found = {name: _extent([touch for touch in touches if touch.buffer == name], signs) for name in buffers}
    return {name: one if one.is_exact else _inspected(function, name, one) for name, one in found.items()}


def _inspected(function: SequentialFunction, buffer: str, extent: Extent) -> Extent:
    """With an inspector, where there can be one."""
    found = inspector_of(function, buffer)
    if found.text is None:
        reason = f"{extent.reason}; {found.reason}" if extent.reason else None
        return replace(extent, reason=reason)
    return replace(extent, inspector=found.text, reads_buffers=found.reads)


def _extent(touches: list[Touch], signs: list[Poly]) -> Extent:
    known = _ends_of(touches, signs, with_data=False)
    if known is None:
        missing = next(
            (touch for touch in touches if touch.end is None or _ends(touch, signs, with_data=False) is None), touches[0]
        )
        bounded = _ends_of(touches, signs, with_data=True)
        reads = tuple(sorted({name for touch in touches for name in _data(touch)}))
        bound = _text(bounded) if bounded is not None else None
        return Extent(reason=f"line {missing.line}: {_why(missing)}", bound=bound, reads_buffers=reads)
    return Extent(
        expression=_text(known),
        is_exact=all(one.is_exact for one in known),
        is_filled=any(_fills(one, known) for one in touches),
        assumes=tuple(sorted(frozenset().union(*(one.assumed for one in known)))),
    )


def _why(touch: Touch) -> str:
    data = sorted(_data(touch))
    if data:
        return "the subscript depends on the contents of " + ", ".join(f"`{name}`" for name in data)
    if any(loop.trips is None for loop in touch.loops):
        return "a loop around it does not count from a known value to a known bound"
    return "the subscript is made of values that cannot be followed"


def _data(touch: Touch) -> set[str]:
    polys = [poly for poly in (touch.end, *(loop.trips for loop in touch.loops)) if poly is not None]
    return {name for poly in polys for symbol in poly.all_symbols if isinstance(symbol, Variable) for name in symbol.data}


def _ends_of(touches: list[Touch], signs: list[Poly], *, with_data: bool) -> list[_End] | None:
    """What remains of all touches; None where one has no bound."""
    found: list[_End] = []
    for touch in touches:
        ends = _ends(touch, signs, with_data=with_data)
        if ends is None:
            return None
        found += ends
    kept = _undominated(list(dict.fromkeys(found)), signs)
    if len(kept) > 1:
        kept = _with_assumed_sizes(kept, signs)
    return kept if len(kept) <= _MAX_ENDS else None


def _ends(touch: Touch, signs: list[Poly], *, with_data: bool) -> list[_End] | None:
    if touch.end is None:
        return None
    space, rest = _space(touch, signs, with_data)
    bounder = Bounder(space)
    found = bounder.upper(touch.end)
    if found is None:
        return None
    is_exact = touch.is_exact and found.is_exact
    most = list(found.most)
    for fact in rest:
        # What cannot cut a range still bounds the end itself: end <= end + fact.
        tighter = bounder.upper(touch.end + fact)
        is_exact = False
        if tighter is not None and len(tighter.most) == len(most) == 1:
            most = [bounder.best([most[0], tighter.most[0]], "min")]
    conditions, is_whole = _conditions(touch, bounder, signs)
    assumed = frozenset(symbol.name for symbol in space.assumed if not symbol.name.endswith("_max"))
    return [_End(one, conditions, touch.facts.texts, is_exact and is_whole, assumed) for one in most]


def _space(touch: Touch, signs: list[Poly], with_data: bool) -> tuple[Space, list[Poly]]:
    """The space of a touch, and the facts that cut no range."""
    trips = [loop.trips for loop in touch.loops if loop.trips is not None]
    facts = list(touch.facts.nonnegative)
    space = Space(facts=[*(one - 1 for one in trips), *facts, *signs], trips=trips)
    assert touch.end is not None
    for variable in _variables([touch.end, *trips, *facts]):
        low, high = variable.low, variable.high
        if variable.data and with_data:
            low, high = low or Poly.number(0), Poly.of(Symbol(variable.name)) if variable.name.endswith("_max") else high
        space.ranges[variable] = Range([low] if low is not None else [], [high] if high is not None else [])
    for one in trips:
        # A touch happens only where the loops around it run at all: that cuts the ranges of outer counters.
        if any(isinstance(symbol, Variable) and symbol in space.ranges for symbol in one.all_symbols):
            narrowed(space, one - 1)
    return space, [fact for fact in facts if _has_variables(fact) and not narrowed(space, fact)]


def _variables(polys: list[Poly]) -> Iterator[Variable]:
    """All variables in the polynomials and in the ends of their ranges."""
    seen: set[Symbol] = set()
    pending = list(polys)
    while pending:
        for symbol in pending.pop().all_symbols - seen:
            seen.add(symbol)
            if isinstance(symbol, Variable):
                yield symbol
                pending += [end for end in (symbol.low, symbol.high) if end is not None]


def _has_variables(poly: Poly) -> bool:
    return any(isinstance(symbol, Variable) for symbol in poly.all_symbols)


def _conditions(touch: Touch, bounder: Bounder, signs: list[Poly]) -> tuple[tuple[Poly, ...], bool]:
    """What must be at least 0 for the touch to happen; whether that is all."""
    wanted = [loop.trips - 1 for loop in touch.loops if loop.trips is not None]
    is_whole = all(loop.trips is not None or loop.is_data for loop in touch.loops)
    for ends in bounder.space.ranges.values():
        if len(ends.lows) > 1 or len(ends.highs) > 1:
            wanted += [high - low for low in ends.lows for high in ends.highs]
    wanted += [fact for fact in touch.facts.nonnegative if not _has_variables(fact)]
    found: list[Poly] = []
    for one in wanted:
        most = bounder.upper(one)
        if most is None or len(most.most) != 1:
            is_whole = False
        elif most.most[0].constant is None or (most.most[0].constant or 0) < 0:
            found.append(most.most[0])
    return tuple(_needed(list(dict.fromkeys(found)), signs)), is_whole


def _needed(conditions: list[Poly], signs: list[Poly]) -> Iterator[Poly]:
    """Without the conditions that follow from the others and from the signs of unsigned parameters."""
    kept = list(conditions)
    for one in conditions:
        others = [other for other in kept if other != one]
        if is_nonnegative(one, [*others, *signs]):
            kept = others
    yield from kept


def _undominated(ends: list[_End], signs: list[Poly]) -> list[_End]:
    """Without the ends that others reach whenever they are reached; of equal ones an exact one stays."""
    ordered = sorted(ends, key=lambda one: (not one.is_exact, len(one.conditions) + len(one.texts)))
    kept: list[_End] = []
    for one in ordered:
        if not any(_dominates(other, one, signs) for other in kept):
            kept = [other for other in kept if not _dominates(one, other, signs)]
            kept.append(one)
    return kept


def _with_assumed_sizes(ends: list[_End], signs: list[Poly]) -> list[_End]:
    """The ends that remain when the scalars in them are taken not to be negative, where these are fewer."""
    names = {symbol for one in ends for symbol in one.most.all_symbols if type(symbol) is Symbol}
    fewer = _undominated(ends, [*signs, *(Poly.of(symbol) for symbol in names)])
    if len(fewer) == len(ends):
        return ends
    assumed = frozenset(symbol.name for symbol in names if not symbol.name.endswith("_max"))
    return [replace(one, assumed=one.assumed | assumed) for one in fewer]


def _dominates(one: _End, other: _End, signs: list[Poly]) -> bool:
    if not set(one.texts) <= set(other.texts):
        return False
    facts = [*other.conditions, *signs]
    if not is_nonnegative(one.most - other.most, facts):
        return False
    return all(needed in facts or is_nonnegative(needed, facts) for needed in one.conditions)


def _text(ends: list[_End]) -> str:
    texts = [_one_text(one) for one in ends]
    if not texts:
        return "0"
    while len(texts) > 1:
        left, right = _grouped(texts.pop(0)), _grouped(texts.pop(0))
        texts.insert(0, f"{left} > {right} ? {left} : {right}")
    return texts[0]


def _grouped(text: str) -> str:
    return f"({text})" if "?" in text else text


def _one_text(end: _End) -> str:
    """The end, 0 where its conditions do not hold; a condition that the sign of the end tells anyway is left out."""
    needed = [condition(one) for one in end.conditions]
    if not end.texts and len(end.conditions) == 1 and _is_multiple(end.most, end.conditions[0] + 1):
        needed = []
    texts = [*end.texts, *needed]
    return f"{' && '.join(texts)} ? {c_of(end.most)} : 0" if texts else c_of(end.most)


def _is_multiple(end: Poly, trips: Poly) -> bool:
    """Whether the end is ``trips`` times a positive number, hence above zero just where the loop runs."""
    if not end.terms or len(end.terms) != len(trips.terms):
        return False
    factor, other = end.terms[0][1], trips.terms[0][1]
    return other != 0 and factor % other == 0 and factor // other > 0 and end == trips * (factor // other)


def _fills(touch: Touch, known: list[_End]) -> bool:
    """Whether this write alone reaches every element, each loop counting one digit of the subscript."""
    if not (touch.is_write and touch.is_sure and touch.is_exact) or touch.start is None or len(known) != 1:
        return False
    start, digits = touch.start, list[tuple[Poly, Poly]]()
    for loop in touch.loops:
        low, trips = loop.variable.low, loop.trips
        split = start.coefficient(loop.variable)
        if trips is None or low is None or split is None or not split[0].terms or _has_variables(trips):
            return False
        digits.append((split[0], trips))
        start = split[1] + split[0] * low
    if start.terms or _has_variables(start):
        return False
    radix = Poly.number(1)
    while digits:
        fitting = next((one for one in digits if one[0] == radix), None)
        if fitting is None:
            return False
        digits.remove(fitting)
        radix = radix * fitting[1]
    return radix == known[0].most
