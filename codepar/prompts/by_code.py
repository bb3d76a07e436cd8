"""Requests that do the same to several pieces of code or files that are there: by quantity, by names, by a pronoun.

Limits: the pieces are told by their kind, names, files, marks in comments and exceptions; what needs an understanding of the
code ("every function that allocates") stays whole.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from pathlib import PurePosixPath

from codepar.prompts.acts import act_beside, act_of, acts_jointly, asks_for, is_statement, splits_into, tells
from codepar.prompts.code import Unit, UnitKind, makes_object
from codepar.prompts.code_elements import broken_among, element_of, file_element, in_order_of_mention, marked, sources_of, unique
from codepar.prompts.code_phrases import (
    ANY_OF,
    BACKWARDS,
    KEPT_OUT,
    LEFT_ALONE,
    ONE_OF_THEM,
    ONLY,
    OVERLAP,
    ROUTINE,
    SAME,
    SUBORDINATE,
    TEXT,
    WISHED,
    asks_before,
    asks_which,
    blocked,
    demands_order,
    is_dealt,
    is_inside,
    is_means,
    is_verb,
    selects,
    stated_before,
)
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.names import NameGroup, name_groups, name_of
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.references import NOUNS, Reference, references
from codepar.prompts.request import Request, Source
from codepar.prompts.selection import by_suffix, ordinals_in, selected, units_of
from codepar.prompts.tokens import Sentence, Token


def read_code(discourse: Discourse) -> Found:
    """The pieces that the request is about, why it stays whole, or None when it speaks of no pieces."""
    return _CodeReader(discourse).read()


class _CodeReader:
    """Reads one request for pieces of code. ``read`` is its one entry."""

    def __init__(self, discourse: Discourse) -> None:
        self.discourse = discourse
        self.request: Request = discourse.request
        self._mentioned: list[Element] = []

    def read(self) -> Found:
        whole: Whole | None = None
        introduced: tuple[Tag, ...] = (Tag.FILE,) if self._are_files else ()
        if (only := self._only()) is not None:
            return only
        for sentence in self.discourse.spoken:
            if OVERLAP.search(sentence.text) and ROUTINE.search(sentence.text) and act_of(sentence) is Tag.CHANGE:
                return Whole(Refusal.OVERLAP, "one of the pieces lies inside another one")
            if is_statement(sentence):
                self._mentioned = self._mentioned or self._named_in(sentence)
            found = self._read_sentence(sentence, introduced, whole)
            if isinstance(found, Reading):
                return self._gathered(sentence) or found
            whole = whole or found
            introduced = next((r.nouns for r in references(sentence) if r.nouns), introduced)
            if is_statement(sentence) and sum(token.is_file for token in sentence.tokens) > 1:
                introduced = (Tag.FILE,)
        return whole or self._told_before()

    @cached_property
    def _are_files(self) -> bool:
        """Whether several files are all that the request comes with."""
        sources = self.request.sources
        return len(sources) > 1 and all(source.is_attached and source.code is not None for source in sources)

    def _gathered(self, sentence: Sentence) -> Whole | None:
        """ "There are two kernels. ... pick one of them": a later sentence asks for one answer."""
        for later in self.discourse.spoken:
            if later.start > sentence.start and compares(later, 0) and ONE_OF_THEM.search(later.text):
                return Whole(Refusal.COMPARISON, "one answer over all of them is asked for")
        return None

    def _told_before(self) -> Found:
        """ "These 3 helpers are slow. SSE intrinsics, please": a wish behind a statement that counts all pieces."""
        spoken = self.discourse.spoken
        told = [(s, r) for s in spoken if is_statement(s) for r in references(s) if r.number is not None and r.these and r.nouns]
        wishes = [s for s in spoken if not is_statement(s) and WISHED.search(s.text) and not compares(s, 0)]
        if len(told) != 1 or not wishes or any(references(s) for s in wishes):
            return None
        sentence, reference = told[0]
        named = {unit.name.lower() for _, unit in self._symbols.values() if unit.kind is UnitKind.FUNCTION}
        talked_of = any(name_of(token).lower() in named for wish in wishes for token in wish.tokens)
        if talked_of or any(compares(s, 0) for s in spoken):
            return None
        return self._by_quantity(sentence, reference, (), None)

    def _named_in(self, sentence: Sentence) -> list[Element]:
        """The pieces of a series of names that a statement speaks of: a later "them" means these."""
        for group in name_groups(sentence, self._known):
            names = [name_of(token).lower() for token in group.tokens]
            if not group.unknown and all(name in self._symbols for name in names):
                return unique(element_of(*self._symbols[name]) for name in names)
        return []

    def _only(self) -> Whole | None:
        """ "I only want main rewritten" beside other talk of functions."""
        for sentence in self.discourse.spoken:
            named = {name_of(t).lower() for t in sentence.tokens if name_of(t).lower() in self._symbols and not is_verb(t)}
            if (
                ONLY.search(sentence.text)
                and len(named) == 1
                and act_of(sentence)
                and not any(r.is_definite and r.nouns and "other" not in r.adjectives for r in references(sentence))
            ):
                return Whole(Refusal.ONE_TASK, f"only `{named.pop()}` is to be worked on")
        return None

    def _read_sentence(self, sentence: Sentence, introduced: tuple[Tag, ...], whole: Whole | None) -> Found:
        groups = name_groups(sentence, self._known)
        refers = references(sentence)
        if (found := self._by_ordinals(sentence) or self._same_again(sentence)) is not None:
            return found
        if is_statement(sentence) or not (groups or refers):
            return None
        if splits_into(sentence):
            return Whole(Refusal.ONE_TASK, "one thing is to be divided into parts that fit together")
        for group in groups:
            if any(
                r.is_definite and r.nouns and r.last < group.first and is_inside(sentence.tokens[r.last + 1 : group.first])
                for r in refers
            ):
                continue
            found = self._by_names(sentence, group)
            if found is not None:
                return found
        if refers and self.request.sources and ANY_OF.search(sentence.text):
            return Whole(Refusal.COMPARISON, "one answer over all of them is asked for")
        for reference in refers:
            found = self._by_quantity(sentence, reference, introduced, whole)
            if found is not None:
                return found
        return None

    @cached_property
    def _symbols(self) -> dict[str, tuple[Source, Unit]]:
        found: dict[str, tuple[Source, Unit]] = {}
        for source in self.request.sources:
            for unit in () if source.code is None else (*source.code.classes, *source.code.functions, *source.code.methods):
                found.setdefault(unit.name.lower(), (source, unit))
                if unit.owner:
                    found.setdefault(f"{unit.owner}::{unit.name}".lower(), (source, unit))
                    found.setdefault(f"{unit.owner}.{unit.name}".lower(), (source, unit))
        return found

    @cached_property
    def _files(self) -> dict[str, Source]:
        found = {source.name.lower(): source for source in self.request.sources if source.name}
        return {PurePosixPath(name).name: source for name, source in found.items()} | found

    @cached_property
    def _known(self) -> dict[str, object]:
        return {**self._symbols, **self._files}

    def _by_names(self, sentence: Sentence, group: NameGroup) -> Found:
        kept_out = self._excluded(sentence)
        tokens = [token for token in group.tokens if name_of(token).lower() not in kept_out]
        if not tokens or self._is_left_alone(sentence, group):
            return None
        if (sentence.is_question and tells(sentence)) or (
            acts_jointly(sentence) and not any(token.text in {"each", "every"} for token in sentence.tokens)
        ):
            return None
        if is_means(sentence, group.first) or SUBORDINATE.search(sentence.text[: group.tokens[0].start - sentence.start]):
            return None
        if asks_which(sentence, group):
            return Whole(Refusal.COMPARISON, "one of them is asked for")
        are_files = [token for token in tokens if token.is_file or name_of(token).lower() in self._files]
        if (reason := blocked(sentence, group.first, distributes=is_dealt(sentence, group))) is not None:
            return reason
        if not asks_for(sentence) and not self._asks_elsewhere(sentence):
            return None
        if len(are_files) == len(tokens):
            return self._named_files(sentence, tokens)
        if group.unknown and self._symbols:
            return Whole(Refusal.CONTRADICTION, f"`{name_of(group.unknown[0])}` is not in the code")
        number = stated_before(sentence, group)
        if number is not None and number != len(tokens):
            return Whole(Refusal.CONTRADICTION, f"the request says {number}, and names {len(tokens)}")
        elements = unique(element_of(*self._symbols[name_of(t).lower()], name=name_of(t)) for t in tokens if not t.is_file)
        return self._checked(
            Kind.CODE, elements, sentence, group.first, group.last, ordered=group.loose and demands_order(sentence)
        )

    def _is_left_alone(self, sentence: Sentence, group: NameGroup) -> bool:
        """Names that are kept out, that are fine as they are, or that stand in a text to be translated."""
        ahead = sentence.text[: group.tokens[0].start - sentence.start]
        fine = LEFT_ALONE.match(self.discourse.prose, group.tokens[-1].end) is not None
        return fine or KEPT_OUT.search(ahead[-14:]) is not None or TEXT.search(ahead) is not None

    def _same_again(self, sentence: Sentence) -> Found:
        """ "f should become pure. Same for g and h.": the names of the sentence before, too."""
        if not SAME.match(sentence.text) or compares(sentence, 0):
            return None
        before = [one for one in self.discourse.spoken if one.end <= sentence.start][-1:]
        tokens = [t for one in (*before, sentence) for t in one.tokens if name_of(t).lower() in self._symbols and not is_verb(t)]
        elements = unique(element_of(*self._symbols[name_of(t).lower()], name=name_of(t)) for t in tokens)
        return self._checked(Kind.CODE, elements, sentence, 0, len(sentence.tokens) - 1)

    def _asks_elsewhere(self, sentence: Sentence) -> bool:
        others = [one for one in self.discourse.spoken if one is not sentence and not is_statement(one)]
        return any(asks_for(one) for one in others)

    def _named_files(self, sentence: Sentence, tokens: list[Token]) -> Found:
        elements = []
        for token in tokens:
            source = self._files.get(name_of(token).lower())
            if source is None:
                elements.append(Element(self.request.place(token.start, token.end), token.text))
            else:
                elements.append(file_element(source))
        first, last = (sentence.tokens.index(token) for token in (tokens[0], tokens[-1]))
        absent = next((one.name for one in elements if one.source is None), None)
        if absent is not None and any(one.source is not None and one.source.is_attached for one in elements):
            return Whole(Refusal.CONTRADICTION, f"`{absent}` is not there")
        if not any(one.source for one in elements) and not asks_before(sentence, first) and not self._asks_elsewhere(sentence):
            # "Conflicts in a.c and b.c": spoken of, and not there.
            return None
        return self._checked(Kind.FILE, unique(elements), sentence, first, last)

    def _excluded(self, sentence: Sentence) -> set[str]:
        """Names behind "except", "not to", "ignore", in this sentence and the next ones."""
        found = set()
        for one in self.discourse.spoken:
            match = KEPT_OUT.search(one.text)
            if one.start < sentence.start or match is None:
                continue
            found |= {
                name_of(t).lower() for t in one.tokens if t.start >= one.start + match.end() and name_of(t).lower() in self._known
            }
            if match[0] in {"以外", "除了"} or BACKWARDS.search(one.text):
                found |= {name_of(t).lower() for t in one.tokens if name_of(t).lower() in self._known}
        return found

    def _by_quantity(self, sentence: Sentence, reference: Reference, introduced: tuple[Tag, ...], whole: Whole | None) -> Found:
        if reference.is_back and (not (introduced or self._mentioned) or whole is not None):
            return None
        if not self.request.sources or is_means(sentence, reference.first, each=reference.each):
            return None
        if (reason := blocked(sentence, reference.first, distributes=reference.each)) is not None:
            return reason
        if not (reference.is_definite or reference.number is not None):
            return None
        if selects(sentence, reference):
            return Whole(Refusal.UNSUPPORTED, "which of them are meant needs an understanding of the code")
        nouns = reference.nouns or introduced or (Tag.FUNCTION,)
        if nouns == (Tag.METHOD,) and not any(s.code and s.code.methods for s in self.request.sources):
            return None
        if Tag.FILE in nouns or Tag.SNIPPET in nouns:
            return self._files_by_quantity(sentence, reference, nouns)
        chosen = self._chosen(sentence, reference, nouns)
        if not reference.nouns and self._mentioned and reference.number in {None, len(self._mentioned)}:
            chosen = self._mentioned
        if not chosen and not reference.nouns and not introduced:
            chosen = self._chosen(sentence, reference, (Tag.LOOP,))
        kept_out = self._excluded(sentence)
        elements = [element for element in chosen if element.name.lower() not in kept_out]
        return self._counted(Kind.CODE, elements, sentence, reference, excluded=len(elements) != len(chosen))

    def _by_ordinals(self, sentence: Sentence) -> Found:
        """ "The 1st and the 3rd function"."""
        ordinals = ordinals_in(sentence.text)
        if ordinals is None or not asks_for(sentence) or is_statement(sentence) or compares(sentence, 0):
            return None
        tags = [tag for token in sentence.tokens for tag in NOUNS if tag in token.tags]
        noun = next((tag for tag in tags if tag is not Tag.FILE), Tag.FUNCTION)
        units = [element_of(source, unit) for source in self._meant_sources(sentence) for unit in units_of(source, noun, set())]
        places = ordinals.of(len(units))
        if len(places) < 2:
            return None
        return self._checked(Kind.CODE, [units[place] for place in places], sentence, 0, len(sentence.tokens) - 1)

    def _counted(
        self, kind: Kind, elements: list[Element], sentence: Sentence, reference: Reference, *, excluded: bool = False
    ) -> Found:
        number = reference.number
        if kind is Kind.CODE and not excluded and number != len(elements):
            without = [one for one in elements if one.name.lower() != "main"]
            elements = without if number is None or number == len(without) or len(without) == len(elements) else elements
        else:
            elements = (
                elements
                if number == len(elements)
                else [one for one in elements if one.name.lower() != "main" or one.unit is None]
            )
        number = number or self._announced(reference)
        # A constructor is seldom counted.
        plain = [one for one in elements if one.unit is None or not makes_object(one.unit)]
        elements = marked(plain if len(plain) == number else elements, number)
        if number is not None and number != len(elements) and not excluded:
            if not reference.is_definite:
                return None
            if (broken := broken_among(sources_of(elements))) is not None:
                return broken
            return Whole(Refusal.CONTRADICTION, f"the request speaks of {number}, and there are {len(elements)}")
        return self._checked(kind, elements, sentence, reference.first, reference.last)

    def _announced(self, reference: Reference) -> int | None:
        """The number that an earlier statement gave: "This routine has four loops. For every loop ..."."""
        for sentence in self.discourse.spoken:
            for other in references(sentence) if is_statement(sentence) else ():
                if other.number is not None and set(other.nouns) & set(reference.nouns or other.nouns):
                    return other.number
            for before, after in pairwise(sentence.tokens) if is_statement(sentence) else ():
                if before.number is not None and after.tags & set(reference.nouns):
                    return before.number
        return None

    def _chosen(self, sentence: Sentence, reference: Reference, nouns: tuple[Tag, ...]) -> list[Element]:
        owners = self._owners(sentence, reference)
        words = {word.lower() for word in reference.adjectives}
        return [
            element_of(source, unit)
            for source in self._meant_sources(sentence)
            for unit in selected(source, nouns, words, sentence.text)
            if not owners or unit.owner in owners or nouns[0] not in {Tag.LOOP, Tag.METHOD}
        ]

    def _meant_sources(self, sentence: Sentence) -> list[Source]:
        """The files that the sentence (or the one before) names, else all code."""
        for text in (sentence, *(one for one in self.discourse.spoken if one.start < sentence.start)):
            named = [self._files[name_of(t).lower()] for t in text.tokens if name_of(t).lower() in self._files]
            if named:
                return named
        return list(self.request.sources)

    def _owners(self, sentence: Sentence, reference: Reference) -> set[str]:
        """The functions or classes that are named around a phrase such as "each loop of `f`"."""
        around = [t for i, t in enumerate(sentence.tokens) if not reference.first <= i <= reference.last]
        named = {self._symbols[name_of(t).lower()][1].name for t in around if name_of(t).lower() in self._symbols}
        return named - self._excluded(sentence)

    def _files_by_quantity(self, sentence: Sentence, reference: Reference, nouns: tuple[Tag, ...]) -> Found:
        attached = [source for source in self.request.sources if source.is_attached]
        named = [source for source in self.request.sources if source.name]
        blocks = [source for source in self.request.sources if source.block is not None]
        sources = attached or (named if len(named) > 1 else blocks)
        if Tag.SNIPPET in nouns and blocks:
            sources = blocks
        sources = by_suffix(sources, sentence.text)
        kept_out = self._excluded(sentence)
        chosen = [s for s in sources if not s.name or s.name.lower() not in kept_out]
        elements = [file_element(source) for source in in_order_of_mention(chosen, self.request.prose)]
        if len(elements) < 2 and reference.number is None and reference.nouns:
            return None
        return self._counted(Kind.FILE, elements, sentence, reference, excluded=len(chosen) != len(sources))

    def _checked(
        self, kind: Kind, elements: list[Element], sentence: Sentence, first: int, last: int, *, ordered: bool = False
    ) -> Found:
        order: tuple[int, ...] = ()
        broken = broken_among(sources_of(elements))
        if broken is None and len(elements) < 2 and kind is Kind.CODE:
            broken = broken_among(self.request.sources)
        if broken is not None:
            return broken
        if len(elements) < 2:
            return None
        if kind is Kind.CODE and not any(element.source and element.source.is_attached for element in elements):
            mentioned, elements = elements, sorted(elements, key=lambda element: element.place.start)
            order = tuple(elements.index(element) for element in mentioned) if ordered else ()
        tokens = sentence.tokens
        named = {element.name.lower() for element in elements}
        is_series = any(name_of(token).lower() in named for token in tokens[first : last + 1])
        told = act_beside(sentence, first, last) if is_series else act_of(sentence)
        act = told or self._later_act(sentence) or Tag.CHANGE
        end = tokens[min(last, len(tokens) - 1)].end
        return Reading(kind, tuple(elements), act, tokens[first].start, end, ordered=ordered, order=order)

    def _later_act(self, sentence: Sentence) -> Tag | None:
        others = (act_of(one) for one in self.discourse.spoken if one is not sentence)
        return next((act for act in others if act is not None), None)
