"""What a round came to, in rates with their 95 % intervals, and the curve over rounds.

A round is measured with the models it began with: those that the round before trained. Limits: rates over functions and answers
are Wilson's, as if functions were independent; planted faults that change nothing count as not noticed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from codepar.cuda.translation import Origin
from codepar.protocols import Record, Status
from evaluators.intervals import Interval, wilson
from finetune.musl.keep import score_of
from finetune.musl.rows import Attempt, Outcome, TestProposals

CURVE_FILE = "curve.svg"
_REASON = 60


class Part(Record):
    """The figures of some functions in one round. ``reasons`` say why functions were untestable.

    ``compiled`` and ``ranked`` are over the Translator's first answers (no repair): they compile, they pass the tests that rank.
    ``verified`` is over testable functions: the model has a strictly verified translation, repairs included; ``solved``: the
    rules or the model. Of the Tester ``valid`` and ``telling`` are over its answers: at least one case on which the original is
    clean, and one that notices a function that does nothing; ``mutation`` over the planted faults: noticed by its cases, and
    ``mutation_rules`` by those of the rules. Times are in seconds, ``generation_s`` and ``wall_s`` summed over functions.
    """

    functions: int
    untestable: int
    reasons: dict[str, int]
    compiled: Interval
    ranked: Interval
    verified: Interval
    solved: Interval
    valid: Interval
    telling: Interval
    mutation: Interval
    mutation_rules: Interval
    answers: int
    tokens: int
    executions: int
    generation_s: float
    wall_s: float


class Learned(Record):
    """What a role learned after a round: rows new and seen before, and the training run, None where there was nothing."""

    new: int
    again: int
    by_origin: dict[str, int]
    steps: int | None = None
    tokens: int | None = None
    train_s: float | None = None
    loss_before: float | None = None
    loss_after: float | None = None


class RoundStatistics(Record):
    """One round. ``translator`` and ``tester`` are None after the last, whose models are only measured."""

    round: int
    models: dict[str, str]
    train: Part
    development: Part
    translator: Learned | None = None
    tester: Learned | None = None


def part_of(outcomes: Sequence[Outcome], proposals: Sequence[TestProposals]) -> Part:
    """The figures of these functions."""
    testable = [one for one in outcomes if one.untestable is None]
    firsts = [one for outcome in testable for one in outcome.attempts if one.origin is Origin.MODEL]
    answers = [{case.name for case in answer} for one in proposals for answer in one.answers]
    clean = {(outcome.function, case.name) for outcome in outcomes for case in outcome.admitted}
    telling = {(outcome.function, name) for outcome in outcomes for name in outcome.telling}
    owners = [one.function for one in proposals for _ in one.answers]
    own = [score_of(one, (case.name for case in one.admitted if case.name.startswith("t"))) for one in testable]
    ruled = [score_of(one, one.ruled) for one in testable]
    asked = [one for one in testable if one.answers]
    return Part(
        functions=len(outcomes),
        untestable=len(outcomes) - len(testable),
        reasons=dict(Counter(one.untestable[:_REASON] for one in outcomes if one.untestable is not None).most_common()),
        compiled=_share(one.compiled for one in firsts),
        ranked=_share(one.ranked is Status.OK for one in firsts),
        verified=_share(_has(one.attempts, by_model=True) for one in asked),
        solved=_share(_has(one.attempts, by_model=False) for one in testable),
        valid=_share(any((owner, name) in clean for name in names) for owner, names in zip(owners, answers, strict=True)),
        telling=_share(any((owner, name) in telling for name in names) for owner, names in zip(owners, answers, strict=True)),
        mutation=wilson(sum(killed for killed, _ in own), sum(of for _, of in own)),
        mutation_rules=wilson(sum(killed for killed, _ in ruled), sum(of for _, of in ruled)),
        answers=sum(one.answers for one in outcomes),
        tokens=sum(one.tokens for one in outcomes) + sum(one.tokens for one in proposals),
        executions=sum(one.executions for one in outcomes),
        generation_s=round(sum(one.generation_s for one in outcomes) + sum(one.generation_s for one in proposals), 1),
        wall_s=round(sum(one.wall_s for one in outcomes) + sum(one.generation_s for one in proposals), 1),
    )


def _share(values: Iterable[bool]) -> Interval:
    known = list(values)
    return wilson(sum(known), len(known))


def _has(attempts: Sequence[Attempt], *, by_model: bool) -> bool:
    return any(one.is_verified for one in attempts if not (by_model and one.origin is Origin.RULES))


def draw(rounds: Sequence[RoundStatistics], path: Path) -> None:
    """The curve: shares over rounds, of the development part and (dashed) of the functions that are learned from."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    wanted = {
        "compiled": "#9aa5b1",
        "ranked": "#3b6ea5",
        "verified": "#2f7d4f",
        "mutation": "#b5482f",
    }
    figure, axes = pyplot.subplots(figsize=(8, 4))
    for name, colour in wanted.items():
        for part, style in (("development", "o-"), ("train", "x--")):
            found = [(one.round, getattr(getattr(one, part), name).value) for one in rounds]
            known = [(at, value) for at, value in found if value is not None]
            label = f"{name}, {part}"
            if known:
                axes.plot([at for at, _ in known], [value for _, value in known], style, color=colour, label=label)
    axes.set(xlabel="round", ylabel="share", ylim=(0, 1.02), xticks=[one.round for one in rounds])
    if axes.lines:
        axes.legend(fontsize=7)
    draft = path.with_name(f"{path.name}.part")
    figure.savefig(draft, bbox_inches="tight", format="svg")
    pyplot.close(figure)
    draft.replace(path)
