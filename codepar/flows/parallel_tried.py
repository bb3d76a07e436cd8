"""One answer of a language model at the level `serial`, or a proposal of the rules: what it holds, and what became of it.

Limits: reads and ranks; asking and judging are elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import EnvironmentFault, InvalidInput
from codepar.flows.judging import is_verified, why_unverified
from codepar.flows.mpi_result import Attempt, CandidateSummary
from codepar.flows.parallel_court import Trial
from codepar.mpi.headers import load_signatures
from codepar.mpi.parallelize.answer import Answer, read_answer
from codepar.mpi.parallelize.ask import Failure
from codepar.mpi.parallelize.reductions import propose_reductions
from codepar.mpi.parallelize.sharing import Shares
from codepar.mpi.program import read_program, refuse_other_languages
from codepar.project import HEADER_SUFFIXES, Project
from codepar.protocols import Generation, Status
from codepar.syntax.lexis import Lexis

NOTHING_RUN = "nothing was run: verification was not asked for"
_CALLS = re.compile(rb"\bP?MPI_[A-Z]\w*\s*\(|\bMPI::")
_MAKE = re.compile(r"make\b")


@dataclass
class Tried:
    """One answer with what became of it. ``trial`` is None where nothing was run."""

    candidate: int
    round: int
    answer: Answer
    text: str
    project: Project | None = None
    trial: Trial | None = None
    rule: str | None = None

    @property
    def is_verified(self) -> bool:
        return self.trial is not None and is_verified(self.trial.verdicts)

    @property
    def merit(self) -> tuple[bool, int, int, float, int]:
        """Larger is better: verified, rank counts passed, how far the failing run came, evenly shared work, first asked."""
        if self.trial is None:
            return (False, 0, 1 if self.answer.files else 0, 0.0, -self.candidate)
        last = self.trial.verdicts[-1].status
        far = {Status.OK: 6, Status.NOT_PARALLEL: 5, Status.WRONG_OUTPUT: 4, Status.COMPILE_ERROR: 2}.get(last, 3)
        return (self.is_verified, self.trial.rungs, far, -(self.trial.shares.busiest or 1.0), -self.candidate)

    @property
    def shares(self) -> Shares:
        return self.trial.shares if self.trial else Shares()

    @property
    def name(self) -> str:
        return self.rule or f"candidate {self.candidate + 1}, round {self.round}"

    def failure(self) -> Failure:
        """What the model is told of it."""
        verdict = self.trial.verdicts[-1] if self.trial else None
        return Failure(self.text, self.answer.files, verdict, self.answer.problem)

    def summary(self) -> Attempt:
        verdicts = self.trial.verdicts if self.trial else []
        return Attempt(
            candidate=self.candidate + 1,
            round=self.round,
            origin="rule" if self.rule else "model",
            verified=self.is_verified,
            problem=self.answer.problem,
            reason=self.answer.problem or (why_unverified(verdicts) if self.trial else NOTHING_RUN),
            verification=tuple(verdicts),
            shares=self.shares,
            files=dict(self.answer.files),
        )

    def event(self) -> dict[str, object]:
        """What is reported of it while the job runs."""
        verdict = self.trial.verdicts[-1] if self.trial else None
        return {
            "name": self.name,
            "candidate": self.candidate + 1,
            "round": self.round,
            "status": verdict.status.value if verdict else None,
            "ranks": verdict.ranks if verdict else None,
            "agrees": verdict.agrees if verdict else None,
            "reason": self.answer.problem or (verdict.reason if verdict else None),
        }

    def as_candidate(self, chosen: Tried | None) -> CandidateSummary:
        """Its line in the list of candidates."""
        verdict = self.trial.verdicts[-1] if self.trial else None
        return CandidateSummary(
            name=self.name,
            edits=0,
            status=verdict.status if verdict else None,
            agrees=verdict.agrees if verdict else None,
            ranks=verdict.ranks if verdict else None,
            chosen=self is chosen,
        )


def checked_serial(project: Project) -> Project:
    """The project, when it can be made parallel. Raises ``InvalidInput``: no C or C++, no ``main``, MPI calls already there."""
    refuse_other_languages(project)
    paths = project.sources()
    if not paths:
        raise InvalidInput("the project has no C or C++ source", remedy="name files .c, .cc, .cpp or .cxx")
    trees = {path: read_program(project.files[path], path) for path in paths}
    if not any(function.name == "main" for tree in trees.values() for function in tree.functions):
        raise InvalidInput(f"{paths[0]} holds no main function", remedy="give a whole program: its output is what tells")
    for path, tree in trees.items():
        found = _CALLS.search(tree.lexis.code)
        if found is not None:
            line = tree.lexis.line_at(found.start())
            raise InvalidInput(
                f"{path}, line {line}: the program calls MPI already", remedy="codepar mpi complete, or codepar mpi verify"
            )
    return project


def shown_files(project: Project) -> dict[str, str]:
    """Sources and headers: what the model sees and may change."""
    names = {*project.sources(), *(path for path in project.files if any(path.endswith(end) for end in HEADER_SUFFIXES))}
    return {path: text for path, text in project.files.items() if path in names}


def rule_proposals(project: Project, cache: Path | None) -> list[Tried]:
    """What the rules propose: the program with one of its summing loops shared. Empty without ``mpi.h``."""
    try:
        signatures = load_signatures(cache=cache)
    except EnvironmentFault:
        return []
    found = []
    for path in project.sources():
        for proposed in propose_reductions(read_program(project.files[path], path), signatures):
            files = {path: proposed.text}
            changed = built_with_mpi(project.with_files(files))
            found.append(Tried(-1, 0, Answer(files), "", changed, rule=f"rule: the loop in {path}:{proposed.line} is shared"))
    return found


def read_tried(candidate: int, round: int, generation: Generation, project: Project) -> Tried:
    """The answer as a project that can be built, or with the problem that keeps it from being run."""
    answer = read_answer(generation.text, list(shown_files(project)))
    if answer.problem is not None:
        return Tried(candidate, round, answer, generation.text)
    changed = {path: text for path, text in answer.files.items() if text != project.files[path]}
    parallel = built_with_mpi(project.with_files(changed))
    if not changed:
        answer = Answer({}, "the answer is the serial program as it was")
    elif not any(_calls_mpi(path, text) for path, text in parallel.files.items() if path in shown_files(project)):
        answer = Answer(changed, "the answer calls no MPI function")
    return Tried(candidate, round, answer, generation.text, parallel)


def _calls_mpi(path: str, text: str) -> bool:
    tree = read_program(text, path) if text.strip() else None
    return tree is not None and _CALLS.search(Lexis(tree.data, tree.language).code) is not None


def built_with_mpi(project: Project) -> Project:
    """The project with MPI's compilers for a Makefile that names others: ``make CC="$CC"`` takes the ones of the run."""
    if project.build is None or not _MAKE.match(project.build):
        return project
    return project.model_copy(update={"build": f'{project.build} CC="$CC" CXX="$CXX"'})
