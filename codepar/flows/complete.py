"""MPI completion from end to end: propose calls, run the candidates, return the first that is verified.

Limits: candidates are tried in order of what they promise, not searched exhaustively; ``budget_s`` bounds the language model.
What went wrong on the way (no model, an answer without sense) is said in ``notes``, never silently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from codepar.errors import EnvironmentFault, ToolMissing
from codepar.flows.candidates import Candidate, Found, ask_model, completers_of, cursor_candidates, rule_candidates
from codepar.flows.foreign import ForeignProject, check_readable, foreign_project
from codepar.flows.judging import Court, call_court, is_undecided, is_verified, why_unverified
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.flows.mpi_result import Baseline, CandidateSummary, MpiCompletion, Provenance
from codepar.mpi.apply import unified_diff
from codepar.mpi.calibration import calibrated
from codepar.mpi.complete import Completer
from codepar.mpi.headers import Signatures, load_signatures
from codepar.mpi.oracle import CommandRunner
from codepar.mpi.proposal import Dropped, Edit
from codepar.project import Project
from codepar.protocols import Executor, Generator, Progress, Status, Verdict
from codepar.settings import Settings

_NOTHING_RUN = "nothing was run: verification was not asked for, or nothing here can run programs"


@dataclass
class _Trial:
    """A candidate with the verdicts known so far."""

    candidate: Candidate
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def merit(self) -> tuple[bool, bool, int]:
        """Larger is better: verified, then not empty-handed, then how far the first run came."""
        status = self.verdicts[0].status if self.verdicts else None
        far = (
            {Status.OK: 3, Status.NOT_PARALLEL: 2, Status.WRONG_OUTPUT: 2, Status.COMPILE_ERROR: 0}.get(status, 1)
            if status
            else 3
        )
        return (is_verified(self.verdicts), self.candidate.count > 0, far)

    @property
    def is_final(self) -> bool:
        """Whether no other candidate could fare better."""
        return is_verified(self.verdicts) or is_undecided(self.verdicts)


async def complete(
    request: MpiCompletionRequest,
    generator: Generator | None,
    executor: Executor | None,
    progress: Progress,
    settings: Settings | None = None,
    *,
    command: CommandRunner | None = None,
) -> MpiCompletion:
    """Answer one request. With ``verify`` false nothing is run and the answer is unverified.

    Where this host lacks what another language than C needs to run, and no oracle was given, that is a note. Raises
    ``InvalidInput`` where there is nothing to complete, ``EnvironmentFault`` without executor or ``mpi.h``.
    """
    options = request.options
    at_cursor = options.line is not None
    judging = options.verify and not (at_cursor and not options.has_oracle)
    if executor is None and judging:
        raise EnvironmentFault("nothing here can run programs", remedy="codepar doctor, or ask with verify false")
    signatures = load_signatures(cache=settings.cache_dir if settings else None)
    foreign = foreign_project(request.project, options.file, signatures)
    if foreign is not None and at_cursor:
        check_readable(request, signatures)
    project, only = (request.project, options.file) if foreign is None else (foreign.as_c, None)
    declares = options.level != "calls" and foreign is None
    completers = completers_of(project, signatures, only, declares=declares, least=options.abstain)
    court = None
    if executor is not None and judging:
        court = call_court(request, executor, progress, settings=settings, command=command)
    await progress.report("proposing", {"files": list(completers if foreign is None else foreign.programs)})
    asked = generator if options.model else None
    if at_cursor:
        completer = next(iter(completers.values()))
        found = await cursor_candidates(request, request.project, completer, asked)
        trials = await _try_rest(found, [], court)
    elif foreign is not None:
        found = await _foreign(foreign, request, completers, asked, thorough=court is not None)
        try:
            trials = await _try_rest(found, [], court)
        except ToolMissing as missing:
            if options.has_oracle:
                raise
            found.notes.append(f"nothing was run: {missing}")
            court, trials = None, await _try_rest(found, [], None)
    else:
        found = rule_candidates(request.project, completers)
        trials = await _ask_and_try(found, request, completers, asked, court)
    if generator is None and options.model:
        found.notes.append("no language model is installed or reachable: the rules alone proposed (codepar models pull)")
    # Of equals the one that was offered first: max keeps the first it sees.
    best = max(sorted(trials, key=lambda trial: found.place_of(trial.candidate)), key=lambda trial: trial.merit)
    verdicts = await court.verdicts(best.candidate.project, best.verdicts) if court else []
    baseline = await _baseline(found, trials, court)
    answer = _answer(request, found, trials, _Trial(best.candidate, verdicts))
    provenance = await _provenance(generator if found.answered else None, signatures)
    return answer.model_copy(update={"baseline": baseline, "provenance": provenance})


async def _foreign(
    foreign: ForeignProject,
    request: MpiCompletionRequest,
    completers: Mapping[str, Completer],
    generator: Generator | None,
    *,
    thorough: bool,
) -> Found:
    """Candidates for the reading as C, turned back into the project's language."""
    found = rule_candidates(foreign.as_c, completers)
    if generator is not None and not foreign.is_complete:
        await ask_model(found, foreign.as_c, completers, generator, request.options.budget_s, thorough=thorough)
    return foreign.turn_back(found)


async def _ask_and_try(
    found: Found,
    request: MpiCompletionRequest,
    completers: Mapping[str, Completer],
    generator: Generator | None,
    court: Court | None,
) -> list[_Trial]:
    """Judge the rules' answer while the model thinks, then the others until one is verified."""
    if generator is None:
        return await _try_rest(found, [], court)
    if court is None:
        await ask_model(found, request.project, completers, generator, request.options.budget_s)
        return await _try_rest(found, [], court)
    asked = ask_model(found, request.project, completers, generator, request.options.budget_s, thorough=True)
    asking = asyncio.create_task(asked)
    try:
        first = await _trial(found.candidates[0], court)
        await asking
    finally:
        asking.cancel()
    return await _try_rest(found, [first], court)


async def _try_rest(found: Found, trials: list[_Trial], court: Court | None) -> list[_Trial]:
    """Judge the candidates that follow in turn, until one is verified or nobody can say."""
    for candidate in found.candidates:
        if trials and (court is None or trials[-1].is_final):
            break
        if all(trial.candidate is not candidate for trial in trials):
            trials.append(await _trial(candidate, court))
    return trials


async def _trial(candidate: Candidate, court: Court | None) -> _Trial:
    trial = _Trial(candidate)
    if court is not None:
        trial.verdicts = await _judge(court, candidate.project)
        first = trial.verdicts[0]
        data = {"name": candidate.name, "ranks": first.ranks, "status": first.status.value, "agrees": first.agrees}
        await court.progress.report("candidate", data)
    return trial


async def _judge(court: Court, project: Project) -> list[Verdict]:
    """Verdicts up to the first rank count that fails, the largest count first."""
    verdicts: list[Verdict] = []
    for ranks in sorted(court.options.ranks, reverse=True):
        verdicts.append(await court.verdict(project, ranks, hurried=True))
        if not is_verified(verdicts) and not is_undecided(verdicts):
            break
    return verdicts


async def _baseline(found: Found, trials: list[_Trial], court: Court | None) -> Baseline:
    """What became of the four-call rule; the trial is reused where it was one of the candidates."""
    project = found.baseline.project
    known = next((trial.verdicts for trial in trials if trial.verdicts and trial.candidate.project.files == project.files), None)
    if court is not None and known is None:
        known = await _judge(court, project)
    verified = is_verified(known) if known is not None else None
    return Baseline(edits=tuple(map(calibrated, found.baseline.all_edits())), verified=verified, verification=tuple(known or ()))


async def _provenance(generator: Generator | None, signatures: Signatures) -> Provenance:
    capabilities = await generator.capabilities() if generator is not None else None
    scorer = capabilities.site_model if capabilities is not None and capabilities.sites else None
    return Provenance.of(capabilities).model_copy(update={"site_model": scorer, "mpi_header": str(signatures.path)})


def _answer(request: MpiCompletionRequest, found: Found, trials: list[_Trial], best: _Trial) -> MpiCompletion:
    before, after = request.project.files, best.candidate.project.files
    changed = {path: text for path, text in after.items() if before.get(path) != text}
    path = next(iter(changed), request.options.file or (request.project.sources() or list(before))[0])
    judged = bool(best.verdicts)
    return MpiCompletion(
        source=after[path],
        path=path,
        diff="".join(unified_diff(name, before[name], text) for name, text in changed.items()),
        edits=tuple(_told(request, found.credited(edit)) for edit in best.candidate.all_edits()),
        suggestions=tuple(found.suggestions),
        dropped=(*found.dropped, *_left_out(found, best.candidate)),
        verification=tuple(best.verdicts),
        verified=is_verified(best.verdicts),
        reason=why_unverified(best.verdicts) if judged else _NOTHING_RUN,
        files=changed,
        candidate=best.candidate.name,
        candidates=tuple(_summary(trial, best.candidate) for trial in trials),
        notes=tuple(found.notes),
    )


def _told(request: MpiCompletionRequest, edit: Edit) -> Edit:
    """An edit as it is answered: with a probability; at the cursor it keeps its share among the suggestions."""
    return edit if request.options.line is not None else calibrated(edit)


def _left_out(found: Found, chosen: Candidate) -> list[Dropped]:
    """Calls of the model that are in no chosen edit: named, so that nothing is lost."""
    taken = {_key(edit) for edit in chosen.all_edits()}
    others = {_key(edit): edit for candidate in found.candidates for edit in candidate.all_edits() if _is_said(edit)}
    rule = f"choice: the candidate without it ({chosen.name}) was preferred"
    return [Dropped(text=edit.text, rule=rule, file=edit.file) for key, edit in others.items() if key not in taken]


def _is_said(edit: Edit) -> bool:
    return edit.origin == "model" and edit.kind == "call"


def _key(edit: Edit) -> tuple[str | None, int, str]:
    return (edit.file, edit.after_line, edit.text)


def _summary(trial: _Trial, chosen: Candidate) -> CandidateSummary:
    first = trial.verdicts[0] if trial.verdicts else None
    return CandidateSummary(
        name=trial.candidate.name,
        edits=trial.candidate.count,
        status=first.status if first else None,
        agrees=first.agrees if first else None,
        ranks=first.ranks if first else None,
        chosen=trial.candidate is chosen,
    )
