"""What can be scored on decomposition: a prompt with its attachments in, its parts out.

Limits: a system here answers within this process; one elsewhere takes part as a file of samples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from codepar.errors import InvalidInput
from codepar.prompts.extract import extract
from codepar.prompts.items import Decomposition, Item, Refusal

Decomposer = Callable[[str, Mapping[str, str]], Decomposition]
DECOMPOSERS: Mapping[str, str] = {
    "whole": "nothing is ever split",
    "lists": "each line with a bullet or a number is an item, wherever it stands",
    "default": "what `codepar split` extracts without a model",
}
_LISTED = re.compile(r"^[ \t]*(?:[-*+•・]|\(?(?:\d{1,3}|[a-z])[.)、])[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)


def open_decomposer(name: str) -> Decomposer:
    """A system by name. Raises ``InvalidInput`` for one that is not known."""
    if name not in DECOMPOSERS:
        raise InvalidInput(f"there is no system {name!r}", remedy=f"one of {', '.join(DECOMPOSERS)}, or a file of samples")
    return {"whole": _whole, "lists": _lists, "default": extract}[name]


def _whole(_prompt: str, _files: Mapping[str, str]) -> Decomposition:
    return Decomposition(split=False, reason="nothing is ever split", refusal=Refusal.ONE_TASK)


def _lists(prompt: str, files: Mapping[str, str]) -> Decomposition:
    found = [(line.start(1), line.end(1)) for line in _LISTED.finditer(prompt)]
    if len(found) < 2:
        return _whole(prompt, files)
    before = [len(prompt[:start].encode()) for start, _ in found]
    items = tuple(
        Item(id=str(number), text=prompt[start:end], span=(at, at + len(prompt[start:end].encode())))
        for number, ((start, end), at) in enumerate(zip(found, before, strict=True), 1)
    )
    return Decomposition(split=True, reason="lines of a list", items=items)
