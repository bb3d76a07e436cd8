"""The readings that a request may have, found with a free hand: ``choice`` decides among them, or for none.

Lists, runs of sentences and of lines, series cut at their marks, wishes by how sure the model of clauses is, numbers, and the
pieces of code by kind and by name; what the rules found; and what the network's roles say. Limits: the first sentences and lines,
and not too many series of each sentence; nothing here says which of them is meant.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise

from codepar.prompts.by_wishes import begun_by_score
from codepar.prompts.clauses import clauses_of
from codepar.prompts.code import Unit
from codepar.prompts.code_elements import element_of, file_element
from codepar.prompts.code_phrases import KEPT_OUT
from codepar.prompts.discourse import Discourse
from codepar.prompts.foreign_code import foreign_functions, foreign_types
from codepar.prompts.heads import Head, head_of
from codepar.prompts.inline_lists import inline_list
from codepar.prompts.lists import trimmed
from codepar.prompts.named_features import named_in
from codepar.prompts.names import name_of
from codepar.prompts.numeral_features import numerals_of
from codepar.prompts.piece_features import pieces_of
from codepar.prompts.possible_series import CUT, series_of
from codepar.prompts.reading import Element, Kind, Reading
from codepar.prompts.request import Place
from codepar.prompts.roles import Roles, Span
from codepar.prompts.series import hidden_in
from codepar.prompts.tokens import Sentence, Token

_ASIDE = re.compile(r"\s+[—–-]\s+|[;.]\s")
_STATIC = re.compile(r"\b(?<!non-)(?:static(?!ally)|statisch|estátic|статическ)|静态", re.IGNORECASE)
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_ENDS = (
    ("first", frozenset("first top upper ersten oberen primeras primeros первые первых верхние".split())),
    ("last", frozenset("last bottom lower letzten unteren últimas últimos последние последних нижние".split())),
)
_SENTENCES, _LINES = 12, 12
_CLAUSES, _LEAST = 8, -3.0
_MOST = 200
_BEGINNINGS = 7
_KEPT = 16
_NEAR = 4
MADE_BY_RULES = "rules"
_ASKED = frozenset("?？")
_QUESTIONS = frozenset({Head.QUESTION, Head.QUESTION_WORD})


@dataclass(slots=True)
class Possible:
    """Items that may be meant: their places in order, what they are, and which ways lead to them (``makers``)."""

    places: tuple[Place, ...]
    kind: Kind
    makers: set[str] = field(default_factory=set)
    elements: tuple[Element, ...] = ()
    reading: Reading | None = None
    """As the rules read it."""
    spans: tuple[Span, ...] = ()
    """Its characters, where all places are words of the prompt."""


class Possibilities:
    """All of one request. ``of``: by their places in any order."""

    def __init__(self, discourse: Discourse, roles: Roles, found: Reading | None) -> None:
        self.discourse = discourse
        self.roles = roles
        self.of: dict[frozenset[Place] | tuple[Place, ...], Possible] = {}
        self._places: dict[Span, Place] = {}
        if found is not None:
            self._add(MADE_BY_RULES, found.kind, found.elements, found)
        self._add_lists()
        self._add_pieces()
        self._add_foreign()
        self._add_numbers()
        free = [*self._runs(), *self._begun(), *self._series()]
        for maker, spans in (*self._wishes(), *self._likeliest(free), *self._by_roles()):
            self._add_spans(maker, spans)

    def _likeliest(self, free: list[tuple[str, list[Span]]]) -> list[tuple[str, list[Span]]]:
        """Of all that the marks of a text allow, what the network thinks likeliest, and what is known from elsewhere."""
        if len(free) <= _KEPT:
            return free
        gain = self.roles.gain
        known = {tuple(self.spans_of(self.discourse, one)) for one in self.of.values() if one.kind is Kind.WORDS}
        gains = [sum([gain(*span) for span in spans]) for _, spans in free]
        least = sorted(gains)[-_KEPT]
        return [one for one, gained in zip(free, gains, strict=True) if gained >= least or tuple(one[1]) in known]

    def _add(self, maker: str, kind: Kind, elements: Sequence[Element], reading: Reading | None = None) -> None:
        if 1 < len(elements) <= _MOST:
            self._put(maker, kind, tuple(element.place for element in elements), tuple(elements), reading)

    def _put(
        self,
        maker: str,
        kind: Kind,
        places: tuple[Place, ...],
        elements: tuple[Element, ...] = (),
        reading: Reading | None = None,
    ) -> Possible:
        key = places if kind is Kind.COUNT else frozenset(places)
        known = self.of.setdefault(key, Possible(places, kind, elements=elements, reading=reading))
        known.makers.add(maker)
        return known

    def likelihood(self, possible: Possible) -> float:
        """The log-probability that the network gives to it."""
        if possible.kind in {Kind.CODE, Kind.FILE}:
            return self.roles.likelihood(possible.places, ())
        if not possible.spans:
            possible.spans = tuple(self.spans_of(self.discourse, possible))
        if possible.kind is Kind.COUNT:
            return self.roles.likelihood((), (), set(possible.spans))
        return self.roles.likelihood((), possible.spans)

    @staticmethod
    def spans_of(discourse: Discourse, possible: Possible) -> list[Span]:
        """The characters of places in the prompt; those of attachments are left out."""
        if possible.spans:
            return list(possible.spans)
        prompt = discourse.request.prompt
        if prompt.isascii():
            return [(one.start, one.end) for one in possible.places if one.file is None]
        data = prompt.encode()
        return [(len(data[: p.start].decode()), len(data[: p.end].decode())) for p in possible.places if p.file is None]

    def _add_spans(self, maker: str, bare: Sequence[Span]) -> None:
        spans = [self._with_mark(*span) for span in bare]
        if 1 < len(spans) <= _MOST and all(low < high for low, high in spans):
            self._put(maker, Kind.WORDS, tuple(self._place(span) for span in spans)).spans = tuple(spans)

    def _with_mark(self, low: int, high: int) -> Span:
        """A question keeps its mark."""
        if self.discourse.prose[high : high + 1] not in _ASKED or low >= high:
            return low, high
        head = head_of(self.discourse.prose[low:high], self.discourse.sentence(low, high).tokens)
        return (low, high + 1) if head in _QUESTIONS else (low, high)

    def _place(self, span: Span) -> Place:
        if span not in self._places:
            self._places[span] = self.discourse.request.place(*span)
        return self._places[span]

    def _add_lists(self) -> None:
        discourse = self.discourse
        for listing in discourse.lists:
            self._add_spans("list", listing.elements)
        if len(discourse.lists) > 1:
            self._add_spans("lists", [element for listing in discourse.lists for element in listing.elements])
        for low, high in discourse.stretches:
            inline = inline_list(discourse.prose, low, high)
            if inline is not None:
                *others, last = inline.elements
                for end in (last, *self._asides(*last)):
                    self._add_spans("inline", [*others, end])

    def _asides(self, low: int, high: int) -> Iterator[Span]:
        """The last element without what is said of all: "(d) Fortran do concurrent - zero padding everywhere"."""
        match = _ASIDE.search(self.discourse.prose, low, high)
        if match is not None:
            yield trimmed(self.discourse.prose, low, match.start())

    @cached_property
    def _functions(self) -> tuple[Element, ...]:
        codes = [source for source in self.discourse.request.sources if source.code is not None]
        return tuple(element_of(source, unit) for source in codes if source.code for unit in source.code.functions)

    def _add_pieces(self) -> None:
        sources = self.discourse.request.sources
        if not sources:
            return
        functions, pieces = self._functions, pieces_of(self.discourse)
        self._add("pieces", Kind.CODE, pieces)
        self._add("functions", Kind.CODE, functions)
        self._add("kernels", Kind.CODE, [one for one in functions if one.unit and "__global__" in one.unit.marks])
        private = self._private()
        self._add("static", Kind.CODE, private)
        self._add("static", Kind.CODE, [one for one in functions if private and one not in private])
        for maker in ("classes", "methods", "loops"):
            self._add(maker, Kind.CODE, list(self._units(maker)))
        self._add("files", Kind.FILE, [file_element(source) for source in sources if source.is_attached])
        self._add("blocks", Kind.FILE, [file_element(source) for source in sources if not source.is_attached])
        self._add("others", Kind.CODE, self._unmentioned())
        for maker, some in self._at_an_end():
            self._add(maker, Kind.CODE, some)
        named = named_in(self.discourse)
        if named is None:
            return
        places = {element.place for element in named.elements}
        kind = Kind.FILE if named.elements[0].unit is None else Kind.CODE
        self._add("named", kind, sorted(named.elements, key=lambda one: (one.place.file or "", one.place.start)))
        self._add("unnamed", Kind.CODE, [piece for piece in pieces if piece.place not in places])

    def _add_foreign(self) -> None:
        """Functions of blocks in languages without a grammar: all, and those that the prose names."""
        functions = foreign_functions(self.discourse)
        spoken = self.discourse.spoken if functions else ()
        kept_out = {
            name for sentence in spoken if (match := KEPT_OUT.search(sentence.text)) for name in _names(sentence, match.end())
        }
        said = {name for sentence in spoken for name in _names(sentence)} - kept_out
        named = [one for one in functions if one.name.lower() in said]
        self._add("foreign", Kind.WORDS, functions)
        self._add("foreign types", Kind.WORDS, foreign_types(self.discourse))
        self._add("foreign named", Kind.WORDS, named)
        if named:
            self._add("foreign unnamed", Kind.WORDS, [one for one in functions if one not in named])

    def _private(self) -> list[Element]:
        """ "Everything static in this file": functions of one file alone, where a sentence says the word."""
        if not any(_STATIC.search(sentence.text) for sentence in self.discourse.spoken):
            return []
        return [one for one in self._functions if one.unit and "static" in one.unit.marks]

    def _unmentioned(self) -> list[Element]:
        """ "`report` stays, the other two go to CUDA": functions whose names no sentence has, where it has some of them."""
        words = {name_of(token).lower() for sentence in self.discourse.spoken for token in sentence.tokens} - {"main"}
        others = [element for element in self._functions if element.name.lower() not in words]
        return others if len(others) < len(self._functions) else []

    def _at_an_end(self) -> Iterator[tuple[str, tuple[Element, ...]]]:
        """ "The first two", "all but the last": functions of one end of the code."""
        for sentence in self.discourse.spoken:
            tokens = sentence.tokens
            for token, after in pairwise(tokens):
                for maker, words in _ENDS:
                    if token.text in words:
                        count = after.number or _number_before(tokens, token) or 1
                        few, rest = self._functions[:count], self._functions[count:]
                        if maker == "last":
                            few, rest = self._functions[-count:], self._functions[:-count]
                        yield maker, few
                        yield f"all but {maker}", rest

    def _units(self, maker: str) -> Iterator[Element]:
        for source in self.discourse.request.sources:
            units: Iterable[Unit] = () if source.code is None else getattr(source.code, maker)
            yield from (element_of(source, unit) for unit in units)

    def _add_numbers(self) -> None:
        by_sentence: dict[Sentence, list[int]] = {}
        for sentence, index in numerals_of(self.discourse):
            by_sentence.setdefault(sentence, []).append(index)
        for sentence, indices in by_sentence.items():
            for chosen in {(index,) for index in indices} | {tuple(indices)}:
                tokens = [sentence.tokens[index] for index in chosen]
                places = [(self.discourse.request.place(t.start, t.end), t.number or 1, t.text) for t in tokens]
                elements = [Element(place, text) for place, number, text in places for _ in range(number)]
                self._add("numbers", Kind.COUNT, elements)

    def _wishes(self) -> Iterator[tuple[str, list[Span]]]:
        """The surest two clauses, the surest three, ..."""
        if self.discourse.lists or len(clauses_of(self.discourse)) < 2:
            return
        for spans in begun_by_score(self.discourse, _CLAUSES, _LEAST):
            yield "wishes", spans

    def _runs(self) -> Iterator[tuple[str, list[Span]]]:
        discourse, prose = self.discourse, self.discourse.prose
        sentences = [trimmed(prose, one.start, one.end) for one in discourse.spoken[:_SENTENCES]]
        for low, high in combinations(range(len(sentences) + 1), 2):
            yield "sentences", sentences[low:high]
        for start, end in discourse.stretches:
            lines = [trimmed(prose, *match.span()) for match in _LINE.finditer(prose, start, end)][:_LINES]
            for low, high in combinations(range(len(lines) + 1), 2) if len(lines) > 1 else ():
                yield "lines", lines[low:high]

    def _begun(self) -> Iterator[tuple[str, list[Span]]]:
        """The surest two beginnings, the surest three, ...: each item goes to the next one or to the end of its sentence."""
        prose = self.discourse.prose
        ends = sorted(
            {one.end for one in self.discourse.sentences} | {high for one in self.discourse.lists for _, high in one.elements}
        )
        starts = self.roles.surest_firsts(_BEGINNINGS)
        for count in range(2, len(starts) + 1):
            chosen = sorted(starts[:count])
            stops = [ends[place] if (place := bisect_left(ends, low + 1)) < len(ends) else len(prose) for low in chosen]
            bounds = zip(
                chosen, (min(stop, after) for stop, after in zip(stops, [*chosen[1:], len(prose)], strict=True)), strict=True
            )
            yield "begun", [trimmed(prose, low, high, lead_in=False) for low, high in bounds]

    def _series(self) -> Iterator[tuple[str, list[Span]]]:
        yield from (("series", spans) for spans in series_of(self.discourse, self.roles))

    def _by_roles(self) -> Iterator[tuple[str, list[Span]]]:
        """What the network's roles say, loosely and by the marks of the text."""
        prose = self.discourse.prose
        bounds = self.roles.bounds(*self._bounds())
        for eagerness in (0.0, 1.5):
            spans = self.roles.spans(eagerness, bounds)
            yield "network", [trimmed(prose, low, high, lead_in=False) for low, high in spans]
        pieces = self.roles.pieces()
        for kind in (Kind.CODE, Kind.FILE):
            self._add("network", kind, [one for one in pieces if (one.unit is None) == (kind is Kind.FILE)])
        numerals = self.roles.numerals()
        self._add("network", Kind.COUNT, [Element(self.discourse.request.place(*span), text) for span, text in numerals])

    def _bounds(self) -> tuple[set[int], set[int]]:
        """Where elements of prose may begin and end by the marks of the text."""
        discourse, prose = self.discourse, self.discourse.prose
        cuts, lines = list[Span](), list[Span]()
        for low, high in discourse.request.stretches:
            hidden = hidden_in(prose, low, high)
            cuts += [(low + m.start(), low + m.end()) for m in CUT.finditer(hidden) if m.start() < m.end()]
            lines += [match.span() for match in _LINE.finditer(prose, low, high)]
        elements = [element for listing in discourse.lists for element in listing.elements]
        clauses = [start for clause in clauses_of(discourse) for start in (clause.start, clause.low)]
        starts = {high for _, high in cuts} | {low for low, _ in elements} | set(clauses)
        starts |= {low + len(prose[low:high]) - len(prose[low:high].lstrip()) for low, high in lines}
        ends = {low for low, _ in cuts} | {high for _, high in elements} | {high for _, high in lines}
        for sentence in discourse.sentences:
            starts.add(sentence.start)
            ends.add(sentence.end)
        return starts, ends


def _names(sentence: Sentence, behind: int = 0) -> Iterator[str]:
    """The words of a sentence behind a character of it, as names are compared."""
    yield from (name_of(token).lower() for token in sentence.tokens if token.start >= sentence.start + behind)


def _number_before(tokens: tuple[Token, ...], end: Token) -> int | None:
    """ "The two at the bottom"."""
    place = tokens.index(end)
    return next((token.number for token in tokens[max(0, place - _NEAR) : place] if token.number is not None), None)
