"""Joins the answers to the items: code by place into the files that came, new code into new files, words under their items.

Deterministic, and no model rewrites anything: each include and each helper goes in once, definitions of one name that differ are
found and the first stays, the order is that of the items. Limits: code is joined by its outermost pieces; whether the result
compiles is for an executor to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from codepar.prompts.answer_code import Replacement, codes_of, replacement_of
from codepar.prompts.code import Code, UnitKind
from codepar.prompts.commented import differs_by_comments_alone
from codepar.prompts.items import Decomposition
from codepar.prompts.lexicon import Tag
from codepar.prompts.merged import FindingKind, Form, Merged, MergeFinding, Placement
from codepar.prompts.pieces import Piece, PieceKind, formatted, pieces_of, squeezed
from codepar.prompts.splice import Splice
from codepar.prompts.targets import Target, TargetKind, Targets, free_name, suffix_of
from codepar.syntax.language import Language

_SPLICED_KINDS = frozenset({TargetKind.UNIT, TargetKind.FILE})


def merge(found: Decomposition, prompt: str, files: Mapping[str, str], answers: Mapping[str, str]) -> Merged:
    """The answers by item id, joined; items without one keep what they had. For many merges of one request see ``Merger``."""
    return Merger(found, prompt, files).merge(answers)


@dataclass
class _Joined:
    """New code of one language and origin, as it comes together."""

    name: str
    language: Language
    imports: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """The item by symbol."""
    items: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Imports first, a blank line between pieces."""
        head = "\n".join(self.imports.values())
        return "\n\n".join([*([head] if head else []), *self.body.values()]) + "\n"


class Merger:
    """Merges answers to one request, as often as asked."""

    def __init__(self, found: Decomposition, prompt: str, files: Mapping[str, str]) -> None:
        self.targets = Targets(found, prompt, files)
        self._order = {item.id: number for number, item in enumerate(found.items)}
        self._places = Counter((item.file, item.span) for item in found.items)

    def merge(self, answers: Mapping[str, str]) -> Merged:
        """As ``merge``."""
        given = [self.targets[item] for item in sorted(answers, key=self._order.__getitem__)]
        findings: list[MergeFinding] = []
        placements: dict[str, Placement] = {}
        files = self._spliced([one for one in given if self.replaces(one, answers[one.item.id])], answers, placements, findings)
        rest = [one for one in given if one.item.id not in placements]
        files |= self._new_files([one for one in rest if self._is_new(one)], answers, placements, findings)
        findings += self._same_answers(given, answers)
        for target in rest:
            placements.setdefault(target.item.id, Placement(item=target.item.id, form=Form.TEXT))
        return Merged(
            text=said([(target, answers[target.item.id]) for target in given]),
            files=files,
            placements=tuple(placements[target.item.id] for target in given),
            findings=tuple(findings),
        )

    def replaces(self, target: Target, answer: str) -> bool:
        """Whether the item is to be changed where it stands: not read or tested, and not brought into another language."""
        if target.wants_comments:
            return _comes_back(target, answer)
        if target.kind not in _SPLICED_KINDS or target.act is not Tag.CHANGE or target.language is None:
            return False
        spoken = {code.language for code in codes_of(answer, target.language)}
        return not spoken or target.language in spoken

    def _is_new(self, target: Target) -> bool:
        """Whether an answer's code belongs into a file: not where code is only quoted, nor for several variants of one thing."""
        if target.kind is TargetKind.WORDS:
            return target.act in {Tag.CHANGE, Tag.TEST} and self._places[target.item.file, target.item.span] == 1
        return target.act in {Tag.CHANGE, Tag.TEST}

    def _spliced(
        self,
        chosen: Sequence[Target],
        answers: Mapping[str, str],
        placements: dict[str, Placement],
        findings: list[MergeFinding],
    ) -> dict[str, str]:
        """The changed files; an answer that cannot be put in stays text."""
        splices: dict[str, Splice] = {}
        for target in chosen:
            item, path = target.item.id, target.path
            assert path is not None
            splice = splices.get(path) or splices.setdefault(path, Splice(target.source, self._items_of(path)))
            replacement = replacement_of(answers[item], target)
            problem = _problem(target, replacement)
            if problem is not None:
                findings.append(problem)
                placements[item] = Placement(item=item, form=Form.TEXT)
                continue
            found = splice.take(target, replacement)
            findings += found
            is_in = not any(one.keeps_out for one in found)
            placements[item] = Placement(item=item, form=Form.SPLICED if is_in else Form.TEXT, file=path if is_in else None)
        return {path: text for path, splice in splices.items() if (text := splice.text()) != splice.before}

    def _items_of(self, path: str) -> tuple[Target, ...]:
        return tuple(one for one in self.targets.all if one.path == path and one.kind is TargetKind.UNIT)

    def _new_files(
        self,
        chosen: Sequence[Target],
        answers: Mapping[str, str],
        placements: dict[str, Placement],
        findings: list[MergeFinding],
    ) -> dict[str, str]:
        joined: dict[tuple[str, Language], _Joined] = {}
        for target in chosen:
            for code in codes_of(answers[target.item.id], target.language)[-1:]:
                key = (target.path or "", code.language)
                if key not in joined:
                    name = free_name(
                        _new_name(target, code.language), [*self.targets.paths, *(one.name for one in joined.values())]
                    )
                    joined[key] = _Joined(name, code.language)
                placements[target.item.id] = _join(joined[key], target, code, findings)
        return {one.name: one.text() for one in joined.values() if one.items}

    def _same_answers(self, given: Sequence[Target], answers: Mapping[str, str]) -> list[MergeFinding]:
        """Variants of one thing that are no different."""
        first: dict[tuple[object, str], str] = {}
        findings = []
        for target in given:
            item = target.item
            if self._places[item.file, item.span] < 2:
                continue
            codes = codes_of(answers[item.id], None)
            shown = "\n".join(formatted(code.text, code.language) for code in codes) or formatted(answers[item.id], None)
            other = first.setdefault(((item.file, item.span), shown), item.id)
            if other != item.id:
                findings.append(
                    MergeFinding(kind=FindingKind.SAME_ANSWER, items=(item.id, other), message=f"the same as variant {other}")
                )
        return findings


def _problem(target: Target, replacement: Replacement) -> MergeFinding | None:
    """Why an answer cannot take the place of its item."""
    item = (target.item.id,)
    if replacement.problem is not None:
        kind = FindingKind.BROKEN if replacement.is_broken else FindingKind.NO_CODE
        return MergeFinding(kind=kind, items=item, message=replacement.problem)
    if target.wants_comments and not _is_only_commented(target, replacement):
        message = "it changes more than comments: keep the code as it is"
        return MergeFinding(kind=FindingKind.UNASKED, items=item, message=message)
    if target.wants_comments and squeezed(_text(target)) == squeezed(replacement.text):
        return MergeFinding(kind=FindingKind.NO_CODE, items=item, message="it is the code as it was: no comment is added")
    return None


def _comes_back(target: Target, answer: str) -> bool:
    """Whether an answer holds the item itself; of a file a quotation is not the file."""
    if target.language is None:
        return False
    replacement = replacement_of(answer, target)
    if replacement.problem is not None:
        return False
    return target.kind is TargetKind.UNIT or _is_only_commented(target, replacement)


def _is_only_commented(target: Target, replacement: Replacement) -> bool:
    assert target.language is not None
    return differs_by_comments_alone(_text(target), replacement.text, target.language)


def _text(target: Target) -> str:
    """The item as it stands in its file."""
    assert target.source is not None
    return target.source.text.encode()[target.start : target.end].decode()


def said(answers: Sequence[tuple[Target, str]]) -> str:
    """Each answer under its item."""
    return "\n\n".join(heading(target) + answer.strip() for target, answer in answers)


def heading(target: Target) -> str:
    """What stands above an answer."""
    return f"### {target.item.id}. {target.title}\n\n"


def _join(joined: _Joined, target: Target, code: Code, findings: list[MergeFinding]) -> Placement:
    """Put the pieces of one answer into the new file, unless they are there or one of them is there with another content."""
    item = target.item.id
    text = Placement(item=item, form=Form.TEXT)
    if code.is_broken:
        findings.append(MergeFinding(kind=FindingKind.BROKEN, items=(item,), message="the code of the answer lacks a bracket"))
        return text
    pieces = pieces_of(code)
    copies = _copies(pieces, target)
    wanted = [one for one in pieces if one.kind is not PieceKind.EXAMPLE and one.symbol not in copies]
    if not any(one.kind is PieceKind.DEFINITION for one in wanted):
        # Not a unit of its own: statements, or a program as a whole.
        wanted = list(pieces)
    for piece in wanted:
        owner = joined.owners.get(piece.symbol)
        if piece.symbol and owner is not None and piece.key not in joined.body:
            message = f"`{piece.name}` is defined by {owner} and {item}, differently; the first stays in {joined.name}"
            findings.append(MergeFinding(kind=FindingKind.DUPLICATE_SYMBOL, items=(item, owner), message=message))
            return text
    for piece in wanted:
        place = joined.imports if piece.kind is PieceKind.IMPORT else joined.body
        place.setdefault(piece.key, piece.text)
        if piece.symbol:
            joined.owners.setdefault(piece.symbol, item)
    joined.items.append(item)
    return Placement(item=item, form=Form.NEW_CODE, file=joined.name)


def _copies(pieces: Sequence[Piece], target: Target) -> set[str]:
    """Definitions that an answer repeats from the code that came, unless that is all it holds."""
    code = target.source.code if target.source is not None else None
    if code is None or target.act is not Tag.TEST:
        return set()
    there = {one.key for one in pieces_of(code)}
    names = {unit.name for unit in (*code.functions, *code.methods, *code.classes) if unit.kind is not UnitKind.LOOP}
    return {one.symbol for one in pieces if one.symbol and (one.key in there or one.name in names)}


def _new_name(target: Target, language: Language) -> str:
    """Of tests ``test_NAME``, of code that was there NAME with the other language's ending, else ``answer``."""
    suffix = suffix_of(language)
    pure = PurePosixPath(target.path) if target.path else PurePosixPath("answer")
    name = f"test_{pure.stem}{suffix}" if target.act is Tag.TEST else f"{pure.stem}{suffix}"
    return (pure.parent / name).as_posix()
