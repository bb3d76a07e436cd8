"""Many words as one pattern: a tree of their letters, so that a text that has none of them is told by its first letter.

``re`` tries the words of ``a|b|c`` one by one. Limits: words alone, no patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_END = ""


def any_of(words: Iterable[str]) -> str:
    """A pattern of what ``"|".join`` of the words, the longest first, would find."""
    tree: dict[str, dict] = {}  # type: ignore[type-arg]  # a tree of itself
    for word in words:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[_END] = {}
    return _pattern(tree)


def _pattern(tree: dict[str, dict]) -> str:  # type: ignore[type-arg]  # a tree of itself
    branches = [re.escape(letter) + _pattern(below) for letter, below in tree.items() if letter != _END]
    if not branches:
        return ""
    whole = branches[0] if len(branches) == 1 and _END not in tree else f"(?:{'|'.join(branches)})"
    return f"{whole}?" if _END in tree else whole
