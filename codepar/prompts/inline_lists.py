"""Lists by number within a paragraph: "(1) a, (2) b", "a) ... b) ...", "first, ... second, ...", "Task 1: ... Task 2: ...".

Offsets are characters. Limits: a numbering must begin at its first number and go up by one; 20,000 characters are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.prompts.lists import LABEL_WORD, ROMAN, Listing, number_of, trimmed

_NOUN = "question|task|thing|request|exercise|job|frage|aufgabe|pregunta|tarea|вопрос|задача"
_KINDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\w.)])[(（]?(?P<mark>[0-9]{1,2}|[a-hA-Hа-жА-Ж]|i{1,3}|iv|v|vi{1,3})[)）][:.]?(?=\s|[^\s,.;)])[ \t]*",
        r"(?<![\w.,])(?P<mark>[0-9]{1,2})\.(?=[ \t]+\S)[ \t]*",
        r"(?<![\w.,])(?P<mark>[0-9]{1,2})[、．][ \t]*",
        r"(?P<mark>[①-⑳])[ \t]*",
        r"(?<![^\s#q第題题])(?P<mark>[0-9]{1,2}|[a-h])[:：.)][ \t]+",
        r"(?<!\w)(?P<mark>one|two|three|four|five|eins|zwei|drei|uno|dos|tres)[:：)][ \t]+",
        r"(?<!\w)(?<!the )(?P<mark>first(?:ly)?|second(?:ly)?|third(?:ly)?|fourth(?:ly)?|fifth(?:ly)?|erstens|zweitens"
        r"|drittens|viertens"
        r"|fünftens|en primer lugar|en segundo lugar|en tercer lugar|primero|segundo|tercero|во-первых|во-вторых|в-третьих"
        rf"|в-четвёртых|в-четвертых)\b(?:[ \t]+(?:{_NOUN})[:,])?[ \t]*[,:]?[ \t]*",
        r"(?P<mark>第一|第二|第三|第四|第五|首先|其次|最后)[，,、：:]\s*",
    )
)
_LABELLED = 4
_FIRSTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        "[1aiа][)）]",
        r"1\.",
        "1[、．]",
        "①",
        "[1a][:：.)]",
        "(?:one|eins|uno)[:：)]",
        "first|erstens|en primer|primero|во-первых",
        "第一|首先",
    )
)
"""What a numbering of each kind cannot begin without: a quick look before a slow one."""

_LABEL = re.compile(rf"(?<!\w)(?:{LABEL_WORD}|q)[ \t]*#?\Z", re.IGNORECASE)
_LONGEST_LABEL = 16
_ORDINALS = (
    ("first", "firstly", "one", "eins", "uno", "erstens", "en primer lugar", "primero", "во-первых", "第一", "首先"),
    ("second", "secondly", "two", "zwei", "dos", "zweitens", "en segundo lugar", "segundo", "во-вторых", "第二", "其次"),
    ("third", "thirdly", "three", "drei", "tres", "drittens", "en tercer lugar", "tercero", "в-третьих", "第三", "最后"),
    ("fourth", "fourthly", "four", "viertens", "в-четвёртых", "в-четвертых", "第四"),
    ("fifth", "fifthly", "five", "fünftens", "第五"),
)
_READ = 20_000
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[。！？]|\n[ \t]*\n")


def inline_list(prose: str, start: int, end: int) -> Listing | None:
    """The numbering within one paragraph."""
    limit = min(end, start + _READ)
    for kind, pattern in enumerate(_KINDS):
        if _FIRSTS[kind].search(prose, start, limit) is None:
            continue
        marks = list(_run(prose, kind, pattern.finditer(prose, start, limit)))
        if len(marks) > 1:
            stops = [begin for begin, _ in marks[1:]] + [_end_of_sentence(prose, marks[-1][1], end)]
            elements = tuple(trimmed(prose, behind, stop) for (_, behind), stop in zip(marks, stops, strict=True))
            if all(low < high for low, high in elements):
                return Listing(marks[0][0], stops[-1], elements, numbered=True, is_inline=True)
    return None


def _run(prose: str, kind: int, matches: Iterator[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """The marks that count up from one: where each begins, a label before it taken along, and where its element begins."""
    expected = 1
    for match in matches:
        label = _LABEL.search(prose, max(0, match.start() - _LONGEST_LABEL), match.start())
        if kind == _LABELLED and label is None:
            continue
        word = match["mark"].lower()
        ordinal = next((index + 1 for index, words in enumerate(_ORDINALS) if word in words), None)
        value = ordinal if ordinal is not None else number_of(word)[0]
        roman = ROMAN.index(word) + 1 if word in ROMAN else None
        if expected in {value, roman}:
            yield (label.start() if label else match.start()), match.end()
            expected += 1


def _end_of_sentence(prose: str, start: int, end: int) -> int:
    match = _SENTENCE_END.search(prose, start, end)
    return match.end() if match else end
