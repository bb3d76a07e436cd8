"""A piece of code that a request names in one breath with others, and that is not there: "`f`, `g` and `h`" where no `h` is.

Limits: names marked as code, qualified or with parentheses, and files by their suffix; a plain word is not taken for a name.
"""

from __future__ import annotations

import re

from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.names import name_of
from codepar.prompts.reading import Kind, Reading
from codepar.prompts.references import separates
from codepar.prompts.tokens import Token

_NEAR = 3
_FILE = re.compile(r"[\w/-]+\.[a-z]\w{0,4}")


def absent_name(discourse: Discourse, reading: Reading) -> str | None:
    """The first name beside those of the elements that neither the code nor the attachments have."""
    if reading.kind not in {Kind.CODE, Kind.FILE} or not any(element.source is not None for element in reading.elements):
        return None
    names = {part for e in reading.elements for part in (e.name.lower(), *re.split("/|::", e.name.lower())[-1:])}
    for sentence in discourse.spoken:
        tokens = sentence.tokens
        there = [index for index, token in enumerate(tokens) if _unqualified(token) in names or name_of(token).lower() in names]
        for index, token in enumerate(tokens) if there else ():
            if _is_name(token, reading.kind) and _in_series(tokens, index, there) and not _is_known(discourse, token):
                return name_of(token)
    return None


def _is_name(token: Token, kind: Kind) -> bool:
    if kind is Kind.FILE:
        return token.is_file or _FILE.fullmatch(name_of(token)) is not None
    name = name_of(token).replace("::", "")
    marked = token.quoted or token.text.endswith("()") or "::" in token.text
    return marked and not token.is_file and name.isidentifier() and not name.startswith("__") and " " not in token.text


def _unqualified(token: Token) -> str:
    """The last part of `Matrix::transpose`, in lower case."""
    return name_of(token).lower().rsplit("::", 1)[-1]


def _in_series(tokens: tuple[Token, ...], index: int, there: list[int]) -> bool:
    """Whether only commas and conjunctions stand between it and a name that is there; or "..., and `h` as well" behind them."""
    return _is_added(tokens, index, max(there)) or any(_is_beside(tokens, *sorted((index, other))) for other in there)


def _is_added(tokens: tuple[Token, ...], index: int, last: int) -> bool:
    behind = tuple(token.text for token in tokens[index + 1 : index + 3])
    return last < index and separates(tokens[index - 1]) and (behind == ("as", "well") or behind[:1] in {("too",), ("likewise",)})


def _is_beside(tokens: tuple[Token, ...], low: int, high: int) -> bool:
    between = tokens[low + 1 : high]
    return 0 < len(between) <= _NEAR and all(separates(token) or token.has(Tag.AND, Tag.THE) for token in between)


def _is_known(discourse: Discourse, token: Token) -> bool:
    name, request = _unqualified(token), discourse.request
    if _FILE.fullmatch(name):
        return any(name in one.lower() for one in (*request.files, *(source.name or "" for source in request.sources)))
    return any(name in source.text.lower() for source in request.sources)
