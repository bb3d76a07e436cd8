"""The candidates of one request: what rules and model propose for each file, joined in several ways.

Limits: builds programs; running and choosing is the flow's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codepar.errors import InvalidInput
from codepar.mpi.apply import apply_edits
from codepar.mpi.complete import Completer, Proposal
from codepar.mpi.headers import Signatures
from codepar.mpi.program import read_program
from codepar.mpi.proposal import Dropped, Edit
from codepar.project import Project
from codepar.protocols import Generator

Edits = Mapping[str, Sequence[Edit]]


@dataclass(frozen=True)
class Candidate:
    """One way to complete the project."""

    name: str
    edits: Edits
    project: Project

    @property
    def count(self) -> int:
        return sum(len(edits) for edits in self.edits.values())

    def all_edits(self) -> list[Edit]:
        """The edits in the order of the files, each with its file."""
        return [edit.model_copy(update={"file": path}) for path, edits in self.edits.items() for edit in edits]


@dataclass
class Found:
    """What was proposed: candidates in the order to try them, the baseline, drops and remarks."""

    candidates: list[Candidate]
    baseline: Candidate
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answered: bool = False


def completers_of(project: Project, signatures: Signatures, only: str | None) -> dict[str, Completer]:
    """One completer for each source that can be completed. Raises ``InvalidInput`` naming the file that cannot be read as C."""
    paths = [only] if only else project.sources()
    if not paths:
        raise InvalidInput("the project has no C or C++ source", remedy="name files .c, .cc, .cpp or .cxx")
    trees = {path: read_program(project.files[path], path) for path in paths}
    if not any(tree.functions for tree in trees.values()):
        raise InvalidInput(f"{paths[0]} holds no function", remedy="give a whole C or C++ program, or a file of one")
    return {path: Completer(tree, signatures) for path, tree in trees.items()}


async def find_candidates(
    project: Project, completers: Mapping[str, Completer], generator: Generator | None, budget_s: float
) -> Found:
    """Ask rules and model, and join what they say. Candidates that equal an earlier one are left out."""
    ruled = {path: completer.by_rules() for path, completer in completers.items()}
    four = {path: completer.baseline() for path, completer in completers.items()}
    found = Found([], _build("baseline", project, four))
    joined = dict(ruled)
    if generator is not None:
        for path, completer in completers.items():
            if not completer.wants_calls:
                continue
            proposal = await completer.by_model(generator, budget_s)
            found.answered |= proposal.answered
            _record(found, path, proposal, len(completers) > 1)
            together = completer.join(ruled[path], proposal.edits)
            _record(found, path, together, several=False)
            joined[path] = together.edits
    ways: dict[str, Edits] = {
        "rules": ruled,
        "model and rules": joined,
        "baseline": four,
        "empty": {path: [] for path in completers},
    }
    for name, edits in ways.items():
        candidate = _build(name, project, edits)
        if all(candidate.project.files != other.project.files for other in found.candidates):
            found.candidates.append(candidate)
    return found


def _record(found: Found, path: str, proposal: Proposal, several: bool) -> None:
    found.dropped += [drop.model_copy(update={"file": path}) for drop in proposal.dropped]
    found.notes += [f"{path}: {note}" if several else note for note in proposal.notes]


def _build(name: str, project: Project, edits: Edits) -> Candidate:
    changed = {path: apply_edits(project.files[path], list(found)) for path, found in edits.items() if found}
    return Candidate(name, edits, project.with_files(changed))
