"""A request as the one sequence that the network reads: the words of its prose, and a place for each piece of its code.

Each word carries what the lexicon says of it and marks: how it is written, how it lies in its sentence, clause and list, what
kind of piece it is. Limits: nothing is decided here; of a source the first 16 pieces of a kind are taken, 60 in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from codepar.prompts.acts import act_of, chains, is_statement
from codepar.prompts.clause_features import language_of
from codepar.prompts.clause_model import might_begin
from codepar.prompts.clauses import clauses_of
from codepar.prompts.code import Unit, UnitKind, makes_object
from codepar.prompts.code_elements import element_of, file_element
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import Head
from codepar.prompts.lexicon import Tag
from codepar.prompts.names import name_of
from codepar.prompts.reading import Element
from codepar.prompts.request import Source
from codepar.prompts.series import SPLIT, hidden_in
from codepar.prompts.tokens import Sentence, Token
from codepar.prompts.wish_bonds import leans_back

MARKS = (
    *("capital", "upper", "quoted", "file", "symbol", "newline", "blank", "space", "item", "item end", "listed", "sentence"),
    *("unspoken", "2", "3", "4", "5+", "as many functions", "as many files", "as long a list", "digits", "call", "underscore"),
    *("asked", "told", "compares", "chains", "announces", "first sentence", "last sentence"),
    *(f"act {tag}" for tag in (Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST, Tag.COMPARE)),
    *("clause", "might begin", "speaks back", "in a statement", "behind a cut"),
    *(f"cut {cut}" for cut in ("S", ",", ",and", ";", ":", "-", "and")),
    *(f"head {head}" for head in Head),
    *(
        "request",
        "piece",
        "of the prompt",
        "of a later source",
        "named",
        "main",
        "device",
        "kernel",
        "static",
        "maker",
        "no code",
    ),
    *("a function", "a method", "a class", "a loop", "an attachment", "a block"),
    *(f"language {language}" for language in ("en", "de", "es", "ru", "zh", "ja")),
)
"""What can be marked, in the order of the network's columns."""
_COLUMN = {mark: column for column, mark in enumerate(MARKS)}
_KINDS = {UnitKind.FUNCTION: "a function", UnitKind.METHOD: "a method", UnitKind.CLASS: "a class", UnitKind.LOOP: "a loop"}
_SPOKEN, _CLAUSES = 40, 80
_SOURCES, _OF_A_KIND, _PIECES = 12, 16, 60
_FIVE = 5


@dataclass(slots=True)
class Word:
    """A word or mark of the prose from character ``start`` to ``end``, or a piece (``element``; ``start`` is -1).

    ``marks``: columns of ``MARKS``.
    """

    text: str
    start: int
    end: int
    tags: frozenset[Tag] = frozenset()
    marks: list[int] = field(default_factory=list)
    element: Element | None = None
    number: int | None = None

    def mark(self, *marks: str) -> None:
        """Mark it."""
        for mark in marks:
            self.marks.append(_COLUMN[mark])

    def is_marked(self, mark: str) -> bool:
        """Whether it is marked so."""
        return _COLUMN[mark] in self.marks


def sequence_of(discourse: Discourse) -> list[Word]:
    """The words of a request in their order, pieces at the place of their block, attachments last; first one for the whole."""
    language = f"language {language_of(discourse.prose)}"
    tokens = discourse.tokens.all
    words = list(_words(discourse, tokens))
    _mark_sentences(discourse, words)
    _mark_clauses(discourse, words)
    pieces = list(_pieces(discourse, {name_of(token).lower() for token in tokens}))
    placed = sorted([*((word.start, word) for word in words), *pieces], key=lambda one: one[0])
    whole = Word("<request>", -1, -1)
    whole.mark("request")
    found = [whole, *(word for _, word in placed)]
    for word in found:
        word.mark(language)
    return found


def _words(discourse: Discourse, tokens: Sequence[Token]) -> Iterator[Word]:
    prompt, prose = discourse.request.prompt, discourse.prose
    names = discourse.symbols | _file_names(discourse)
    begins = {low for listing in discourse.lists for low, _ in listing.elements}
    ends = {high for listing in discourse.lists for _, high in listing.elements}
    lists = [(listing.start, listing.end) for listing in discourse.lists]
    counts = _counts(discourse)
    last = 0
    for token in tokens:
        text = token.text.lower() if token.quoted else token.text
        word = Word(text, token.start, token.end, token.tags, number=token.number)
        _mark_looks(word, token, prompt[token.start : token.end])
        if name_of(token).lower() in names:
            word.mark("symbol")
        if last < token.start:
            newlines = prose.count("\n", last, token.start)
            word.mark("space", *(["newline"] if newlines else []), *(["blank"] if newlines > 1 else []))
        last = token.end
        if lists:
            _mark_listed(word, begins, ends, lists)
        if token.number is not None and token.number > 1:
            word.mark("5+" if token.number >= _FIVE else str(token.number))
            word.mark(*(mark for mark, numbers in counts.items() if token.number in numbers))
        yield word


def _mark_listed(word: Word, begins: set[int], ends: set[int], lists: list[tuple[int, int]]) -> None:
    if word.start in begins:
        word.mark("item")
    if word.end in ends:
        word.mark("item end")
    if any(low <= word.start < high for low, high in lists):
        word.mark("listed")


def _mark_looks(word: Word, token: Token, raw: str) -> None:
    if token.quoted:
        word.mark("quoted")
    elif token.is_file:
        word.mark("file")
    if raw.islower() and raw.isalpha():
        return
    if raw[:1].isupper():
        word.mark("capital")
    if len(raw) > 1 and raw.isupper():
        word.mark("upper")
    if raw.isdigit():
        word.mark("digits")
    if raw.endswith("()"):
        word.mark("call")
    if "_" in raw:
        word.mark("underscore")


def _file_names(discourse: Discourse) -> frozenset[str]:
    names = {(source.name or "").lower() for source in discourse.request.sources if source.is_attached}
    return frozenset(names | {PurePosixPath(name).name for name in names})


def _counts(discourse: Discourse) -> dict[str, frozenset[int]]:
    """The numbers of functions, of attachments and of elements of lists."""
    codes = [source.code for source in discourse.request.sources if source.code is not None]
    functions = sum(unit.name.lower() != "main" for code in codes for unit in code.functions)
    functions = functions or sum(len(code.methods) for code in codes)
    files = sum(source.is_attached for source in discourse.request.sources)
    lengths = frozenset(len(listing.elements) for listing in discourse.lists)
    return {"as many functions": frozenset({functions}), "as many files": frozenset({files}), "as long a list": lengths}


def _mark_sentences(discourse: Discourse, words: list[Word]) -> None:
    begins = {sentence.start for sentence in discourse.sentences}
    spoken = discourse.spoken[:_SPOKEN]
    marks = [_of_sentence(sentence) for sentence in spoken]
    if spoken:
        marks[0].append("first sentence")
        marks[-1].append("last sentence")
    current = 0
    for word in words:
        if word.start in begins:
            word.mark("sentence")
        while current < len(spoken) and spoken[current].end <= word.start:
            current += 1
        if current < len(spoken) and spoken[current].start <= word.start:
            word.mark(*marks[current])
        elif not word.is_marked("listed"):
            word.mark("unspoken")


def _of_sentence(sentence: Sentence) -> list[str]:
    act = act_of(sentence)
    found = [] if act is None else [f"act {act}"]
    told = (("asked", sentence.is_question), ("told", is_statement(sentence)), ("compares", compares(sentence, 0)))
    more = (("chains", chains(sentence)), ("announces", sentence.announces))
    return found + [mark for mark, holds in (*told, *more) if holds]


def _mark_clauses(discourse: Discourse, words: list[Word]) -> None:
    at = {word.start: word for word in words}
    for clause in clauses_of(discourse)[:_CLAUSES]:
        word = at.get(clause.tokens[0].start)
        if word is None:
            continue
        word.mark("clause", f"head {clause.head}", f"cut {clause.cut}")
        if might_begin(clause):
            word.mark("might begin")
        if leans_back(clause):
            word.mark("speaks back")
        if is_statement(clause.sentence):
            word.mark("in a statement")
    for low, high in discourse.request.stretches:
        for match in SPLIT.finditer(hidden_in(discourse.prose, low, high)):
            word = at.get(low + match.end()) if match.end() > match.start() else None
            if word is not None:
                word.mark("behind a cut")


def _pieces(discourse: Discourse, mentioned: set[str]) -> Iterator[tuple[int, Word]]:
    """The pieces of all sources, each with the character of the prompt that it stands at."""
    found = list[tuple[int, Word]]()
    for number, source in enumerate(discourse.request.sources[:_SOURCES]):
        place = source.block.outer_start if source.block else len(discourse.request.prompt) + 1 + number
        shared = [*([] if source.is_attached else ["of the prompt"]), *(["of a later source"] if number else [])]
        for word in (_of_source(source, mentioned), *_of_units(source, mentioned)):
            word.mark("piece", *shared)
            found.append((place, word))
    yield from found[:_PIECES]


def _of_source(source: Source, mentioned: set[str]) -> Word:
    name = (source.name or "<block>").lower()
    word = Word(name, -1, -1, element=file_element(source) if source.text.strip() else None)
    word.mark("an attachment" if source.is_attached else "a block", *(["no code"] if source.code is None else []))
    if name in mentioned or PurePosixPath(name).name in mentioned:
        word.mark("named")
    return word


def _of_units(source: Source, mentioned: set[str]) -> Iterator[Word]:
    code = source.code
    if code is None:
        return
    for units in (code.functions, code.methods, code.classes, code.loops):
        for unit in units[:_OF_A_KIND]:
            word = Word("<loop>" if unit.kind is UnitKind.LOOP else unit.name.lower(), -1, -1, element=element_of(source, unit))
            word.mark(_KINDS[unit.kind], *_of_unit(unit), *(["named"] if unit.name.lower() in mentioned else []))
            yield word


def _of_unit(unit: Unit) -> Iterator[str]:
    if unit.name.lower() == "main":
        yield "main"
    if makes_object(unit):
        yield "maker"
    for mark, written in (("device", "__device__"), ("kernel", "__global__"), ("static", "static")):
        if written in unit.marks:
            yield mark
