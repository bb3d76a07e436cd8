"""What elements told in words need of each other: "test what you wrote in 2", "port the Makefile from a)", "a function on Vec3".

An earlier answer is meant by its number or letter, by its place in the row, by a name it introduces, or by the noun that was
asked for ("write a loader ...; document that loader"). Limits: the wordings of six languages; what only sense tells ("who fights
the enemies in it") is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codepar.prompts.earlier_answers import CALLS_IT, spoken_of
from codepar.prompts.items import EdgeKind
from codepar.prompts.made_names import mentioned, names_made
from codepar.prompts.reading import Reading

Need = tuple[int, int, EdgeKind]
"""The indices of the earlier and the later element, and what the later one needs."""

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
    r"|teste?n?|vergleich\w*|compare|translate|port|checks? that they|fuzz\w*|validator?|harness|driver that calls what)\b"
    r"|测试|比较|优化|テスト",
    re.IGNORECASE,
)


# "... calls the two above": not the answers, only their declarations.
_CALLS = re.compile(
    r"\b(?:calls?|calling|built on|on top of)\s+(?:the|both|these)\b(?! (?:code|function) (?:you|from))", re.IGNORECASE
)


_TURNS_TO_US = re.compile(r"[?？]\Z|\byou\b|\A(?:from|based on|for) (?:the|that|this|those)\b", re.IGNORECASE)


def needs_of_words(reading: Reading, symbols: frozenset[str] = frozenset()) -> Iterator[Need]:
    """What the elements of a reading of words need of each other, one need for each two.

    ``symbols``: the names of the pieces of code, in lower case.
    """
    texts = [_FENCED.sub("", e.name) if "```" in e.name else e.name for e in reading.elements]
    if len(texts) > _MANY_ITEMS:
        return
    made = names_made(texts)
    types = frozenset(one.name.lower() for one in made if one.is_type)
    told = dict[tuple[int, int], EdgeKind]()
    for to in range(1, len(texts)):
        asks = reading.instructions or _TURNS_TO_US.search(texts[to]) is not None or _CALLS.search(texts[to]) is not None
        told.update(((before, to), _kind(texts[to])) for before in spoken_of(texts, to, types, asks=asks))
    for to, text in enumerate(texts):
        for before in mentioned(made, texts, to):
            consumes = reading.instructions and _CONSUMES.search(text)
            told.setdefault((before, to), EdgeKind.BODY if consumes else EdgeKind.SIGNATURE)
    for before, to in _changed_too(texts, symbols) if reading.instructions and symbols else ():
        if (before, to) not in told and (to, before) not in told:
            told[before, to] = EdgeKind.SIGNATURE
    yield from ((before, to, kind) for (before, to), kind in told.items())


_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_WITH_IT = re.compile(
    r"\b(?:us(?:es?|ing)|via|calls?|calling|returns?|returning|takes?|taking|accepts?|instead of|in terms of|on top of"
    r"|through)\b",
    re.IGNORECASE,
)


def _changed_too(texts: Sequence[str], symbols: frozenset[str]) -> Iterator[tuple[int, int]]:
    """ "Make read_u16 work unaligned, read_str should use read_u16": a piece that another element is to change."""
    named = [[name for name in map(str.lower, _IDENTIFIER.findall(text)) if name in symbols] for text in texts]
    changed = {names[0]: by for by, names in reversed(list(enumerate(named))) if names}
    for to, names in enumerate(named):
        used = _WITH_IT.search(texts[to])
        if used is not None:
            behind = set(map(str.lower, _IDENTIFIER.findall(texts[to], used.end()))) & set(names[1:])
            yield from sorted((changed[name], to) for name in behind if changed.get(name, to) != to)


def _kind(text: str) -> EdgeKind:
    """What an element needs of the answers that it speaks of."""
    if CALLS_IT.search(text):
        return EdgeKind.SIGNATURE
    writes = _USES.search(text) or _CALLS.search(text)
    return EdgeKind.SIGNATURE if writes and not _CONSUMES.search(text) else EdgeKind.BODY
