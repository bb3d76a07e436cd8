"""The plan of a split request: waves of items that are asked side by side, the contract they all get, the closing step.

Signature and file edges are discharged by the contract, so caller and callee run in one wave; answers that are input of others,
and an order that is demanded, make later waves. Limits: nothing is asked here, and no costs are predicted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from codepar.errors import InvalidInput
from codepar.prompts.ask import fill
from codepar.prompts.blocks import code_language
from codepar.prompts.code import Unit, read_code
from codepar.prompts.items import Decomposition, EdgeKind, Item
from codepar.prompts.part_wording import PartWording
from codepar.prompts.request import Request
from codepar.prompts.targets import Targets
from codepar.prompts.variants import Variant, variants_of
from codepar.syntax.language import Language

_WAITS = frozenset({EdgeKind.BODY, EdgeKind.ORDER})
_MAX_DECLARATION = 400


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked for one item, and whose answers must be there before. ``own`` is the item alone, as ``prompt`` holds it."""

    item: str
    prompt: str
    needs: tuple[str, ...]
    own: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Waves of ids in the order they run, the steps by item, the ``contract`` (empty where no item needs another's declaration)
    and the closing wish over all answers, in the request's words."""

    waves: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    contract: str
    reduce: str | None


def plan_of(found: Decomposition, prompt: str, files: Mapping[str, str]) -> Plan:
    """The plan of a decomposition. Raises ``InvalidInput`` for a whole request, and where items wait for each other."""
    if not found.split or found.template is None:
        raise InvalidInput(f"the request stays whole: {found.reason}", remedy="ask it as it is")
    needs = _needs(found)
    contract = contract_of(found, files)
    head = f"{contract}\n\n" if contract else ""
    variants = variants_of(found, Request(prompt, files))
    parts = PartWording(found, Targets(found, prompt, files)) if PartWording.fits(found) else None
    steps = tuple(
        Step(item.id, head + parts.text(item.id), needs[item.id], item.text)
        if parts is not None and parts.takes(item.id)
        else _step(found, item, head, needs[item.id], variants.get(item.id))
        for item in found.items
    )
    closing = prompt.encode()[slice(*found.reduce)].decode() if found.reduce else None
    return Plan(_waves(needs), steps, contract, closing)


def _needs(found: Decomposition) -> dict[str, tuple[str, ...]]:
    needs: dict[str, tuple[str, ...]] = {item.id: () for item in found.items}
    for edge in found.edges:
        if edge.kind in _WAITS and edge.from_ not in needs[edge.to]:
            needs[edge.to] += (edge.from_,)
    return needs


def _step(found: Decomposition, item: Item, head: str, needs: tuple[str, ...], variant: Variant | None) -> Step:
    """The request with the item in its place. Of a counted item it asks for one, the same words for all, so that only the end
    differs: which one, and what sets it apart."""
    assert found.template is not None
    if variant is None:
        return Step(item.id, head + fill(found.template, item.text, found.context), needs, item.text)
    asked = fill(found.template, "1", found.context)
    return Step(item.id, f"{head}{asked}\n\n{variant.told}", needs, variant.told)


def _waves(needs: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    left, waves = dict(needs), list[tuple[str, ...]]()
    while left:
        wave = tuple(item for item, before in left.items() if left.keys().isdisjoint(before))
        if not wave:
            raise InvalidInput("items wait for each other's answers", remedy="ask the request as it is")
        waves.append(wave)
        for item in wave:
            del left[item]
    return tuple(waves)


def contract_of(found: Decomposition, files: Mapping[str, str]) -> str:
    """The declarations that other items rely on, as they stand in the request; every item gets the same text."""
    wanted = {edge.from_: edge.kind for edge in found.edges if edge.kind in {EdgeKind.SIGNATURE, EdgeKind.FILE}}
    lines = [line for item in found.items if item.id in wanted for line in _declarations(item, wanted[item.id])]
    if not lines:
        return ""
    return "\n".join(
        ["Other parts rely on these declarations; keep them as they are unless the request itself changes them:", *lines]
    )


def _declarations(item: Item, kind: EdgeKind) -> list[str]:
    language = code_language(item.file, item.text)
    code = read_code(item.text, language)
    units = [u for u in (*code.classes, *code.functions) if u.name.lower() != "main" and "static" not in u.marks]
    if kind is EdgeKind.SIGNATURE:
        units = units[:1]
    if not units:
        return [item.text.split("\n", 1)[0][:_MAX_DECLARATION]]
    return [declaration_of(code.data, unit, language) for unit in units]


def declaration_of(data: bytes, unit: Unit, language: Language) -> str:
    """A function without its body, a type with it."""
    text = data[unit.start : unit.end].decode(errors="replace")
    if unit.kind.value == "class" and language.is_c_family:
        return text[:_MAX_DECLARATION]
    if language is Language.PYTHON:
        head = re.match(r"(?:@[^\n]*\n\s*)*[^\n]*?(?:\n[^\n]*?)*?:(?=\s*(?:#[^\n]*)?\n)", text)
        return head[0] if head else text.split("\n", 1)[0]
    if language is Language.FORTRAN:
        return text.split("\n", 1)[0].strip()
    return " ".join(data[unit.start : unit.body_start].decode(errors="replace").split()) + ";"
