"""The answers of a run joined: chat answers by ``codepar.prompts.merge``, translations and completions by their own files.

What compiles by itself may not compile together: then the answer that breaks it is found and left out. Limits: the search adds
answers one by one, for at most ``_MOST_SEARCHED`` of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codepar.flows.cuda_files import patch_of
from codepar.flows.decompose_accept import for_compiler
from codepar.flows.decompose_judged import files_of, with_command
from codepar.flows.decompose_parts import PartsRun
from codepar.flows.decompose_result import ItemResult
from codepar.project import Project
from codepar.prompts.merge import heading
from codepar.prompts.merged import FindingKind, Form, Merged, MergeFinding, Placement
from codepar.prompts.targets import Target

_MOST_SEARCHED = 32


@dataclass(frozen=True)
class Joined:
    """What a person gets."""

    answers: tuple[ItemResult, ...]
    text: str
    files: dict[str, str]
    patch: str
    compiled: bool | None
    findings: tuple[MergeFinding, ...]


async def join(run: PartsRun) -> Joined:
    """Join what is there, be it all or a part."""
    merger, compiler = run.prepared.merger, run.acceptance.compiler
    asked = {item: one.answer for item, one in run.results.items() if one.ok and item not in run.judged}
    merged, compiled, conflicts = await _compiled_together(run, asked)
    judged_files = await files_of(list(run.judged.values()), compiler)
    both = merged.files.keys() & judged_files.keys()
    for path in sorted(both):
        run.notes.append(f"{path}: the verified answer stays, the others that change this file are in the text alone")
    files = {**merged.files, **judged_files}
    placed = {one.item: one for one in merged.placements if one.file not in both}
    answers = tuple(_placed(run, item.id, placed, judged_files) for item in run.prepared.found.items if item.id in run.results)
    texts = merger.targets.texts()
    return Joined(
        answers=answers,
        text=_text(run, answers),
        files=files,
        patch=patch_of(Project(files=texts), files) if texts else patch_of(Project.of_source(""), files),
        compiled=compiled,
        findings=(*merged.findings, *conflicts),
    )


def _placed(run: PartsRun, item: str, placed: Mapping[str, Placement], judged_files: Mapping[str, str]) -> ItemResult:
    result = run.results[item]
    if item in run.judged:
        one = with_command(run.judged[item], judged_files)
        answer = one.translation
        named = None if answer is None else next((p for p, t in judged_files.items() if f"{answer.entry}(" in t), None)
        path = named if one.completion is None else one.completion.path
        return result.model_copy(update={"translation": answer, "file": path if result.ok else None})
    place = placed.get(item)
    return result if place is None else result.model_copy(update={"form": place.form, "file": place.file})


def _text(run: PartsRun, answers: tuple[ItemResult, ...]) -> str:
    """Every answer under its item, then what is said of all of them."""
    targets = run.prepared.merger.targets
    pieces = [item_text(targets[one.id], one) for one in answers]
    if run.whole is not None and run.whole.strip() and any(not one.ok for one in answers):
        pieces.append(f"### The request as a whole\n\n{run.whole.strip()}")
    if run.closing is not None:
        pieces.append(run.closing.strip())
    return "\n\n".join(pieces)


def item_text(target: Target, result: ItemResult) -> str:
    """An answer under its item; without an accepted one, why, and what there is."""
    if result.ok:
        return heading(target) + result.answer.strip()
    there = f"\n\n{result.answer.strip()}" if result.answer.strip() else ""
    return f"{heading(target)}(No accepted answer: {result.why}){there}"


async def _compiled_together(run: PartsRun, asked: Mapping[str, str]) -> tuple[Merged, bool | None, list[MergeFinding]]:
    """The merge of all, or of those that compile together."""
    merger = run.prepared.merger
    merged = merger.merge(asked)
    compiled, _ = await _compiles(run, merged)
    if compiled is not False or len(merged.placements) > _MOST_SEARCHED:
        return merged, compiled, []
    kept: dict[str, str] = {}
    conflicts: list[MergeFinding] = []
    for item, answer in ((one.id, asked[one.id]) for one in run.prepared.found.items if one.id in asked):
        trial = merger.merge({**kept, item: answer})
        outcome, why = await _compiles(run, trial)
        if outcome is False:
            message = f"beside the answers before it, {why}; it is in the text alone"
            conflicts.append(MergeFinding(kind=FindingKind.CONFLICT, items=(item,), message=message))
        else:
            kept[item] = answer
    merged = merger.merge(kept)
    for one in conflicts:
        extra = Placement(item=one.items[0], form=Form.TEXT)
        merged = merged.model_copy(update={"placements": (*merged.placements, extra)})
    return merged, (await _compiles(run, merged))[0], conflicts


async def _compiles(run: PartsRun, merged: Merged) -> tuple[bool | None, str]:
    """Whether all changed files compile; None where none of them could be tried."""
    targets = run.prepared.merger.targets
    by_path = {one.file: targets[one.item] for one in merged.placements if one.file is not None and one.file in merged.files}
    outcomes = []
    for path, target in by_path.items():
        files, place = for_compiler(target, merged.files, path)
        outcome = await run.acceptance.compiler.compiles(files, place)
        if outcome.ok is False:
            return False, outcome.reason
        outcomes.append(outcome.ok)
    return (True if any(outcomes) else None), ""
