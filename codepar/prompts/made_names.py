"""Names that elements of words introduce, functions and types, and where others use them.

Limits: a name that is a plain word ("lower", "ray") is taken for a mention only where it is marked as code, or behind a word of
calling; a type told by a plain word only where it is called a struct, class or type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PROTOTYPE = re.compile(
    r"(?:\A\W{0,2}|`)(?=\w)(?!(?:struct|class|enum|type)\s+\w+\s*\()(?:[\w:<>,*&\[\]]+[\s*&]+){1,6}?[*&]*([A-Za-z_]\w*)[!?]?\s?\((?!\s)"
)
_CALL = re.compile(r"\A\W{0,2}(?:(?:an?|the|una?|eine?)\s+)?(?:function\s+)?[`'\"]?([A-Za-z_]\w*)[!?]?\(", re.IGNORECASE)
_TYPE = re.compile(
    r"\b(?:(?i:struct(?:ure)?|class|enum(?: class)?|record|structura|структур\w*|класс\w*|Klasse|clase)\s+"
    r"`?(?P<after>[A-Za-z_]\w*)|(?:type|interface)\s+`?(?P<typed>[A-Z]\w*)|`?(?P<before>[A-Z]\w*)(?:<\w+>)?`?\s+(?:struct|class|type|enum|record|interface)\b)"
)
_NAMED = re.compile(
    r"\b(?:(?:function|kernel|routine|procedure|method|subroutine|helper|module|función|Funktion|функци\w+|подпрограмм\w+)\s+"
    r"(?:called\s+|named\s+)?|called\s+|named\s+)`?([A-Za-z_]\w*)",
    re.IGNORECASE,
)
# "frac_parse - reads a fraction": a name that says what it is, and then what is meant.
_HEADED = re.compile(r"\A\W{0,2}([A-Za-z_]\w*)`?(?:\(\))?\s*(?:[-–—:,]|that\b|which\b)")
_MARKED = re.compile(r"`([A-Za-z_]\w*)(?:\([^`]*)?`")
_CALLING = (
    r"\b(?:calls?|calling|uses?|using|via|with|through|by means of|into|on top of|benutzt|verwendet|aufruft|ruft|usa|llama"
    r"|utiliza|usando|вызыва\w+|использу\w+|через|зов[её]т|mit|con)\s+(?:(?:the|function|a|an|both|to)\s+){0,2}"
)
_NOT_NAMES = frozenset(
    "that which to for with and or in of the a an is are from whose this calls called named using over as on".split()
)
_SPECIAL = re.compile(r"\w_\w|[a-z][A-Z]|[A-Za-z]\d|\A[A-Z][a-z]+[A-Z]")


@dataclass(frozen=True)
class Made:
    """A name that element ``by`` introduces."""

    name: str
    by: int
    is_type: bool


def names_made(texts: Sequence[str]) -> list[Made]:
    """What the elements introduce, each name once, by the first."""
    found: dict[str, Made] = {}
    for by, text in enumerate(texts):
        for name, is_type in _introduced(text):
            if name.lower() not in _NOT_NAMES and len(name) > 1:
                found.setdefault(name, Made(name, by, is_type))
    return list(found.values())


def mentioned(made: Sequence[Made], texts: Sequence[str], to: int) -> Iterator[int]:
    """The other elements whose names element ``to`` uses."""
    own = {name for name, _ in _introduced(texts[to])} if made else set()
    for one in made:
        if one.by != to and (one.is_type or one.name not in own) and _is_mentioned(one, texts[to]):
            yield one.by


def _introduced(text: str) -> Iterator[tuple[str, bool]]:
    told = _TYPE.search(text)
    is_type = told is not None and told.start() < _EARLY
    function = _PROTOTYPE.search(text, 0, _LATE) or (_CALL.match(text) if not is_type else None)
    if function is not None and not (told is not None and is_type and told.start() < function.start(1)):
        yield function[1], False
    elif told is not None and is_type:
        yield told["after"] or told["typed"] or told["before"], True
    else:
        headed = _HEADED.match(text)
        if headed is not None and not _SPECIAL.search(headed[1]):
            headed = None
        found = [match for match in (headed, _NAMED.search(text), _MARKED.search(text)) if match is not None]
        yield from ((match[1], False) for match in sorted(found, key=lambda match: match.start(1))[:1])


def _is_mentioned(made: Made, text: str) -> bool:
    name = re.escape(made.name)
    if made.is_type or _SPECIAL.search(made.name):
        return re.search(rf"(?<![\w.]){name}(?!\w)", text) is not None
    called = rf"{_CALLING}(?:\w+(?:\(\))?(?:,| and| und| y| и)\s+)?`?{name}\b"
    return re.search(rf"`{name}(?:\([^`]*)?`|\b{name}\(|{called}", text, re.IGNORECASE) is not None


_EARLY = 30
_LATE = 80
