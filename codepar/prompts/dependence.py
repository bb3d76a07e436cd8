"""What elements need of each other: typed edges, and what binds them so that the request stays whole.

Limits: calls are told by names; what two pieces share through the heap or a library is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from pathlib import PurePosixPath

from codepar.prompts.absent import absent_name
from codepar.prompts.act_on_pieces import act_on_pieces
from codepar.prompts.binding_wording import (
    BINDING,
    CONSTRAINT,
    FIXTURE,
    LATER,
    LEFT_AS_IT_IS,
    PICKS_ONE,
    PLAIN_WORD,
    RECIPROCAL,
    STEPWISE,
    TOGETHER,
)
from codepar.prompts.code import Code, Unit, UnitKind
from codepar.prompts.code_fortran import FortranCode
from codepar.prompts.counted_otherwise import counted_otherwise
from codepar.prompts.demanded_order import demanded_order
from codepar.prompts.discourse import Discourse
from codepar.prompts.foreign_code import calls_among, foreign_among
from codepar.prompts.items import Edge, EdgeKind, Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.needs_of_words import needs_of_words
from codepar.prompts.nested import lies_inside
from codepar.prompts.reading import Element, Kind, Reading, Whole
from codepar.prompts.shared_state import functions_of, shared_between_files
from codepar.prompts.tokens import Sentence
from codepar.prompts.used_files import uses_file

_MANY_ITEMS = 500


def edges_of(discourse: Discourse, reading: Reading) -> tuple[Edge, ...]:
    """The edges between the elements of a reading, numbered from 1."""
    match reading.kind:
        case Kind.CODE:
            found = list(_signatures(reading))
        case Kind.FILE:
            found = list(_between_files(reading))
        case Kind.WORDS:
            functions = foreign_among(discourse, reading.elements)
            calls = [(a, b, EdgeKind.SIGNATURE) for a, b in calls_among(discourse, functions)]
            found = calls if functions else list(needs_of_words(reading, discourse.symbols))
        case _:
            found = []
    needed = {(a, b) for a, b, _ in found if reading.kind is Kind.WORDS}
    found += [(a, b, EdgeKind.ORDER) for a, b in demanded_order(discourse, reading) if (a, b) not in needed]
    return tuple(Edge(from_=str(a + 1), to=str(b + 1), kind=kind) for a, b, kind in sorted(set(found)))


def _signatures(reading: Reading) -> Iterator[tuple[int, int, EdgeKind]]:
    pieces = {i for i, e in enumerate(reading.elements) if e.unit is not None and e.unit.kind is not UnitKind.LOOP}
    places = {e.unit.name: i for i, e in enumerate(reading.elements) if i in pieces and e.unit is not None}
    for to, element in enumerate(reading.elements):
        if to in pieces and element.unit is not None and element.source is not None and element.source.code is not None:
            code, unit = element.source.code, element.unit
            for word in (_words(code, unit) | _own_methods(code, unit)) & places.keys():
                if places[word] != to:
                    yield places[word], to, EdgeKind.SIGNATURE


_ON_ITSELF = re.compile(rb"\b(?:self|this|cls)(?:\.|->)(\w+)\s*\(")


def _own_methods(code: Code, unit: Unit) -> set[str]:
    """The methods that a method calls on its own object."""
    if unit.kind is not UnitKind.METHOD:
        return set()
    return {name.decode() for name in _ON_ITSELF.findall(code.plain, unit.start, unit.end)}


def _between_files(reading: Reading) -> Iterator[tuple[int, int, EdgeKind]]:
    sources = [element.source for element in reading.elements]
    for (before, other), (to, source) in permutations(enumerate(sources), 2):
        if source is None or other is None:
            continue
        names = reading.elements[before].name, reading.elements[to].name
        if source.code is None or other.code is None:
            needs = uses_file(source.text, other.text, names[0])
        else:
            needs = _needs(source.code, other.code, *names)
        if needs:
            yield before, to, EdgeKind.FILE


def _needs(code: Code, other: Code, name: str, own_name: str) -> bool:
    """Whether ``code`` needs ``other``; a header does not need the file that includes it."""
    path = PurePosixPath(name)
    modules = other.modules | {path.stem}
    if own_name and any(PurePosixPath(imported).name == PurePosixPath(own_name).name for imported in other.imports):
        return False
    for imported in code.imports:
        if PurePosixPath(imported).name == path.name or imported.lower() in {module.lower() for module in other.modules}:
            return True
        if path.suffix == ".py" and imported.strip(".").split(".")[-1] in modules:
            return True
        if path.suffix == ".py" and path.stem in imported.strip(".").split("."):
            return True
    defined = {unit.name for unit in other.functions if unit.name.lower() != "main" and "static" not in unit.marks}
    own = {unit.name for unit in code.functions}
    return bool((defined - own) & code.all_words)


def obstacle(discourse: Discourse, reading: Reading, edges: tuple[Edge, ...]) -> Whole | None:
    """What binds the elements so that the request stays whole."""
    bound = _bound_by_words(discourse, reading)
    if bound is not None:
        return bound
    if numbers := counted_otherwise(discourse, reading):
        return Whole(Refusal.CONTRADICTION, f"the request says {numbers[0]}, and shows {numbers[1]}")
    if (absent := absent_name(discourse, reading)) is not None:
        return Whole(Refusal.CONTRADICTION, f"`{absent}` is not there")
    if reading.kind in {Kind.CODE, Kind.FILE}:
        return _overlap(reading) or (None if _leaves_alone(discourse) else _by_code(reading, act_on_pieces(discourse)))
    if lies_inside(discourse, reading):
        return Whole(Refusal.OVERLAP, "one of the pieces lies inside another one")
    if reading.kind is Kind.WORDS and (functions := functions_of(discourse, reading.elements)):
        shared = _shared_name(functions)
        if shared is not None:
            return _sharing(shared)
    if reading.act is not Tag.READ and (cycle := _foreign_cycle(discourse, reading)) is not None:
        return Whole(Refusal.CYCLE, f"{cycle} call each other")
    if reading.kind is Kind.WORDS and _is_row(len(reading.elements), edges):
        return Whole(Refusal.CHAIN, "each part works on the answer of the one before it")
    return None


def _bound_by_words(discourse: Discourse, reading: Reading) -> Whole | None:
    inside = reading.kind is Kind.WORDS
    apart = inside and reading.instructions
    for sentence in (*discourse.sentences, *_listed(discourse, reading)):
        text = _without_names(discourse, sentence.text)
        if (bound := _counted(text) if reading.kind is Kind.COUNT else _postponed(text)) is not None:
            return bound
        if text.isascii() and BINDING.isdisjoint(PLAIN_WORD.findall(text.lower())):
            continue
        if match := TOGETHER.search(text):
            return Whole(Refusal.CONSTRAINT, f'"{match[0].strip()}" binds the answers together')
        if reading.kind is not Kind.COUNT and STEPWISE.search(text):
            return Whole(Refusal.CHAIN, "each step works on what the one before it made")
        if apart:
            continue
        if inside and reading.start <= sentence.start and sentence.end <= reading.end:
            continue
        if (match := FIXTURE.search(text)) and re.search(r"test|тест|测试|テスト", text + discourse.prose, re.IGNORECASE):
            return Whole(Refusal.SHARED_STATE, f'the tests are to share something ("{match[0].strip()}")')
        if (match := CONSTRAINT.search(text)) and not _is_told_by(discourse, reading, sentence.start + match.start()):
            return Whole(Refusal.CONSTRAINT, f'"{match[0].strip()}" binds the answers together')
    return None


def _counted(text: str) -> Whole | None:
    """What binds counted answers: they speak of each other, or one of them is chosen."""
    if PICKS_ONE.search(text):
        return Whole(Refusal.COMPARISON, "one of them is asked for")
    match = RECIPROCAL.search(text)
    return None if match is None else Whole(Refusal.CONSTRAINT, f'"{match[0].strip()}" binds the answers together')


def _postponed(text: str) -> Whole | None:
    return Whole(Refusal.EMPTY, "what is asked for is to come later") if LATER.search(text) else None


def _without_names(discourse: Discourse, text: str) -> str:
    """The words of a sentence without the names of the code: a function may be called ``partition``."""
    names = discourse.symbols
    return _NAME.sub(lambda match: "x" * len(match[0]) if match[0].lower() in names else match[0], text) if names else text


# "In total" is said of no function.
_NAME = re.compile(r"(?<!\bin )(?<!\bIn )(?<!\ba )\b[^\W\d]\w*")


def _is_told_by(discourse: Discourse, reading: Reading, character: int) -> bool:
    """Whether a character of the prompt stands in one of the elements told in words: what it says is about that one."""
    place = discourse.request.place(character, character + 1)
    apart = reading.kind is Kind.WORDS
    return apart and any(e.place.file is None and e.place.start <= place.start < e.place.end for e in reading.elements)


def _leaves_alone(discourse: Discourse) -> bool:
    """ "Review each, nothing is to be changed": code that is only read, whatever the verb."""
    return any(LEFT_AS_IT_IS.search(sentence.text) for sentence in discourse.spoken)


def _listed(discourse: Discourse, reading: Reading) -> Iterator[Sentence]:
    """The elements of lists that tell how counted answers are to be."""
    for listing in discourse.lists if reading.kind is Kind.COUNT else ():
        for start, end in listing.elements[:_MANY_ITEMS]:
            yield discourse.sentence(start, end)


def _overlap(reading: Reading) -> Whole | None:
    places = sorted((e.place.file or "", e.place.start, e.place.end) for e in reading.elements)
    for (file, _, end), (other, start, _) in pairwise(places):
        if file == other and start < end:
            return Whole(Refusal.OVERLAP, "one of the pieces lies inside another one")
    return None


def _by_code(reading: Reading, act: Tag) -> Whole | None:
    if act is Tag.READ:
        return None
    shared = shared_between_files(reading) if reading.kind is Kind.FILE else _shared_name(reading.elements)
    if shared is not None:
        return _sharing(shared)
    if act is Tag.TEST:
        return None
    cycle = _cycle(reading)
    return Whole(Refusal.CYCLE, f"{cycle} call each other") if cycle else None


def _sharing(name: str) -> Whole:
    return Whole(Refusal.SHARED_STATE, f"they share the variable `{name}`, which at least one of them writes")


def _shared_name(found: Sequence[Element]) -> str | None:
    """A variable that two elements touch and one of them writes."""
    elements = [e for e in found if e.unit is not None and e.unit.kind is not UnitKind.LOOP and e.source and e.source.code]
    touched: dict[str, int] = {}
    written: set[str] = set()
    for uses in _uses(elements):
        for name, writes in uses.items():
            touched[name] = touched.get(name, 0) + 1
            if writes:
                written.add(name)
    shared = min((name for name in written if touched[name] > 1), default=None)
    return shared.split("/")[1] if shared and shared.startswith("/") else shared


def _uses(elements: list[Element]) -> list[dict[str, bool]]:
    """For each element the shared variables it touches, itself or by what it calls, and whether they are written."""
    found = []
    for element in elements:
        assert element.source is not None
        assert element.source.code is not None
        assert element.unit is not None
        code = element.source.code
        names = code.shared_names()
        uses: dict[str, bool] = {}
        for unit in _called(code, element.unit) if names else ():
            for name in names & _words(code, unit):
                writes = code.writes(unit, name)
                if writes is not None:
                    key = code.group_of(name) if isinstance(code, FortranCode) else name
                    uses[key] = uses.get(key, False) or writes
        found.append(uses)
    return found


def _words(code: Code, unit: Unit) -> set[str]:
    """The identifiers of a unit; in Fortran without regard to case."""
    words = code.words(unit)
    return {word.lower() for word in words} if isinstance(code, FortranCode) else set(words)


def _called(code: Code, unit: Unit) -> list[Unit]:
    """The unit and all functions of its source that it calls, directly or around."""
    named = {other.name: other for other in (*code.functions, *code.methods)}
    found, pending = {unit.name: unit}, [unit]
    while pending:
        for name in _words(code, pending.pop()) & named.keys() - found.keys():
            found[name] = named[name]
            pending.append(named[name])
    return list(found.values())


def _foreign_cycle(discourse: Discourse, reading: Reading) -> str | None:
    """Two functions of a language without a grammar that reach each other by calls."""
    functions = foreign_among(discourse, reading.elements) if reading.kind is Kind.WORDS else []
    reached = set(calls_among(discourse, functions))
    for middle in range(len(functions)):
        reached |= {(a, b) for a, one in reached for other, b in reached if one == other == middle}
    return next(
        (f"`{functions[a].name}` and `{functions[b].name}`" for a, b in sorted(reached) if a < b and (b, a) in reached), None
    )


def _cycle(reading: Reading) -> str | None:
    """Two elements that reach each other by calls, helpers of the same source taken along."""
    reached: dict[tuple[int, int], set[int]] = {}
    for element in reading.elements:
        if element.unit is not None and element.source is not None and element.source.code is not None:
            called = _called(element.source.code, element.unit)
            reached[id(element.source), element.unit.start] = {unit.start for unit in called if unit is not element.unit}
    names = {(id(e.source), e.unit.start): e.name for e in reading.elements if e.unit is not None}
    for (source, start), others in reached.items():
        for other in others:
            if start in reached.get((source, other), set()):
                return f"`{names[source, start]}` and `{names[source, other]}`"
    return None


def _is_row(count: int, edges: tuple[Edge, ...]) -> bool:
    """Whether no two elements are free of each other's answers. Edges lead forwards, so each must wait for the one before it."""
    bodies = {(int(e.from_), int(e.to)) for e in edges if e.kind is EdgeKind.BODY}
    return all((number, number + 1) in bodies for number in range(1, count))
