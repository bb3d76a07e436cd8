"""Items that a capability answers with a verdict: functions translated to CUDA or OpenMP, files that get their MPI calls.

Each is the flow that serves such a request by itself, one item at a time, for they share the machine that runs the tests. Limits:
a program of several files is completed with all those of its files that have no ``main`` of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from codepar.cuda.translation import Target
from codepar.errors import InvalidInput
from codepar.flows.candidates import trees_of
from codepar.flows.cuda_choice import chosen_functions
from codepar.flows.cuda_files import Written, joined, new_files
from codepar.flows.cuda_one import Found, Means, translate_one
from codepar.flows.cuda_places import in_files
from codepar.flows.cuda_request import CudaTranslationRequest, TranslationOptions
from codepar.flows.cuda_result import TranslatedFunction
from codepar.flows.cuda_verify import reproduce
from codepar.flows.decompose_check import FileCompiler
from codepar.flows.decompose_oracle import HINT
from codepar.flows.decompose_request import DecompositionOptions
from codepar.flows.decompose_result import Capability
from codepar.flows.decompose_wants import Want
from codepar.flows.levels import complete_level
from codepar.flows.mpi_request import CompletionOptions, MpiCompletionRequest
from codepar.flows.mpi_result import MpiCompletion
from codepar.flows.parallel_tried import checked_serial
from codepar.project import C_SUFFIXES, CXX_SUFFIXES, HEADER_SUFFIXES, Project
from codepar.prompts.splice import BYTE_ORDER_MARK

_C_LIKE = C_SUFFIXES | CXX_SUFFIXES | HEADER_SUFFIXES
_HAS_MAIN = re.compile(r"\bmain\s*\(")
_TARGETS = {Capability.CUDA: Target.CUDA, Capability.OPENMP: Target.OPENMP}


@dataclass(frozen=True)
class Judged:
    """One item's answer: ``text`` as a person reads it, whether it is ``verified``, and the flow's own result."""

    text: str
    verified: bool
    why: str | None
    is_there: bool
    translation: TranslatedFunction | None = None
    completion: MpiCompletion | None = None
    found: Found | None = None


def is_workable(want: Want, texts: Mapping[str, str]) -> str | None:
    """Why the capability cannot work on this at all, so that the model is asked as for any other item; None: it can."""
    try:
        if want.capability in _TARGETS:
            chosen_functions(_translation(want, texts, DecompositionOptions()))
        elif want.capability is Capability.MPI_PARALLELIZATION:
            checked_serial(_program(want.path, texts))
        else:
            trees_of(_program(want.path, texts), want.path)
    except (InvalidInput, ValueError) as fault:
        return str(fault)
    return None


async def judged(want: Want, texts: Mapping[str, str], options: DecompositionOptions, means: Means) -> Judged:
    """The answer of the capability. Raises what its flow raises."""
    # The tests put other code above a source, where a compiler takes the mark for a name.
    texts = {path: text.removeprefix(BYTE_ORDER_MARK) for path, text in texts.items()}
    if want.capability in _TARGETS:
        return await _translated(want, texts, options, means)
    return await _completed(want, texts, options, means)


async def _translated(want: Want, texts: Mapping[str, str], options: DecompositionOptions, means: Means) -> Judged:
    request = _translation(want, texts, options)
    chosen = chosen_functions(request)
    found = await translate_one(chosen.functions[0], request.options, means)
    found = replace(found, answer=in_files(found.answer, chosen.inlined[want.path]))
    one = found.answer
    how = f"{len(one.verdict.checks)} checks passed" if one.verified else f"unverified ({one.verdict.status}): {one.reason}"
    said = f"`{one.entry}`, {one.target} of `{one.function}`, " + (f"verified: {how}." if one.verified else f"{how}.")
    code = f"\n\n```{'cuda' if one.target is Target.CUDA else 'c'}\n{one.source.strip()}\n```" if one.source else ""
    return Judged(said + code, one.verified, None if one.verified else one.reason, bool(one.source), translation=one, found=found)


def _translation(want: Want, texts: Mapping[str, str], options: DecompositionOptions) -> CudaTranslationRequest:
    project = Project(files={path: text for path, text in texts.items() if PurePosixPath(path).suffix in _C_LIKE})
    chosen = TranslationOptions(
        function=want.function,
        file=want.path,
        target=_TARGETS[want.capability],
        budget_s=options.item_budget_s,
        seed=options.seed,
    )
    return CudaTranslationRequest(project=project, options=chosen)


async def _completed(want: Want, texts: Mapping[str, str], options: DecompositionOptions, means: Means) -> Judged:
    is_serial = want.capability is Capability.MPI_PARALLELIZATION
    chosen = {"level": "serial"} if is_serial else {"level": "declarations", "file": want.path}
    companion = None if is_serial else want.companion
    judged_by = dict(companion.options) if companion is not None else {}
    budget = min(options.item_budget_s, 600.0)
    request = MpiCompletionRequest(
        project=_program(want.path, texts), options=CompletionOptions.model_validate({**chosen, **judged_by, "budget_s": budget})
    )
    answer = await complete_level(request, means.generator, means.executor, means.progress, means.settings)
    why = answer.reason
    if not answer.verified and companion is None and not is_serial and answer.files:
        why = f"{why}; {HINT}"
    said = "verified" if answer.verified else f"unverified: {why}"
    said += f", judged by {companion.said}" if companion is not None else ""
    runs = ", ".join(f"{one.ranks} rank{'' if one.ranks == 1 else 's'}: {one.status}" for one in answer.verification)
    head = f"`{want.path}` with MPI, {said}{f' ({runs})' if runs else ''}."
    code = f"\n\n```{_label(want.path)}\n{answer.source.strip()}\n```" if answer.files else ""
    return Judged(head + code, answer.verified, None if answer.verified else why, bool(answer.files), completion=answer)


def _label(path: str) -> str:
    return "cpp" if PurePosixPath(path).suffix in CXX_SUFFIXES else "c"


def _program(path: str, texts: Mapping[str, str]) -> Project:
    """The file with what it may need: headers, and the sources that are no programs of their own."""
    return Project(
        files={
            name: text
            for name, text in texts.items()
            if name == path or (PurePosixPath(name).suffix in _C_LIKE and not _HAS_MAIN.search(text))
        }
    )


async def files_of(answers: Sequence[Judged], compiler: FileCompiler) -> dict[str, str]:
    """The new and changed files of all of them: translations of one source share a file where they compile together."""
    files: dict[str, str] = {}
    for one in answers:
        if one.completion is not None:
            files |= one.completion.files
    groups: dict[tuple[str, Target], list[Written]] = {}
    for one in answers:
        if one.found is not None and one.found.written is not None:
            written = one.found.written
            groups.setdefault((one.found.answer.path, written.target), []).append(written)
    for (path, _), several in groups.items():
        files |= await _translated_file(path, several, compiler)
    return files


async def _translated_file(path: str, written: Sequence[Written], compiler: FileCompiler) -> dict[str, str]:
    if len(written) == 1:
        return new_files(path, written, written[0].source)
    if written[0].target is not Target.CUDA:
        return new_files(path, written, None)
    whole = new_files(path, written, joined(written))
    name = next(name for name in whole if not name.endswith(".h"))
    if (await compiler.compiles(whole, name)).ok:
        return whole
    return new_files(path, written, None)


def with_command(one: Judged, files: Mapping[str, str]) -> Judged:
    """The answer with the command that judges it again, on the files of the patch."""
    found, answer = one.found, one.translation
    best = found.best.translation if found is not None and found.best is not None else None
    if found is None or found.written is None or answer is None or best is None:
        return one
    path = next((path for path, text in files.items() if not path.endswith(".h") and f"{answer.entry}(" in text), None)
    if path is None:
        return one
    command = reproduce(found.written.function, best, answer.verdict.seed, answer.path, path)
    verdict = answer.verdict.model_copy(update={"reproduce": command})
    return replace(one, translation=answer.model_copy(update={"verdict": verdict}))
