"""Requests with what is known of their items: the parts of codepp that may be learned from, and prompts of JSONL files.

A row of a file has ``source``, ``prompt``, ``files``, ``split`` and ``items`` (``[file, start, end]`` in bytes, file null in the
prompt). Of the older own prompts (``own_prompts.jsonl``) some tell the decision alone, and some only that no words are items:
there the rules, which were written after them, say the rest. Limits: where they do not agree with such a row it is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codepar.errors import InvalidInput
from codepar.prompts.code_elements import element_of, file_element
from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import decomposed, found_in
from codepar.prompts.piece_features import pieces_of
from codepar.prompts.reading import Element, Kind, Reading
from codepar.prompts.request import Place, Request
from evaluators.benchmarks.codepp import Part, load_part

PARTS: tuple[Part, ...] = ("development", "practice", "practice2", "practice3", "generated")
"""The parts of codepp that may be learned from."""


@dataclass(frozen=True)
class Labelled:
    """A request. ``items``: their places in order; None where it is only known that there are some.

    ``is_known``: rules were written after it, so that what they make of it shows nothing.
    """

    source: str
    prompt: str
    files: Mapping[str, str]
    several: bool
    items: tuple[Place, ...] | None
    is_known: bool = False


def of_parts(parts: Sequence[Part] = PARTS) -> Iterator[Labelled]:
    """The prompts of codepp."""
    for part in parts:
        for case in load_part(part):
            items = tuple(Place(item.file, *item.span) for item in case.gold.items)
            yield Labelled(part, case.prompt.text, case.prompt.files, case.gold.split, items, is_known=True)


def of_file(path: Path) -> Iterator[Labelled]:
    """The prompts of a JSONL file of either kind; the older ones are known. Raises ``InvalidInput`` for a line that is none."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            found = _full(row) if "items" in row else _older(row)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"{path}, line {number} is no labelled prompt: {error}", remedy="mend the line") from error
        if found is not None:
            yield found


def _full(row: Mapping[str, Any]) -> Labelled:
    items = tuple(Place(file, low, high) for file, low, high in row["items"])
    return Labelled(row["source"], row["prompt"], row["files"], bool(row["split"]), items)


def _older(row: Mapping[str, Any]) -> Labelled | None:
    """A row of ``own_prompts.jsonl``; None where it cannot be told whether there are items."""
    tells = bool(row["starts"] or row.get("pieces") or row.get("counts") or len(row.get("names", ())) > 1)
    several = row.get("split", tells)
    if not several and "split" not in row and not row["source"].startswith("voice"):
        return _by_rules(row)
    items = _older_items(row) if several else ()
    return Labelled(row["source"], row["prompt"], row["files"], several, items, is_known=True)


def _by_rules(row: Mapping[str, Any]) -> Labelled | None:
    discourse = Discourse(Request(row["prompt"], row["files"]))
    found = found_in(discourse)
    items: tuple[Place, ...] = ()
    if isinstance(found, Reading) and decomposed(discourse, found).split:
        if found.kind is Kind.WORDS:
            return None
        items = tuple(element.place for element in found.elements)
    return Labelled(row["source"], row["prompt"], row["files"], bool(items), items, is_known=True)


def _older_items(row: Mapping[str, Any]) -> tuple[Place, ...] | None:
    discourse = Discourse(Request(row["prompt"], row["files"]))
    place = discourse.request.place
    if len(row.get("ends", ())) == len(row["starts"]) > 1:
        return tuple(place(low, high) for low, high in zip(row["starts"], row["ends"], strict=True))
    if row.get("counts"):
        return tuple(place(low, high) for low, high, number in row["counts"] for _ in range(number))
    if row.get("names") and not row["starts"]:
        return _named(discourse, row["names"])
    return tuple(one.place for one in pieces_of(discourse)) if row.get("pieces") else None


def _named(discourse: Discourse, names: Sequence[str]) -> tuple[Place, ...] | None:
    known: dict[str, Element] = {}
    for source in discourse.request.sources:
        if source.code is None:
            continue
        if source.is_attached and source.name:
            known.setdefault(source.name.lower(), file_element(source))
        for unit in (*source.code.functions, *source.code.methods, *source.code.classes):
            known.setdefault(unit.name.lower(), element_of(source, unit))
    found = [known.get(name.strip().lower()) for name in names]
    places = [one.place for one in found if one is not None]
    return tuple(sorted(places, key=lambda one: (one.file or "", one.start))) if len(places) == len(found) else None
