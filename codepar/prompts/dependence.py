"""What elements need of each other: typed edges, and what binds them so that the request stays whole.

Limits: calls are told by names; what two pieces share through the heap or a library is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from codepar.prompts.act_on_pieces import act_on_pieces
from codepar.prompts.binding_wording import BINDING, CONSTRAINT, FIXTURE, LEFT_AS_IT_IS, PLAIN_WORD, RECIPROCAL, TOGETHER
from codepar.prompts.code import Code, Unit, UnitKind
from codepar.prompts.code_fortran import FortranCode
from codepar.prompts.counted_otherwise import counted_otherwise
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Edge, EdgeKind, Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.nested import lies_inside
from codepar.prompts.reading import Element, Kind, Reading, Whole
from codepar.prompts.shared_state import functions_of, shared_between_files
from codepar.prompts.tokens import Sentence

_BACK = re.compile(
    r"\b(?:the (?:result|results|output|outcome|answer|answers)|what you (?:wrote|made|found|did)|you (?:chose"
    r"|named|picked|suggested|drafted|wrote"
    r"|made|just)|that you\b|your|(?:the|those|these) (?:two|three|four|\d) (?:above|implementations"
    r"|functions|versions|programs)|both|all of (?:them|the above)|\bthose(?=[\s,.;)]*\Z)|the \w+ed ones"
    r"|the above|the previous|previous|the new (?:version|code|function|script|one|file|program|kernel|class|name|names)"
    r"|the (?:resulting|finished|rewritten|translated|optimi[sz]ed"
    r"|improved|parallel|paralleli[sz]ed|ported|converted|refactored|fixed|generated|final|modified|updated"
    r"|vectori[sz]ed) \w+|the \w+(?:'s)? results?|from (?:step|task|point|number|item)? ?#?\d(?![\d.])"
    r"|the \w+ (?:of|from|in) \d(?![\d.])"
    r"|(?:step|task|point|number|item|question|nr\.?|no\.?|aufgabe|punkt|punto|pregunta|ejercicio|tarea|задач\w+|пункт\w*"
    r"|вопрос\w*) ?#?\d|the (?:first"
    r"|second|third|last) (?:one|function|task|kernel|script|program)|\(\d\))"
    r"|\b(?:ergebnis\w*|resultado\w*|результат\w*|vorherige\w*|anterior\w*|предыдущ\w*)\b|结果|上一步|前面"
    r"|上述|结果|結果|前の|上で",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:it|them|that (?:function|script|code|program|kernel|class|file)|this (?:new|function)|es|sie"
    r"|eso|lo|него|него|её|его|them all)\b|それ|它",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:step|task|point|number|item|question|nr\.?|no\.?|aufgabe|punkt|tarea|задач\w+|пункт\w*|from"
    r"|in|of|aus|von)? ?(?:#|\()?(\d)\b\)?",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "second": 1, "third": 2}
_MANY = re.compile(r"\b(?:both|all|results|two|three|them|answers|implementations|everything)\b|所有|全部|两个", re.IGNORECASE)
_NAME = re.compile(r"`([A-Za-z_]\w*)[^`]*`|\b([A-Za-z]\w*_\w+|[a-z]+[A-Z]\w+|[A-Z][a-z]+[A-Z]\w*)\b|\b([A-Za-z_]\w*)\(")
_MADE = re.compile(
    r"\b(?:function|class|struct|type|kernel|routine|script|program|method|called|named|subroutine|helper"
    r"|module)\s+`?([A-Za-z_]\w+)|`([A-Za-z_]\w*)|\A([A-Za-z_]\w*)\(",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"\b(?:step|task|point|item|question|aufgabe|punkt|frage|punto|pregunta|ejercicio|tarea|задач\w+"
    r"|пункт\w*|вопрос\w*) ?#?\d\b",
    re.IGNORECASE,
)
_FENCED = re.compile(r"^[ \t]*```.*?(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
_MANY_ITEMS = 500
# The wished code calls or holds what an earlier element makes: its declaration is enough.
_USES = re.compile(
    r"\A\W*(?:\w+\s+){0,2}?(?:write|implement|create|add|define|make|build|draft|schreib\w*|implementier\w*"
    r"|escrib\w*|напиш\w*|реализу\w*)\b"
    r".*\b(?:uses?|using|calls?|calling|takes?|returns?|accepts?|into|on top of|built on|that reads|benutzt"
    r"|verwendet|aufruft|usa|llama|использу\w+|вызыва\w+)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONSUMES = re.compile(
    r"\b(?:tests?|benchmark|measure|profile|optimi[sz]e|document|explain|review|plot|call it|run|time"
    r"|teste?n?|vergleich\w*|compare|translate|port)\b|测试|比较|优化|テスト",
    re.IGNORECASE,
)


def edges_of(reading: Reading) -> tuple[Edge, ...]:
    """The edges between the elements of a reading, numbered from 1."""
    match reading.kind:
        case Kind.CODE:
            found = list(_signatures(reading))
            if reading.ordered:
                found += [(a, b, EdgeKind.ORDER) for a, b in pairwise(reading.order or range(len(reading.elements)))]
        case Kind.FILE:
            found = list(_between_files(reading))
        case Kind.WORDS:
            found = list(_between_words(reading))
            if reading.ordered:
                found += [(i, i + 1, EdgeKind.ORDER) for i in range(len(reading.elements) - 1)]
        case _:
            found = []
    return tuple(Edge(from_=str(a + 1), to=str(b + 1), kind=kind) for a, b, kind in sorted(set(found)))


def _signatures(reading: Reading) -> Iterator[tuple[int, int, EdgeKind]]:
    pieces = {i for i, e in enumerate(reading.elements) if e.unit is not None and e.unit.kind is not UnitKind.LOOP}
    places = {e.unit.name: i for i, e in enumerate(reading.elements) if i in pieces and e.unit is not None}
    for to, element in enumerate(reading.elements):
        if to in pieces and element.unit is not None and element.source is not None and element.source.code is not None:
            for word in _words(element.source.code, element.unit) & places.keys():
                if places[word] != to:
                    yield places[word], to, EdgeKind.SIGNATURE


def _between_files(reading: Reading) -> Iterator[tuple[int, int, EdgeKind]]:
    codes = [element.source.code if element.source else None for element in reading.elements]
    for to, code in enumerate(codes):
        if code is None:
            continue
        for before, other in enumerate(codes):
            if (
                before != to
                and other is not None
                and _needs(code, other, reading.elements[before].name, reading.elements[to].name)
            ):
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


def _between_words(reading: Reading) -> Iterator[tuple[int, int, EdgeKind]]:
    texts = [_FENCED.sub("", e.name) if "```" in e.name else e.name for e in reading.elements]
    if len(texts) > _MANY_ITEMS:
        return
    made: dict[str, int] = {}
    for to, text in enumerate(texts):
        if to and (reading.instructions or text.endswith(("?", "？")) or _LABELLED.search(text)):
            kind = EdgeKind.SIGNATURE if _USES.search(text) and not _CONSUMES.search(text) else EdgeKind.BODY
            yield from ((before, to, kind) for before in _spoken_of(text, to, reading))
        for match in _NAME.finditer(text):
            name = match[1] or match[2] or match[3]
            if name in made and made[name] != to and reading.instructions:
                yield made[name], to, EdgeKind.BODY if _CONSUMES.search(text) else EdgeKind.SIGNATURE
            elif name in made and made[name] != to:
                yield made[name], to, EdgeKind.SIGNATURE
        for match in _MADE.finditer(text):
            made.setdefault(match[1] or match[2] or match[3], to)


def _spoken_of(text: str, to: int, reading: Reading) -> list[int]:
    """The earlier elements whose answers an element speaks of."""
    match = _BACK.search(text)
    if match is None or (
        match[0].lower() == "both"
        and not re.search(
            r"you (?:wrote|made)|above|implementations|both (?:drafts|functions|programs|scripts|versions|texts|parts)",
            text,
            re.IGNORECASE,
        )
    ):
        return []
    ordinal = re.search(r"\bthe (first|second|third)\b", text, re.IGNORECASE)
    if ordinal and _ORDINALS[ordinal[1].lower()] == to:
        return []
    if ordinal and _ORDINALS[ordinal[1].lower()] < to:
        return [_ORDINALS[ordinal[1].lower()]]
    numbers = [
        int(n) - 1
        for n in re.findall(
            r"(?:step|task|point|number|item|question|from|in|of|and|nr\.?|aufgabe|punkt|punto|pregunta|ejercicio|tarea"
            r"|задач\w+|пункт\w*"
            r"|#|\()\s?#?(\d)\b",
            text,
            re.IGNORECASE,
        )
    ]
    numbers = [n for n in numbers if 0 <= n < to]
    if numbers:
        return numbers
    if match[0].lower() == "your":
        return _made_before(text, match.end(), to, reading)
    return list(range(to)) if _MANY.search(text) else [to - 1]


def _made_before(text: str, end: int, to: int, reading: Reading) -> list[int]:
    """ "Use your stack ...": the last element before it that speaks of a stack."""
    noun = _YOURS.match(text, end)
    named = re.compile(rf"\b{noun[1][:_STEM]}", re.IGNORECASE) if noun else None
    return [index for index in range(to) if named is not None and named.search(reading.elements[index].name)][-1:]


_STEM = 5
_YOURS = re.compile(r"\s+([a-z]{4,})", re.IGNORECASE)


def obstacle(discourse: Discourse, reading: Reading, edges: tuple[Edge, ...]) -> Whole | None:
    """What binds the elements so that the request stays whole."""
    bound = _bound_by_words(discourse, reading)
    if bound is not None:
        return bound
    if numbers := counted_otherwise(discourse, reading):
        return Whole(Refusal.CONTRADICTION, f"the request says {numbers[0]}, and shows {numbers[1]}")
    if reading.kind in {Kind.CODE, Kind.FILE}:
        return _overlap(reading) or (None if _leaves_alone(discourse) else _by_code(reading, act_on_pieces(discourse)))
    if lies_inside(discourse, reading):
        return Whole(Refusal.OVERLAP, "one of the pieces lies inside another one")
    if reading.kind is Kind.WORDS and (functions := functions_of(discourse, reading.elements)):
        shared = _shared_name(functions)
        if shared is not None:
            return _sharing(shared)
    if reading.kind is Kind.WORDS and _is_row(len(reading.elements), edges):
        return Whole(Refusal.CHAIN, "each part works on the answer of the one before it")
    return None


def _bound_by_words(discourse: Discourse, reading: Reading) -> Whole | None:
    inside = reading.kind is Kind.WORDS
    apart = inside and reading.instructions
    for sentence in (*discourse.sentences, *_listed(discourse, reading)):
        text = sentence.text
        if reading.kind is Kind.COUNT and (match := RECIPROCAL.search(text)):
            return Whole(Refusal.CONSTRAINT, f'"{match[0].strip()}" binds the answers together')
        if text.isascii() and BINDING.isdisjoint(PLAIN_WORD.findall(text.lower())):
            continue
        if match := TOGETHER.search(text):
            return Whole(Refusal.CONSTRAINT, f'"{match[0].strip()}" binds the answers together')
        if apart:
            continue
        if inside and reading.start <= sentence.start and sentence.end <= reading.end:
            continue
        if (match := FIXTURE.search(text)) and re.search(r"test|тест|测试|テスト", text + discourse.prose, re.IGNORECASE):
            return Whole(Refusal.SHARED_STATE, f'the tests are to share something ("{match[0].strip()}")')
        if match := CONSTRAINT.search(text):
            return Whole(Refusal.CONSTRAINT, f'"{match[0].strip()}" binds the answers together')
    return None


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
