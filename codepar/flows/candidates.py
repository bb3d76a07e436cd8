"""The candidates of one request: what rules and model propose for each file, joined in several ways.

Limits: builds programs; running and choosing is the flow's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from codepar.errors import InvalidInput
from codepar.flows.mending import Proposed, Workshop
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.mpi.apply import apply_edits
from codepar.mpi.complete import Completer, Proposal, agreed
from codepar.mpi.cursor import place_cursor, suggest
from codepar.mpi.declare import with_declarations
from codepar.mpi.draft import Others
from codepar.mpi.header_line import header_line
from codepar.mpi.headers import Signatures
from codepar.mpi.present import Present
from codepar.mpi.program import read_program, refuse_other_languages
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.site_scores import SiteGenerator, scorer_in
from codepar.mpi.sites import Located
from codepar.project import C_SUFFIXES, CXX_SUFFIXES, HEADER_SUFFIXES, Project
from codepar.protocols import Generator
from codepar.syntax.tree import SyntaxTree, parse

Edits = Mapping[str, Sequence[Edit]]

_BEGUN = (
    "MPI is started and ended already: what is called is not proposed again, the rest only where likely (--line N asks for one)"
)
_C = C_SUFFIXES | CXX_SUFFIXES | HEADER_SUFFIXES


@dataclass(frozen=True)
class Candidate:
    """One way to complete the project."""

    name: str
    edits: Edits
    project: Project
    headers: Mapping[str, Edit] = field(default_factory=dict)
    """By file the include that its calls need and it lacks."""

    @property
    def count(self) -> int:
        return sum(edit.kind == "call" for edits in self.edits.values() for edit in edits)

    def all_edits(self) -> list[Edit]:
        """The edits in the order of the files, each with its file."""
        whole = [(path, edit) for path, edits in self.edits.items() for edit in (*_of(self.headers, path), *edits)]
        return [edit.model_copy(update={"file": path}) for path, edit in whole]


@dataclass
class Found:
    """What was proposed: candidates in the order to try them, the baseline, drops and remarks."""

    candidates: list[Candidate]
    baseline: Candidate
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    said: list[Edit] = field(default_factory=list)
    suggestions: list[Edit] = field(default_factory=list)
    answered: bool = False

    def offer(self, candidate: Candidate, place: int | None = None) -> None:
        """Add a candidate, unless an earlier one is the same program."""
        if all(candidate.project.files != other.project.files for other in self.candidates):
            self.candidates.insert(len(self.candidates) if place is None else place, candidate)

    def prefer(self, candidates: Sequence[Candidate]) -> None:
        """Put candidates before all others, in their order; of equal programs the first stays, or the one that is known."""
        known = {_key_of(other): other for other in self.candidates}
        first = {_key_of(candidate): known.get(_key_of(candidate), candidate) for candidate in candidates}
        self.candidates = [*first.values(), *(other for key, other in known.items() if key not in first)]

    def place_of(self, candidate: Candidate) -> int:
        """Where a candidate stands in the order to try them."""
        return next(place for place, other in enumerate(self.candidates) if other is candidate)

    def credited(self, edit: Edit) -> Edit:
        """The edit as the model's too, where the model proposed the same call."""
        both = next((s for s in self.said if (s.function, s.arguments) == (edit.function, edit.arguments)), None)
        return edit if both is None or edit.origin == "model" else agreed(edit, both)


def _key_of(candidate: Candidate) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(candidate.project.files.items()))


def completers_of(
    project: Project, signatures: Signatures, only: str | None, *, declares: bool = False, least: float = 0.0
) -> dict[str, Completer]:
    """One completer for each source that can be completed. Raises ``InvalidInput`` as ``trees_of`` does.

    ``declares``: a call may name a status, request or other handle that is declared for it; ``least``: the least probability of
    a call that is proposed.
    """
    trees = trees_of(project, only)
    beside = [parse(text, path=path) for path, text in project.files.items() if path not in trees and PurePath(path).suffix in _C]
    whole = [*trees.values(), *beside]
    return {
        path: Completer(tree, signatures, path, declares=declares, least=least, present=Present.of(tree, whole))
        for path, tree in trees.items()
    }


def trees_of(project: Project, only: str | None) -> dict[str, SyntaxTree]:
    """The sources that can be completed, parsed. Raises ``InvalidInput`` naming the file that cannot be read as C."""
    refuse_other_languages(project, only)
    paths = [only] if only else project.sources()
    if not paths:
        raise InvalidInput("the project has no C or C++ source", remedy="name files .c, .cc, .cpp or .cxx")
    trees = {path: read_program(project.files[path], path) for path in paths}
    if not any(tree.functions for tree in trees.values()):
        raise InvalidInput(f"{paths[0]} holds no function", remedy="give a whole C or C++ program, or a file of one")
    return trees


def rule_candidates(project: Project, completers: Mapping[str, Completer]) -> Found:
    """What needs no model: the rules' answer, the four-call baseline, the empty completion; equal ones once."""
    ruled: Edits = {path: completer.by_rules() for path, completer in completers.items()}
    four: Edits = {path: completer.baseline() for path, completer in completers.items()}
    none: Edits = {path: [] for path in completers}
    headers = _headers(project, completers)
    found = Found([], _build("baseline", project, four, headers))
    if any(completer.present.is_begun for completer in completers.values()):
        found.notes.append(_BEGUN)
    for candidate in (_build("rules", project, ruled, headers), found.baseline, _build("empty", project, none, headers)):
        found.offer(candidate)
    return found


async def ask_model(
    found: Found,
    project: Project,
    completers: Mapping[str, Completer],
    generator: Generator,
    budget_s: float,
    *,
    thorough: bool = False,
) -> None:
    """Ask the model for each file that has to do with MPI, and offer what it adds as the second candidate.

    A backend that scores sites is asked that way: its answer, mended, stands first. ``thorough``: candidates will be run, so more
    of them are made, and those come first that a replay of the text finds the least fault with.
    """
    ruled = found.candidates[0].edits
    scorer = await scorer_in(generator)
    if scorer is not None:
        await _ask_sites(found, project, completers, scorer, budget_s, thorough=thorough)
        return
    joined = dict(ruled)
    for path, completer in completers.items():
        if not completer.wants_calls:
            continue
        proposal = await completer.by_model(generator, budget_s)
        found.answered |= proposal.answered
        found.said += proposal.edits
        _record(found, path, proposal, len(completers) > 1)
        together = completer.join(ruled[path], proposal.edits)
        _record(found, path, together, several=False)
        joined[path] = together.edits
    both = _build("model and rules", project, _declared(found, completers, joined), _headers(project, completers))
    found.offer(both, place=1)


async def _ask_sites(
    found: Found,
    project: Project,
    completers: Mapping[str, Completer],
    generator: SiteGenerator,
    budget_s: float,
    *,
    thorough: bool,
) -> None:
    edits: dict[str, Sequence[Edit]] = {path: [] for path in completers}
    joined = dict(found.candidates[0].edits)
    places: dict[str, list[Located]] = {}
    others: dict[str, Others] = {}
    for path, completer in completers.items():
        if not completer.wants_calls:
            continue
        proposal = await completer.by_sites(generator, generator, joined[path], budget_s)
        found.answered |= proposal.answered
        found.said += proposal.edits
        _record(found, path, proposal, len(completers) > 1)
        edits[path] = completer.with_setup(proposal.edits)
        places[path], others[path] = proposal.spare, proposal.others
        joined[path] = completer.join(joined[path], proposal.edits).edits
    if not found.answered:
        return
    proposed = Proposed(found.candidates[0].edits, edits, joined, places, others)
    workshop = Workshop(project, completers)
    # The replay is work for seconds at the worst: other requests of this process go on meanwhile.
    offers = await asyncio.to_thread(workshop.offers, proposed, thorough=thorough)
    found.dropped += workshop.dropped
    headers = _headers(project, completers)
    made = [_build(name, project, _declared(found, completers, some), headers) for name, some in offers.items()]
    if thorough:
        made.sort(key=lambda candidate: workshop.appraiser.of(candidate.project.files).weight)
    found.prefer(made)


async def cursor_candidates(
    request: MpiCompletionRequest, project: Project, completer: Completer, generator: Generator | None
) -> Found:
    """The ranked calls at the cursor of one file; the best of them is the first candidate."""
    options = request.options
    path = completer.path
    cursor = place_cursor(project.files[path], options.line or 1, options.column)
    at = Completer(parse(cursor.source, path=path), completer.rules.signatures, path, declares=completer.rules.declares)
    found = Found([], _build("baseline", project, {path: completer.baseline()}))
    suggested = await suggest(cursor, at.rules, at.by_rules(), generator, options.budget_s)
    found.suggestions = suggested.edits
    found.dropped, found.notes, found.answered = suggested.dropped, suggested.notes, suggested.answered
    bare = project.with_files({path: cursor.source})
    found.offer(_build("cursor", bare, _declared(found, {path: at}, {path: suggested.edits[:1]})))
    return found


def _declared(found: Found, completers: Mapping[str, Completer], edits: Edits) -> Edits:
    """The edits with the declarations that their calls need; calls whose names cannot be declared are dropped."""
    result: dict[str, Sequence[Edit]] = {}
    for path, own in edits.items():
        rules = completers[path].rules
        if not rules.declares:
            result[path] = own
            continue
        result[path], dropped = with_declarations(rules, own)
        found.dropped += [drop.model_copy(update={"file": path}) for drop in dropped]
    return result


def _record(found: Found, path: str, proposal: Proposal, several: bool) -> None:
    found.dropped += [drop.model_copy(update={"file": path}) for drop in proposal.dropped]
    found.notes += [f"{path}: {note}" if several else note for note in proposal.notes]


def _headers(project: Project, completers: Mapping[str, Completer]) -> dict[str, Edit]:
    """By file the include of ``mpi.h`` that it lacks, where declarations are put in."""
    wanted = {path: completer.facts.tree for path, completer in completers.items() if completer.rules.declares}
    lines = {path: header_line(tree, path, project.files) for path, tree in wanted.items()}
    return {path: line for path, line in lines.items() if line is not None}


def _of(headers: Mapping[str, Edit], path: str) -> list[Edit]:
    return [headers[path]] if path in headers else []


def _build(name: str, project: Project, edits: Edits, headers: Mapping[str, Edit] | None = None) -> Candidate:
    needed = {path: line for path, line in (headers or {}).items() if edits.get(path)}
    changed = {path: apply_edits(project.files[path], [*_of(needed, path), *found]) for path, found in edits.items() if found}
    return Candidate(name, edits, project.with_files(changed), needed)
