"""Checks a decomposition against its request: every item grounded, nothing of the request lost, edges that can be carried out.

The same rules hold for items found here and for items that a model names. Limits: words are compared, not their sense.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise

from codepar.prompts.ask import CONTEXT, DATA, fill
from codepar.prompts.items import Decomposition, EdgeKind, Item
from codepar.protocols import Record

_WORD = re.compile(r"[^\W\u3040-\u9fff]+|[\u3040-\u9fff]")
# What stands between the elements of a list and belongs to none.
_BETWEEN = frozenset(
    "and or also then plus und oder sowie dann y e o luego и или затем please pls first second third"
    " fourth fifth firstly secondly thirdly one two three four five eins zwei drei uno dos tres"
    " task question step item part exercise problem request point job todo thing aufgabe frage teil punkt übung schritt tarea"
    " pregunta parte ejercicio punto задача задание вопрос часть пункт упражнение"
    " finally lastly erstens zweitens drittens viertens primero segundo tercero".split()
)
_NUMBERING = re.compile(
    r"q?\d{1,5}|[a-z]|[・第題题]|[ivx]+|[一二三四五六七八九十①-⑳]+|第[一二三四五六七八九十]+|[和と及]|以及|然后|最后|首先|其次"
)


class Fault(StrEnum):
    """What is wrong with a decomposition."""

    UNGROUNDED = "ungrounded"
    """The span of an item does not hold its text."""
    OVERLAP = "overlap"
    """Items share bytes without being one counted place."""
    NO_TEMPLATE = "no_template"
    """The template lacks ``{data}``, or has ``{context}`` without a context (or the reverse)."""
    LOST = "lost"
    """Words of the request are in no item, not in the template and not in the context."""
    CYCLE = "cycle"
    """Items wait for each other's answers."""


class Finding(Record):
    """One fault and where."""

    fault: Fault
    message: str


def validate(found: Decomposition, prompt: str, files: Mapping[str, str]) -> tuple[Finding, ...]:
    """The faults of a decomposition, none for a whole request. Spans are bytes of ``prompt`` and of ``files``."""
    if not found.split:
        return ()
    sources: dict[str | None, bytes] = {name: text.encode() for name, text in files.items()}
    sources[None] = prompt.encode()
    findings = [*_ungrounded(found, sources), *_overlaps(found), *_template_faults(found)]
    lost = _lost(found, prompt)
    if lost:
        findings.append(Finding(fault=Fault.LOST, message="in no item and not in the template: " + ", ".join(sorted(lost)[:8])))
    if not _can_end(found):
        findings.append(Finding(fault=Fault.CYCLE, message="items wait for each other's answers"))
    return tuple(findings)


def _ungrounded(found: Decomposition, sources: Mapping[str | None, bytes]) -> list[Finding]:
    return [
        Finding(fault=Fault.UNGROUNDED, message=f"item {item.id} is not at bytes {item.span[0]} to {item.span[1]}")
        for item in found.items
        if sources.get(item.file, b"")[slice(*item.span)] != item.text.encode()
    ]


def _overlaps(found: Decomposition) -> list[Finding]:
    places = sorted({(item.file or "", *item.span) for item in found.items})
    return [
        Finding(fault=Fault.OVERLAP, message=f"two items share byte {start} of {file or 'the prompt'}")
        for (file, _, end), (other, start, _) in pairwise(places)
        if file == other and start < end
    ]


def _template_faults(found: Decomposition) -> list[Finding]:
    template = found.template or ""
    if DATA not in template or (CONTEXT in template) != bool(found.context):
        return [
            Finding(fault=Fault.NO_TEMPLATE, message="the template needs {data} once, and {context} where there is a context")
        ]
    return []


def _lost(found: Decomposition, prompt: str) -> set[str]:
    """The words that are more often in the prompt than in template, context and distinct items together."""
    kept = Counter(_words(fill(found.template or "", "", found.context)))
    for item in {(item.file, item.span): item for item in found.items}.values():
        kept.update(_words(_in_prompt(item)))
    missing = Counter(_words(prompt)) - kept
    named = {word for item in found.items if item.file for word in _words(item.file)}
    named |= {
        word
        for block in re.findall(r"^[ \t]*(?:```|~~~)([^\n]*)$|^[^\w\n]*([\w./+-]+\.\w+)[^\w\n]*$", prompt, re.MULTILINE)
        for part in block
        for word in _words(part)
    }
    return {word for word in missing if word not in _BETWEEN and word not in named and not _NUMBERING.fullmatch(word)}


def _in_prompt(item: Item) -> str:
    return "" if item.file else item.text


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _can_end(found: Decomposition) -> bool:
    """Whether the edges that wait for answers can be put in an order."""
    waits = {
        item.id: {edge.from_ for edge in found.edges if edge.to == item.id and edge.kind in {EdgeKind.BODY, EdgeKind.ORDER}}
        for item in found.items
    }
    while waits:
        free = {item for item, before in waits.items() if not before & waits.keys()}
        if not free:
            return False
        waits = {item: before for item, before in waits.items() if item not in free}
    return True
