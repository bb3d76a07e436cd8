"""Level `serial` from end to end: a sequential program in, an MPI program out that was run against it, or the reason why not.

Rules share loops that only sum up; where none of those is verified, a language model proposes. Each program is compiled, run at
every rank count, compared with the serial program and looked at for shared work; what fails goes back to the model with the
finding. Limits: the model sees the whole project, which must fit its context; ``budget_s`` bounds all its answers together, not
the runs.
"""

from __future__ import annotations

from codepar.errors import EngineUnavailable, EnvironmentFault
from codepar.flows.asking import Asking
from codepar.flows.judging import call_court, is_verified, why_unverified
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.flows.mpi_result import MpiParallelization, Provenance
from codepar.flows.parallel_asker import Asker
from codepar.flows.parallel_court import ParallelCourt, open_court
from codepar.flows.parallel_tried import NOTHING_RUN, Tried, checked_serial, read_tried, rule_proposals, shown_files
from codepar.mpi.apply import unified_diff
from codepar.mpi.oracle import CommandRunner
from codepar.mpi.parallelize.sharing import Shares
from codepar.project import Project
from codepar.protocols import Executor, Generator, Progress
from codepar.settings import Settings


async def parallelize(
    request: MpiCompletionRequest,
    generator: Generator | None,
    executor: Executor | None,
    progress: Progress,
    settings: Settings | None = None,
    *,
    command: CommandRunner | None = None,
) -> MpiParallelization:
    """Answer a request of level `serial`. With ``verify`` false one answer a candidate comes back as the model gave it.

    Raises ``InvalidInput`` for what is no serial C or C++ program, ``EngineUnavailable`` where no rule helps and there is
    no model, ``EnvironmentFault`` without an executor.
    """
    options = request.options
    project = checked_serial(request.project)
    generator = generator if options.model else None
    proposed = rule_proposals(project, settings.cache_dir if settings else None)
    if generator is None and not proposed:
        raise EngineUnavailable(
            "no rule shares the loops of this program, and there is no language model to ask", remedy="codepar models pull"
        )
    if executor is None and options.verify:
        raise EnvironmentFault("nothing here can run programs", remedy="codepar doctor, or ask with verify false")
    court = None
    if executor is not None and options.verify:
        judged = request.model_copy(update={"options": options.model_copy(update={"serial": options.serial or project})})
        court = await open_court(call_court(judged, executor, progress, settings=settings, command=command), project)
    tried = await _by_rules(proposed, court, progress)
    asker = Asker(Asking(generator, options.budget_s), shown_files(project)) if generator is not None else None
    if asker is not None and not any(one.is_verified for one in tried):
        tried += await _rounds(request, project, asker, court, progress)
    tried.sort(key=lambda one: one.merit, reverse=True)
    return await _answer(project, tried, asker, court)


async def _by_rules(proposed: list[Tried], court: ParallelCourt | None, progress: Progress) -> list[Tried]:
    """The rules' proposals, judged in turn until one is verified; unjudged where nothing is run."""
    tried: list[Tried] = []
    for one in proposed:
        await _judge(one, tried, court)
        tried.append(one)
        if court is not None:
            await progress.report("attempt", one.event())
        if one.is_verified:
            break
    return tried


async def _rounds(
    request: MpiCompletionRequest, project: Project, asker: Asker, court: ParallelCourt | None, progress: Progress
) -> list[Tried]:
    """All answers: the candidates of a round are asked side by side and judged in turn; a verified one ends it."""
    options = request.options
    tried: list[Tried] = []
    last: dict[int, Tried | None] = dict.fromkeys(range(options.candidates))
    for turn in range(1 + (options.repair if court else 0)):
        await progress.report("proposing", {"round": turn, "candidates": len(last)})
        answers = await asker.ask(turn, {candidate: before.failure() if before else None for candidate, before in last.items()})
        last = dict.fromkeys(answers)
        for candidate, generation in answers.items():
            one = read_tried(candidate, turn, generation, project)
            await _judge(one, tried, court)
            tried.append(one)
            last[candidate] = one
            await progress.report("attempt", one.event())
        if any(one.is_verified for one in tried) or not last:
            break
    return tried


async def _judge(one: Tried, earlier: list[Tried], court: ParallelCourt | None) -> None:
    """Judge an answer, unless it is the same program as an earlier one."""
    if one.answer.problem is not None or one.project is None or court is None:
        return
    same = next((other for other in earlier if other.trial and other.answer.files == one.answer.files), None)
    one.trial = same.trial if same else await court.judge(one.project)


async def _answer(project: Project, tried: list[Tried], asker: Asker | None, court: ParallelCourt | None) -> MpiParallelization:
    best = next((one for one in tried if one.project is not None and one.answer.problem is None), None)
    before = project.files
    changed = {path: text for path, text in (best.answer.files if best else {}).items() if before[path] != text}
    path = next(iter(changed), project.sources()[0])
    known = best.trial.verdicts if best and best.trial else []
    verdicts = await court.rest(best.project, known) if court and best and best.project else []
    notes = list(asker.asking.notes) if asker else ["no language model was asked: the rules alone proposed"]
    if best and best.trial and best.trial.shares.unknown:
        notes.append(f"how the work is shared is not known: {best.trial.shares.unknown}")
    if best and best.project and best.project.build != project.build:
        notes.append(f"built by {best.project.build}, CC and CXX being MPI's compilers")
    reason = why_unverified(verdicts) if verdicts else NOTHING_RUN if court is None else None
    if best is None:
        reason = (tried[0].answer.problem if tried else None) or "the language model gave no answer"
    asked = any(one.rule is None for one in tried)
    capabilities = await asker.asking.generator.capabilities() if asker is not None and asked else None
    return MpiParallelization(
        source=changed.get(path, before[path]),
        path=path,
        diff="".join(unified_diff(name, before[name], text) for name, text in changed.items()),
        edits=(),
        dropped=(),
        verification=tuple(verdicts),
        verified=is_verified(verdicts),
        reason=reason,
        files=changed,
        candidate=best.name if best else "none",
        candidates=tuple(one.as_candidate(best) for one in tried),
        notes=tuple(notes),
        provenance=Provenance.of(capabilities),
        attempts=tuple(one.summary() for one in tried),
        shares=best.shares if best else Shares(),
    )
