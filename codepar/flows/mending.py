"""Candidates whose calls fit together: what model and rules propose, mended under the judgement of a replay of the text.

Limits: each file is mended by itself, with the other files as they are in the same candidate; nothing is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codepar.mpi.apply import apply_edits
from codepar.mpi.appraise import Appraisal, Appraiser
from codepar.mpi.complete import Completer
from codepar.mpi.consistent import Mender, Reserve
from codepar.mpi.declare import with_declarations
from codepar.mpi.handles import without_unmade
from codepar.mpi.proposal import Dropped, Edit
from codepar.project import Project

Edits = Mapping[str, Sequence[Edit]]


@dataclass
class Workshop:
    """Mends the candidates of one request."""

    project: Project
    completers: Mapping[str, Completer]
    appraiser: Appraiser
    dropped: list[Dropped] = field(default_factory=list)

    def mend(self, edits: Edits, reserves: Mapping[str, Reserve]) -> Edits:
        """The edits of each file, mended. What went is in ``dropped``."""
        result = dict(edits)
        for path, completer in self.completers.items():
            if not result.get(path):
                continue
            mender = Mender(completer.rules, completer.source, path, self._others(result, path), self.appraiser)
            sound, unmade = without_unmade(completer.source, completer.facts.tree.variables, result[path])
            self.dropped += [drop.model_copy(update={"file": path}) for drop in unmade]
            mended = mender.mend(sound, reserves.get(path, Reserve()))
            result[path] = mended.edits
            self.dropped += [drop.model_copy(update={"file": path}) for drop in mended.dropped]
        return result

    def appraise(self, files: Mapping[str, str]) -> Appraisal:
        """What the replay says of a completed project."""
        return self.appraiser.of(files)

    def _others(self, edits: Edits, path: str) -> Mapping[str, str]:
        """The texts of the other files with their edits in."""
        texts = {name: text for name, text in self.project.files.items() if name != path}
        for name, own in edits.items():
            if name != path and own:
                rules = self.completers[name].rules
                whole = with_declarations(rules, own)[0] if rules.declares else list(own)
                texts[name] = apply_edits(texts[name], whole)
        return texts
