"""Lists in prose: lines with bullets or numbers, numbers within a sentence, lines in quotes; each element with its place.

Offsets are characters. What the list means, whether tasks or details of one, is not decided here. Limits: nested lists belong
to the element above them; a numbering must begin at its first number or letter and go up by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from codepar.prompts.blocks import Block

_PICTURE = (
    r"(?:[§~\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff][\ufe0f\u200d]{0,2}"
    r"|[0-9]\ufe0f?\u20e3){1,5}"
)
_BULLET = rf"[-*+•·–—▪◦●○・‣►➤✓☐]|\[[ xX]?\]|{_PICTURE}"
_PLAIN_BULLETS = frozenset("-*+•·–—▪◦●○・‣►➤✓☐[Q")
LABEL_WORD = (
    r"(?:task|question|step|item|part|exercise|problem|request|point|job|todo|thing|aufgabe|frage"
    r"|teil|punkt|übung|schritt|tarea"
    r"|pregunta|parte|ejercicio|punto|задача|задание|вопрос|часть|пункт|упражнение|問題?|質問|课题|問|问题|任务|第)"
)
# Any word before "A:" or "1:" labels what follows ("Passage A: ...").
_LABEL = rf"(?:(?:q|{LABEL_WORD})[ \t]*#?|#|[^\W\d_]{{3,12}}[ \t]+(?=[^\W_]{{1,2}}:[ \t]))?"
_MARKED = re.compile(
    rf"^(?P<indent>[ \t]*)(?:(?P<bullet>(?:{_BULLET})(?=[ \t])|[・•●○]|Q[.:)](?=[ \t])"
    rf"|Q\d{{1,2}}(?=[ \t]+[A-Z]))(?:[ \t]+\[[ xX]\])?[ \t]*"
    rf"|(?:\*\*)?{_LABEL}[(（\[]?(?P<number>[0-9０-９]{{1,5}}|[a-zA-Zа-жА-Ж]|[ivxIVX]{{2,4}}|[一二三四五六七八九十]{{1,3}}"
    rf"|第[一二三四五六七八九十]{{1,2}})(?:(?:\*\*)?[.):/]{{1,2}}[)）-]?(?=(?:\*\*)?[ \t])"
    rf"|[ \t]?[-–](?=[ \t]+\S)|[）、．。：\]][:：]?|\)(?=\S)|\.(?=[A-ZА-ЯÄÖÜ\u3040-\u9fff`\"])"
    rf"|:(?=\s))(?:\*\*)?[ \t]*"
    r"|(?P<circled>[①-⑳])[ \t]*)(?=\S)",
    re.MULTILINE | re.IGNORECASE,
)
_TABLE = re.compile(r"^[^\n|]*\|[^\n]*\n[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*\n(?P<rows>(?:[^\n|]*\|[^\n]*(?:\n|\Z))+)", re.MULTILINE)
_ROW = re.compile(r"[^\n]*[^\s|][^\n]*")
_TASK_LABEL = re.compile(
    r"[ \t]*\**(?:q|task|question|exercise|problem|request|job|aufgabe|frage|übung|tarea|pregunta"
    r"|ejercicio|задача|задание|вопрос"
    r"|упражнение|問題?|質問|课题|問|问题|任务)",
    re.IGNORECASE,
)
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_HAN = "一二三四五六七八九十"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "‘": "’", "”": "”"}
_END = " \t\r\n\f\v\u3000.。;；,，、"
_START = re.compile(
    r"(?:\s|[,;，；、]|(?:and|also|then|plus|und|y|e|и|а|finally|lastly|schließlich|außerdem|además|также"
    r"|и наконец|和|以及|还有|然后|最后|另外|また|そして|あと)(?=[\s，、])(?!\s*[,.]))*"
    r"(?:(?:please|pls|plz|kindly|could you|can you|would you|bitte|por favor|пожалуйста)\b[ \t,]*)?",
    re.IGNORECASE,
)
_TAIL = 40
_ANDS = ("and", "or", "und", "oder", "sowie", "y", "o", "и", "или", "和", "以及", "及")
_ENDINGS = (":)", ";)", ":-)", ":d", " —", " –", " -", " /", " |", " //")
_ENDING = re.compile(r"(?:[\s,]+(?:[—–|-]|//?|[:;]-?[)D])[\s.!]*)+\Z", re.IGNORECASE)
_TAIL_AND = re.compile(rf"(?:(?<!\bin)(?<!\bof)(?<!\bby)(?<!\band)[\s,;，；、]+(?:{'|'.join(_ANDS)}))+\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. ``start`` to ``end`` takes in all its elements and their marks; ``elements`` are without marks and separators."""

    start: int
    end: int
    elements: tuple[tuple[int, int], ...]
    numbered: bool
    is_inline: bool = False
    is_labelled: bool = False
    """Each element is called a task or a question."""
    is_table: bool = False
    """The elements are the rows of a table."""


@dataclass(slots=True)
class _Mark:
    start: int
    text: int
    indent: int
    number: int | None
    kind: str


def trimmed(text: str, start: int, end: int, *, lead_in: bool = True) -> tuple[int, int]:
    """The bounds of an element without separators, conjunctions and quotes around it and a final full stop."""
    if lead_in:
        match = _START.match(text, start, end)
        start = match.end() if match else start
    while start < end and text[start].isspace():
        start += 1
    for _ in range(3):
        end = _without_and(text, start, end)
        end = _without_ending(text, start, end)
        bare = text[start:end].rstrip(_END)
        kept = text[start:end].rstrip() if bare.endswith(("etc", "e.g", "i.e")) else bare
        end = start + len(kept)
        inner = _unquoted(text, start, end)
        if inner == (start, end):
            break
        return inner
    return start, end


def _without_and(text: str, start: int, end: int) -> int:
    low = max(start, end - _TAIL)
    # Few elements end so, and the pattern looks at every character.
    if not text[low:end].rstrip().lower().endswith(_ANDS):
        return end
    tail = _TAIL_AND.search(text, low, end)
    return tail.start() if tail and tail.start() > start else end


def _without_ending(text: str, start: int, end: int) -> int:
    """Without a smile or a loose stroke."""
    low = max(start, end - _TAIL)
    if not text[low:end].rstrip(" .!").lower().endswith(_ENDINGS):
        return end
    tail = _ENDING.search(text, low, end)
    return tail.start() if tail and tail.start() > start else end


def _unquoted(text: str, start: int, end: int) -> tuple[int, int]:
    """Without one pair of quotes around the whole; what they hold is then taken as it is."""
    closing = _QUOTES.get(text[start : start + 1])
    inside = text[start + 1 : end - 1]
    if closing and end - start > 2 and text[end - 1] == closing and closing not in inside:
        return start + 1 + len(inside) - len(inside.lstrip()), end - 1 - (len(inside) - len(inside.rstrip()))
    return start, end


def line_lists(prompt: str, prose: str, blocks: tuple[Block, ...], stretches: tuple[tuple[int, int], ...]) -> list[Listing]:
    """The lists whose elements begin lines, in the order of the text; marks are looked for in ``stretches`` alone."""
    matches = (match for low, high in stretches for match in _MARKED.finditer(prose, low, high))
    marks = [mark for match in matches if (mark := _mark(match)) is not None]
    _settle_roman(marks)
    found, index = [], 0
    while index < len(marks):
        group, index = _group(prose, marks, index)
        if len(group) > 1:
            found.append(_listing(prompt, prose, blocks, group))
    tables = [table for low, high in stretches for table in _tables(prose, low, high)]
    return sorted((*found, *tables), key=lambda listing: listing.start)


def _tables(prose: str, low: int, high: int) -> Iterator[Listing]:
    """Tables of Markdown: rows between bars under a ruler. An element goes from the first cell of its row to the last."""
    for match in _TABLE.finditer(prose, low, high) if "|" in prose else ():
        rows = [_trimmed_row(prose, *row.span()) for row in _ROW.finditer(prose, *match.span("rows"))]
        if len(rows) > 1:
            yield Listing(match.start(), match.end(), tuple(rows), numbered=False, is_table=True)


def _trimmed_row(prose: str, start: int, end: int) -> tuple[int, int]:
    """A row without its outer bars and the blanks there."""
    text = prose[start:end]
    inner = text.strip().removeprefix("|").removesuffix("|").strip()
    begin = start + text.index(inner)
    return begin, begin + len(inner)


def _settle_roman(marks: list[_Mark]) -> None:
    """A letter i, v or x beside roman numerals is one."""
    for mark, after in pairwise(marks):
        if mark.kind == "letter" and after.kind == "roman":
            mark.kind, mark.number = "roman", (after.number or 1) - 1
    for before, mark in pairwise(marks):
        if mark.kind == "letter" and before.kind == "roman" and mark.number in {22, 24}:
            mark.kind, mark.number = "roman", (before.number or 0) + 1


def _mark(match: re.Match[str]) -> _Mark | None:
    indent = len(match["indent"].expandtabs(4))
    if match["bullet"]:
        # Pictures are one kind of bullet, whatever they show.
        kind = match["bullet"][:1] if match["bullet"][:1] in _PLAIN_BULLETS else "picture"
        return _Mark(match.start(), match.end(), indent, None, kind)
    number, kind = number_of(match["number"] or match["circled"])
    return _Mark(match.start(), match.end(), indent, number, kind) if number is not None else None


def number_of(text: str) -> tuple[int | None, str]:
    """The value and the kind of a mark: digits, letters, Roman or Chinese numerals."""
    word = text.lower().removeprefix("第")
    if word.isdecimal():
        return int(word), "digit"
    if "①" <= word <= "⑳":
        return ord(word) - ord("①") + 1, "circled"
    if word and all(letter in _HAN for letter in word):
        value = _HAN.index(word[-1]) + 1 + (10 if len(word) > 1 else 0)
        return value, "han"
    if len(word) == 1 and word.isalpha():
        alphabet = "а" if "а" <= word <= "я" else "a"
        return ord(word) - ord(alphabet) + 1, "letter"
    return (ROMAN.index(word) + 1, "roman") if word in ROMAN else (None, "")


def _group(prose: str, marks: list[_Mark], index: int) -> tuple[list[_Mark], int]:
    """The marks of one list from ``index`` on, and where the next begins. Deeper marks belong to the element above."""
    group = [marks[index]]
    position = index + 1
    while position < len(marks):
        mark, last = marks[position], group[-1]
        if mark.indent > group[0].indent + 1 or (
            mark.kind != group[0].kind and mark.indent >= group[0].indent and not _is_new(prose, last, mark)
        ):
            position += 1
            continue
        same = mark.kind == group[0].kind and abs(mark.indent - group[-1].indent) <= 1
        follows = mark.number is None or (last.number is not None and mark.number == last.number + 1)
        if not same or not follows or _is_parted(prose, last, mark):
            break
        group.append(mark)
        position += 1
    first = group[0].number
    return (group if first in {None, 0, 1} else group[:1]), max(position, index + 1)


def _is_new(prose: str, last: _Mark, mark: _Mark) -> bool:
    return "\n\n" in prose[last.start : mark.start]


def _is_parted(prose: str, last: _Mark, mark: _Mark) -> bool:
    """Whether a paragraph that is not indented stands between two marks. Code there is blank in the prose."""
    between = prose[last.text : mark.start]
    return re.search(r"\n[ \t]*\n(?![ \t]{2,})(?=\S)", between) is not None


def _listing(prompt: str, prose: str, blocks: tuple[Block, ...], group: list[_Mark]) -> Listing:
    ends = [mark.start for mark in group[1:]] + [_end_of_last(prose, blocks, group)]
    elements = []
    for mark, end in zip(group, ends, strict=True):
        start, stop = trimmed(prompt, mark.text, end, lead_in=True)
        if stop > start:
            elements.append((start, stop))
    labelled = all(_TASK_LABEL.match(prose, mark.start, mark.text) for mark in group)
    return Listing(group[0].start, ends[-1], tuple(elements), group[0].number is not None, is_labelled=labelled)


def _end_of_last(prose: str, blocks: tuple[Block, ...], group: list[_Mark]) -> int:
    """Where the last element ends: before the next paragraph that is not indented; a block beneath it counts if each has one."""
    start = group[-1].text
    newline = prose.find("\n", start)
    end = len(prose) if newline < 0 else newline
    for match in re.finditer(r"[^\n]*", prose[end + 1 :]) if newline >= 0 else ():
        line_start, line = end + 1, match[0]
        if not line.strip() or len(line) - len(line.lstrip()) <= group[-1].indent or match.start() != line_start - newline - 1:
            break
        end = line_start + len(line)
    bounds = [mark.start for mark in group] + [len(prose)]
    held = [next((b for b in blocks if low < b.outer_start < high), None) for low, high in pairwise(bounds)]
    last = held[-1]
    return last.outer_end if last is not None and all(held) else end
