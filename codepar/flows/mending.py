"""Candidates whose calls fit together: what model and rules propose, mended under the judgement of a replay of the text.

Limits: each file is mended by itself, with the other files as they are in the same candidate; nothing is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from codepar.mpi.apply import apply_edits
from codepar.mpi.appraise import Appraiser
from codepar.mpi.complete import Completer
from codepar.mpi.consistent import Mender, Reserve
from codepar.mpi.declare import with_declarations
from codepar.mpi.draft import Others, Pack
from codepar.mpi.handles import without_unmade
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.sites import Located
from codepar.project import Project

Edits = Mapping[str, Sequence[Edit]]

_SURE = 0.5
"""Least confidence of the calls of the model that the shorter answer keeps."""


@dataclass(frozen=True)
class Proposed:
    """What was proposed by file: by rules, by the model with the setup, by both; places that were not likely enough, and
    other arguments for the calls of the model."""

    rules: Edits
    model: Edits
    joined: Edits
    spare: Mapping[str, Sequence[Located]]
    others: Mapping[str, Others]


@dataclass
class Workshop:
    """Mends the candidates of one request. What the first one lost is in ``dropped``."""

    project: Project
    completers: Mapping[str, Completer]
    dropped: list[Dropped] = field(default_factory=list)

    @cached_property
    def appraiser(self) -> Appraiser:
        return Appraiser(next(iter(self.completers.values())).rules.signatures)

    def offers(self, proposed: Proposed, *, thorough: bool) -> dict[str, Edits]:
        """The candidates by name, the one that is offered where nothing can be run first.

        ``thorough`` starts from the rules' answer, from both joined, and from the model's surest calls too: the search is greedy,
        and ends elsewhere from elsewhere.
        """
        rule_packs = {path: completer.rule_packs() for path, completer in self.completers.items()}
        offers: dict[str, Edits] = {"model, mended": self._mend(proposed.model, rule_packs, proposed, tell=True)}
        if thorough:
            said: dict[str, list[Pack]] = {path: [(edit,) for edit in edits] for path, edits in proposed.model.items()}
            sure = {path: [e for e in edits if e.confidence >= _SURE] for path, edits in proposed.model.items()}
            offers["model and rules, mended"] = self._mend(proposed.joined, rule_packs, proposed)
            offers["rules, mended"] = self._mend(proposed.rules, said, proposed)
            offers["surest, mended"] = self._mend(sure, rule_packs, proposed)
        return offers | {"rules": proposed.rules, "model": proposed.model, "model and rules": proposed.joined}

    def _mend(self, edits: Edits, packs: Mapping[str, Sequence[Pack]], proposed: Proposed, *, tell: bool = False) -> Edits:
        result = dict(edits)
        for path, completer in self.completers.items():
            if not result.get(path):
                continue
            sound, unmade = without_unmade(completer.source, completer.facts.tree.variables, result[path])
            mender = Mender(completer.rules, completer.source, path, self._others(result, path), self.appraiser)
            reserve = Reserve(proposed.spare.get(path, ()), packs.get(path, ()), proposed.others.get(path, {}))
            mended = mender.mend(sound, reserve)
            result[path] = mended.edits
            if tell:
                self.dropped += [drop.model_copy(update={"file": path}) for drop in (*unmade, *mended.dropped)]
        return result

    def _others(self, edits: Edits, path: str) -> Mapping[str, str]:
        """The texts of the other files with their edits in."""
        texts = {name: text for name, text in self.project.files.items() if name != path}
        for name, own in edits.items():
            if name != path and own:
                rules = self.completers[name].rules
                whole = with_declarations(rules, own)[0] if rules.declares else list(own)
                texts[name] = apply_edits(texts[name], whole)
        return texts
