"""Candidates for a project in another language than C: made for its reading as C, turned back into its own language.

Limits: one language a request, that of ``file`` or of the sources; no cursor, no declarations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codepar.errors import Unsupported
from codepar.flows.candidates import Candidate, Found, completers_of
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.mpi.foreign import ForeignProgram, can_complete, read_foreign, turned_back
from codepar.mpi.headers import Signatures
from codepar.mpi.proposal import Edit
from codepar.project import Project
from codepar.syntax.language import language_of

_MARK = ".c"
_NOTHING = "void nothing(void) { }\n"
_BARE = frozenset({"baseline", "empty"})


@dataclass(frozen=True)
class ForeignProject:
    """A project with its programs by path."""

    project: Project
    programs: Mapping[str, ForeignProgram]

    @property
    def as_c(self) -> Project:
        """The readings as a project of C; what lacks nothing is an empty program there."""
        files = {path: _NOTHING if program.is_complete else program.as_c for path, program in self.programs.items()}
        return Project(files={f"{path}{_MARK}": text for path, text in files.items()})

    @property
    def is_complete(self) -> bool:
        """Whether no program lacks anything."""
        return all(program.is_complete for program in self.programs.values())

    def turn_back(self, found: Found) -> Found:
        """What was found for the readings, in the language of the programs."""
        told = Found([], self._candidate(found.baseline, None), notes=found.notes, answered=found.answered)
        told.dropped = [drop.model_copy(update={"file": _path(drop.file)}) for drop in found.dropped]
        for candidate in found.candidates:
            told.offer(self._candidate(candidate, told if not told.candidates else None))
        said = [self._one(edit.file, edit) for edit in found.said]
        told.said = [edit for edit in said if edit is not None]
        return told

    def _candidate(self, candidate: Candidate, found: Found | None) -> Candidate:
        edits: dict[str, Sequence[Edit]] = {}
        for name, own in candidate.edits.items():
            path = _path(name) or name
            program = self.programs[path]
            edits[path], dropped = (
                ([], []) if program.is_complete else turned_back(program, own, guess=candidate.name not in _BARE)
            )
            if found is not None:
                found.dropped += [drop.model_copy(update={"file": path}) for drop in dropped]
        changed = {path: self.programs[path].applied(own) for path, own in edits.items() if own}
        return Candidate(candidate.name, edits, self.project.with_files(changed))

    def _one(self, name: str | None, edit: Edit) -> Edit | None:
        program = self.programs.get(_path(name) or "") or next(iter(self.programs.values()))
        kept, _ = turned_back(program, [edit], guess=False)
        return kept[0] if kept else None


def _path(name: str | None) -> str | None:
    return name.removesuffix(_MARK) if name is not None else None


def check_readable(request: MpiCompletionRequest, signatures: Signatures) -> None:
    """Refuse what no flow could complete before anything is started: raises ``InvalidInput``, ``Unsupported``."""
    foreign = foreign_project(request.project, request.options.file, signatures)
    if foreign is None:
        completers_of(request.project, signatures, request.options.file)
    elif request.options.line is not None:
        raise Unsupported("a call at the cursor is for C and C++", remedy="ask for the whole file: leave the line out")


def foreign_project(project: Project, only: str | None, signatures: Signatures) -> ForeignProject | None:
    """The project as its own language has it; None for C and C++. Raises ``Unsupported``, ``InvalidInput``."""
    others = [*project.fortran_sources(), *project.python_sources()]
    if only not in others and (only is not None or not others or project.sources()):
        return None
    paths = [only] if only is not None else others
    languages = {path: language_of(path, project.files[path]) for path in paths}
    first = languages[paths[0]]
    if not can_complete(first):
        reason = f"MPI completion does not know {first.label} ({paths[0]})"
        raise Unsupported(reason, remedy="codepar mpi verify, strip and insert take it")
    chosen = [path for path in paths if languages[path] is first]
    return ForeignProject(project, {path: read_foreign(project.files[path], path, first, signatures) for path in chosen})
