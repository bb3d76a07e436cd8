"""Translation from end to end: a sequential file or project in, parallel functions out, each with its verdict and its tests.

Rules propose first; what they leave goes to a language model, whose answers are ranked and repaired by tests that never judge.
Limits: one function at a time, in the order of the files; nothing that exists is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codepar.cuda.inline_headers import missing_headers
from codepar.cuda.translation import Target
from codepar.errors import EngineUnavailable, EnvironmentFault
from codepar.flows.cuda_choice import chosen_functions
from codepar.flows.cuda_files import Written, joined, new_files, patch_of
from codepar.flows.cuda_one import Found, Means, translate_one
from codepar.flows.cuda_places import in_files
from codepar.flows.cuda_request import CudaTranslationRequest
from codepar.flows.cuda_result import Cost, CudaTranslation, TranslatedFunction
from codepar.flows.cuda_verify import reproduce
from codepar.flows.provenance import ModelProvenance
from codepar.project import HEADER_SUFFIXES, Project
from codepar.protocols import Execution, Executor, Generator, Limits, Progress, Status
from codepar.settings import Settings

_JOINED = "joined.cu"


async def translate(
    request: CudaTranslationRequest,
    generator: Generator | None,
    executor: Executor | None,
    progress: Progress,
    settings: Settings | None = None,
) -> CudaTranslation:
    """Answer a request.

    Raises ``InvalidInput`` for what holds no such function, ``EngineUnavailable`` where the model alone may propose and there is
    none, ``EnvironmentFault`` without an executor.
    """
    options = request.options
    chosen = chosen_functions(request)
    if executor is None:
        raise EnvironmentFault("nothing here can run programs, so nothing could be verified", remedy="codepar doctor")
    if not options.rules and generator is None:
        raise EngineUnavailable("the rules were left out, and there is no language model to ask", remedy="codepar models pull")
    found: list[Found] = []
    means = Means(generator, executor, progress, settings or Settings())
    for function in chosen.functions:
        told = {"function": function.name, "path": function.path, "number": len(found) + 1, "of": len(chosen.functions)}
        await progress.report("function", told)
        one = await translate_one(function, options, means)
        found.append(replace(one, answer=in_files(one.answer, chosen.inlined[function.path])))
    files: dict[str, str] = {}
    for path in dict.fromkeys(one.answer.path for one in found):
        written = [one.written for one in found if one.answer.path == path and one.written is not None]
        files |= await _files_of(path, written, request.project, executor)
    asked = generator is not None and any(one.asked for one in found)
    capabilities = await generator.capabilities() if generator is not None and asked else None
    missing = [words for one in found if not one.answer.verified for words in missing_headers(chosen.inlined[one.answer.path])]
    notes = (*chosen.passed_over, *dict.fromkeys(missing))
    return _answer(found, notes, patch_of(request.project, files), files, ModelProvenance.of(capabilities))


async def _files_of(path: str, written: Sequence[Written], project: Project, executor: Executor) -> dict[str, str]:
    """The new files for one source: a single one where the functions compile together, else one for each."""
    if not written:
        return {}
    if len(written) == 1:
        return new_files(path, written, written[0].source)
    if written[0].target is not Target.CUDA:
        return new_files(path, written, None)
    text = joined(written)
    return new_files(path, written, text if await _compiles(text, project, executor) else None)


async def _compiles(text: str, project: Project, executor: Executor) -> bool:
    headers = {path: one for path, one in project.files.items() if any(path.endswith(end) for end in HEADER_SUFFIXES)}
    whole = Project(files={**headers, _JOINED: f"{text}\nint main() {{ return 0; }}\n"})
    result = await executor.execute(Execution(project=whole, emulate=True, limits=Limits(compile_s=120)))
    return result.status is Status.OK


def _reproducible(one: Found, files: dict[str, str]) -> TranslatedFunction:
    """The answer with the command that judges it again, on the files of the patch."""
    answer = one.answer
    path = next((path for path, text in files.items() if not path.endswith(".h") and f"{answer.entry}(" in text), None)
    translation = one.best.translation if one.best is not None else None
    if one.written is None or translation is None or path is None:
        return answer
    command = reproduce(one.written.function, translation, answer.verdict.seed, answer.path, path)
    return answer.model_copy(update={"verdict": answer.verdict.model_copy(update={"reproduce": command})})


def _answer(
    found: Sequence[Found], notes: Sequence[str], patch: str, files: dict[str, str], provenance: ModelProvenance
) -> CudaTranslation:
    answers = [_reproducible(one, files) for one in found]
    first = next((one for one in answers if not one.verified), answers[0])
    cost = Cost()
    for one in answers:
        cost = cost.plus(one.cost)
    fields = {name: getattr(first, name) for name in type(first).model_fields}
    fields |= {"verified": all(one.verified for one in answers), "notes": (*notes, *first.notes), "cost": cost}
    return CudaTranslation(**fields, patch=patch, files=files, translations=tuple(answers), provenance=provenance)
