"""Alternatives that are looked for quickly: words as a tree of their letters, phrases where a word begins and nowhere else.

``re`` tries the alternatives of ``a|b|c`` one by one at each character. Limits: of phrases nothing but the ``\\b`` that most
begin with is made use of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

_END = ""
_Tree: TypeAlias = dict[str, "_Tree"]
"""What may follow, by its first letter; ``_END`` where a word ends."""
_PHRASE = re.compile(r"\\b(?=\w|\(\?:\w|\\w|\[a-z)")


def any_of(words: Iterable[str]) -> str:
    """A pattern of what ``"|".join`` of the words, the longest first, would find."""
    tree: _Tree = {}
    for word in words:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[_END] = {}
    return _pattern(tree)


def _pattern(tree: _Tree) -> str:
    branches = [re.escape(letter) + _pattern(below) for letter, below in tree.items() if letter != _END]
    if not branches:
        return ""
    whole = branches[0] if len(branches) == 1 and _END not in tree else f"(?:{'|'.join(branches)})"
    return f"{whole}?" if _END in tree else whole


def phrases(pattern: str) -> re.Pattern[str]:
    """``pattern``, without regard to case; those of its alternatives that begin a word are tried where one begins.

    At the same place they come before the others, so that what matches may differ in length, not in place.
    """
    alternatives = _alternatives(pattern)
    begun = [one.removeprefix(r"\b") for one in alternatives if _PHRASE.match(one)]
    others = [one for one in alternatives if not _PHRASE.match(one)]
    return re.compile("|".join([*([rf"\b(?=\w)(?:{'|'.join(begun)})"] if begun else []), *others]), re.IGNORECASE)


_BARS = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|[()|]", re.DOTALL)


def _alternatives(pattern: str) -> list[str]:
    """What stands between the bars that are in no group."""
    bounds, depth = [-1], 0
    for mark in _BARS.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if mark[0] == "|" and depth == 0:
            bounds.append(mark.start())
    return [pattern[low + 1 : high] for low, high in zip(bounds, [*bounds[1:], len(pattern)], strict=True)]
