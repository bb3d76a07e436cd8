"""Whether a chat answer to an item is acceptable: it brings what was asked for, it differs from other variants, it compiles.

The reason why not goes back to the model. Limits: prose is accepted as it is; code that compiles need not be right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from codepar.flows.decompose_check import FileCompiler, tested_together
from codepar.prompts.answer_code import codes_of
from codepar.prompts.lexicon import Tag
from codepar.prompts.merge import Merger
from codepar.prompts.merged import Merged
from codepar.prompts.pieces import formatted
from codepar.prompts.plan import Step
from codepar.prompts.targets import Target
from codepar.syntax.language import Language


@dataclass
class Acceptance:
    """Judges answers one at a time. ``compiled`` tells by item what the compiler said last."""

    merger: Merger
    compiler: FileCompiler
    compiled: dict[str, bool | None] = field(default_factory=dict)
    _variants: dict[tuple[object, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._alike = Counter((one.item.file, one.item.span) for one in self.merger.targets.all)

    async def check(self, step: Step, text: str) -> str | None:
        """None: acceptable."""
        target = self.merger.targets[step.item]
        same = self._same_variant(target, text)
        if same is not None:
            return f"it is the same as variant {same}: give one that differs in how it works"
        merged = self.merger.merge({step.item: text})
        problem = merged.finding_of(step.item)
        if problem is not None:
            return problem.message
        reason = await self._compile_error(target, merged)
        if reason is None:
            self._remember(target, text)
        return reason

    async def _compile_error(self, target: Target, merged: Merged) -> str | None:
        path = merged.placements[0].file
        if path is None or path not in merged.files:  # the latter: it is as it was
            self.compiled.pop(target.item.id, None)
            return None
        files, place = for_compiler(target, merged.files, path)
        outcome = await self.compiler.compiles(files, place)
        self.compiled[target.item.id] = outcome.ok
        return outcome.reason if outcome.ok is False else None

    def _key(self, target: Target, text: str) -> tuple[object, str]:
        codes = codes_of(text, None)
        shown = "\n".join(formatted(code.text, code.language) for code in codes) or formatted(text, None)
        return ((target.item.file, target.item.span), shown)

    def _same_variant(self, target: Target, text: str) -> str | None:
        """The variant that says the same, where several answers to one thing are wanted."""
        if self._alike[target.item.file, target.item.span] < 2:
            return None
        other = self._variants.get(self._key(target, text))
        return other if other != target.item.id else None

    def _remember(self, target: Target, text: str) -> None:
        if self._alike[target.item.file, target.item.span] > 1:
            self._variants.setdefault(self._key(target, text), target.item.id)


def for_compiler(target: Target, files: Mapping[str, str], path: str) -> tuple[dict[str, str], str]:
    """The files and the one to compile: tests in C are read together with the source that they test."""
    is_test = target.act is Tag.TEST and target.path is not None and target.path != path
    if not is_test or target.language not in {Language.C, Language.CXX} or target.path is None:
        return dict(files), path
    return {**files, path: tested_together(files[path], path, target.path)}, path
