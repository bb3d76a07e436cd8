"""The request for one piece of code among several: the request's words, the code around, the piece, what is asked of it alone.

All but the piece and the last line are the same bytes for every item. A model that is shown a list of names and one of the
functions does not know which it is to answer, so the last line says it. Limits: English words around the request's own; a
request that only reads code is not told to be brief.
"""

from __future__ import annotations

import re

from codepar.prompts.ask import CONTEXT, DATA, fill
from codepar.prompts.items import Decomposition
from codepar.prompts.lexicon import Tag
from codepar.prompts.targets import Target, TargetKind, Targets
from codepar.syntax.language import Language

_LABELS = {
    Language.C: "c",
    Language.CXX: "cpp",
    Language.CUDA: "cuda",
    Language.FORTRAN: "fortran",
    Language.PYTHON: "python",
}
_FENCE = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)
_AROUND = "The code around, to read and not to answer:"
_ONE = "Parts of this request are answered one by one. This is the part to answer now:"


class PartWording:
    """Words the parts of one request; ``takes`` tells which items are pieces of code that stand behind the request's words."""

    def __init__(self, found: Decomposition, targets: Targets) -> None:
        assert found.template is not None
        self._targets = targets
        self._label = next((_LABELS[one.language] for one in targets.all if one.language in _LABELS), "")
        words = found.template.removesuffix(DATA).rstrip()
        around = f"{_AROUND}\n{fenced(found.context, self._label)}" if found.context else ""
        self._beginning = f"{fill(words, '', around).rstrip()}\n\n{_ONE}"

    @staticmethod
    def fits(found: Decomposition) -> bool:
        """Whether the template has its place for the item at the end, by itself, as it has for code."""
        template = (found.template or "").removesuffix(DATA)
        return template != found.template and template.endswith("\n\n") and DATA not in template.replace(CONTEXT, "")

    def takes(self, item: str) -> bool:
        """Whether the item is a piece of code or a file."""
        return self._targets[item].kind is not TargetKind.WORDS

    def text(self, item: str) -> str:
        """The request for the item."""
        target = self._targets[item]
        return f"{self._beginning}\n{fenced(target.item.text, self._label)}\n\n{_last_line(target)}"


def _last_line(target: Target) -> str:
    name = target.title if target.kind is TargetKind.FILE or (target.unit is not None and target.unit.name) else "this code"
    if target.act is Tag.CHANGE:
        # "Give what is asked for {name}" had a small model explain one function in twelve instead of changing it.
        return f"Give the new code of {name} alone, whole, in one block of code with at most one sentence; repeat no other code."
    if target.wants_comments:
        return f"Give {name} alone, whole, with the comments that are asked for, in one block of code; change none of its code."
    return f"Answer for {name} alone and repeat no other code; the other parts are answered elsewhere."


def fenced(text: str, label: str) -> str:
    """``text`` as a block of code, in a fence that it does not contain."""
    longest = max((len(match[1]) for match in _FENCE.finditer(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{label}\n{text.strip(chr(10))}\n{fence}"
