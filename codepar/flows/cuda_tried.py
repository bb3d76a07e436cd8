"""One proposal of a translation, of the rules or of the model, and what became of it. Limits: reads and ranks; judges nothing."""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.answer import Answer
from codepar.cuda.ask import Failure, Task
from codepar.cuda.repair import findings, judged_findings
from codepar.cuda.translation import Origin, Translation
from codepar.cuda.verdict import CheckName, CudaVerdict
from codepar.errors import CodeparError
from codepar.flows.cuda_files import Written, write_part, write_whole
from codepar.flows.cuda_result import TranslationAttempt
from codepar.protocols import Status


@dataclass
class Tried:
    """``ranked`` is the verdict by the tests that rank, ``judged`` the final one; None where it did not come that far."""

    name: str
    origin: Origin
    candidate: int
    round: int
    written: Written | None
    code: str = ""
    problem: str | None = None
    notes: tuple[str, ...] = ()
    ranked: CudaVerdict | None = None
    judged: CudaVerdict | None = None

    @property
    def translation(self) -> Translation | None:
        """What is judged."""
        if self.written is None:
            return None
        return Translation(
            source=self.written.source,
            entry=self.written.entry,
            function=self.written.function.name,
            target=self.written.target,
            origin=self.origin,
            notes=self.notes,
        )

    @property
    def is_verified(self) -> bool:
        return self.judged is not None and self.judged.verified

    @property
    def is_ranked_ok(self) -> bool:
        return self.ranked is not None and self.ranked.status is Status.OK

    @property
    def merit(self) -> tuple[bool, int, bool, int, bool, int]:
        """Larger is better: verified, how far it was judged, right on the tests that rank and how far, by rule, asked early."""
        judged = self.judged.passed if self.judged else 0
        ranked = self.ranked.passed if self.ranked else 0
        return (self.is_verified, judged, self.is_ranked_ok, ranked, self.origin is Origin.RULES, -self.candidate)

    def failure(self) -> Failure:
        """What the model is told of it."""
        if self.problem is not None:
            return Failure(self.code, (self.problem[0].upper() + self.problem[1:] + ".",))
        if self.judged is not None:
            return Failure(self.code, judged_findings(self.judged))
        source = self.written.source if self.written else ""
        return Failure(self.code, findings(self.ranked, source) if self.ranked else ())

    def summary(self, chosen: Tried | None) -> TranslationAttempt:
        """Its row in the answer."""
        verdict = self.judged or self.ranked
        return TranslationAttempt(
            name=self.name,
            origin=self.origin,
            candidate=self.candidate + 1,
            round=self.round,
            status=self.ranked.status if self.ranked else None,
            passed=verdict.passed if verdict else 0,
            reason=(verdict.reason or None) if verdict else None,
            problem=self.problem,
            judged=self.judged.status if self.judged else None,
            chosen=self is chosen,
            source=self.written.source if self.written else self.code,
        )

    def event(self) -> dict[str, object]:
        """What is reported of it while the job runs."""
        verdict = self.judged or self.ranked
        return {
            "name": self.name,
            "candidate": self.candidate + 1,
            "round": self.round,
            "status": verdict.status.value if verdict else None,
            "judged": self.judged is not None,
            "reason": self.problem or (verdict.reason if verdict else None) or None,
        }


def tried_of(answer: Answer, task: Task, candidate: int, turn: int) -> Tried:
    """A model's answer as something that can be run, or with the problem that keeps it from that."""
    name = f"candidate {candidate + 1}, round {turn}"
    origin = Origin.REPAIR if turn else Origin.MODEL
    tried = Tried(name, origin, candidate, turn, None, answer.code, answer.problem)
    try:
        if answer.part is not None:
            tried.written = write_part(task.function, answer.part, task.entry)
            tried.notes = answer.part.notes
        elif answer.whole is not None:
            tried.written = write_whole(task.function, answer.whole, task.entry, task.target)
    except CodeparError as fault:
        tried.problem = fault.message
    return tried


def is_hopeless(verdict: CudaVerdict | None) -> bool:
    """Whether no other translation would fare better: the original cannot be tested, or nothing can be run here."""
    if verdict is None:
        return False
    tests = verdict.check(CheckName.TESTS)
    is_broken = verdict.status is Status.INFRA_ERROR and not any(one.passed is False for one in verdict.checks)
    return (tests is not None and tests.passed is not True) or is_broken
