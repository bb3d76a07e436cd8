"""The filter: which pairs and which test sets of a round are learned from, and which of earlier rounds are learned again.

A pair is kept when the strict verdict passed it on tests that no candidate saw; a set when it notices a function that does
nothing and enough of the planted faults. Limits: at most one set a function and round, of at most five cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from codepar.cuda.cases.spec import TestCase
from codepar.cuda.tester import MAX_CASES
from codepar.cuda.translation import Origin
from finetune.musl.functions import CFunction
from finetune.musl.kills import Kill
from finetune.musl.rows import LearnedRow, Outcome, PairRow, TestsRow, row_id, seed_of
from finetune.musl.testing import answer_text

_Row = TypeVar("_Row", bound=LearnedRow)


def kept_pairs(member: CFunction, outcome: Outcome, turn: int, keep: int) -> Iterator[PairRow]:
    """The verified translations of a function: the rules' and up to ``keep`` of the model's, each text once."""
    cases = tuple(one for one in outcome.admitted if _is_testers(one.name))
    seen: set[str] = set()
    for one in outcome.attempts:
        is_rules = one.origin is Origin.RULES
        if one.verdict is None or not one.verdict.verified or one.source in seen or (not is_rules and keep == 0):
            continue
        seen.add(one.source)
        keep -= not is_rules
        yield PairRow(
            id=row_id(member.id, one.source),
            round=turn,
            origin=one.origin.value,
            function=member,
            judge_seed=outcome.judge_seed,
            rank_seed=outcome.rank_seed,
            code=one.code,
            source=one.source,
            entry=one.entry,
            verdict=one.verdict,
            tester_cases=cases,
        )


@dataclass(frozen=True)
class CaseSet:
    """Some cases of a function: those that notice a function that does nothing, and the share of faults that all notice."""

    cases: tuple[TestCase, ...]
    tells: bool
    score: float


def best_set(outcome: Outcome, names: frozenset[str]) -> CaseSet:
    """Of the named cases at most five that together notice as many faults as can be, a telling one first."""
    chosen: list[str] = []
    noticed: set[int] = set()
    while len(chosen) < MAX_CASES:
        rest = [one for one in outcome.admitted if one.name in names and one.name not in chosen]
        if not rest:
            break
        gains = {one.name: len(_noticed(outcome.kills, [one.name]) - noticed) for one in rest}
        best = max(rest, key=lambda one: (not chosen and one.name in outcome.telling, gains[one.name]))
        if chosen and gains[best.name] == 0:
            break
        chosen.append(best.name)
        noticed |= _noticed(outcome.kills, [best.name])
    cases = tuple(one for name in chosen for one in outcome.admitted if one.name == name)
    tells = any(name in outcome.telling for name in chosen)
    return CaseSet(cases, tells, len(noticed) / len(outcome.kills) if outcome.kills else 0.0)


def _noticed(kills: Sequence[Kill], names: Iterable[str]) -> set[int]:
    wanted = set(names)
    return {at for at, one in enumerate(kills) if wanted & set(one.cases)}


def score_of(outcome: Outcome, names: Iterable[str]) -> tuple[int, int]:
    """Faults that these cases notice, and all."""
    return len(_noticed(outcome.kills, names)), len(outcome.kills)


def kept_set(member: CFunction, outcome: Outcome, turn: int, least_score: float) -> TestsRow | None:
    """The better of the Tester's own cases and those of the rules in its form; None where neither is good enough."""
    mutated = outcome.attempts[outcome.mutated] if outcome.mutated is not None else None
    if mutated is None or mutated.verdict is None:
        return None
    own = best_set(outcome, frozenset(one.name for one in outcome.admitted if _is_testers(one.name)))
    ruled = best_set(outcome, frozenset(one.name for one in outcome.admitted if not _is_testers(one.name)))
    better, origin = max(((own, Origin.MODEL), (ruled, Origin.RULES)), key=lambda one: (one[0].tells, one[0].score))
    if not better.tells or better.score < least_score:
        return None
    names = {one.name for one in better.cases}
    kept = tuple(one.model_copy(update={"cases": tuple(name for name in one.cases if name in names)}) for one in outcome.kills)
    return TestsRow(
        id=row_id(member.id, answer_text(better.cases)),
        round=turn,
        origin=origin.value,
        function=member,
        judge_seed=outcome.judge_seed,
        rank_seed=outcome.rank_seed,
        cases=better.cases,
        kills=kept,
        score=better.score,
        against=row_id(member.id, mutated.source),
        verdict=mutated.verdict,
    )


def _is_testers(name: str) -> bool:
    return name.startswith("t")


def learned(fresh: Sequence[_Row], earlier: Sequence[_Row], turn: int, seed: int, seen_again: float) -> list[_Row]:
    """What round ``turn`` learns: every row that no earlier round had, and each earlier one with probability ``seen_again``.

    A row that comes up again is one that was seen. The draw follows from seed, round and row, so that it is the same when a
    run goes on. Rows of the development part are for judging and all stay.
    """
    known = {row.id: row for row in earlier}
    again = [row for row in known.values() if row.split == "train" and _draw(seed, turn, row.id) < seen_again]
    new = {row.id: row for row in fresh if row.split == "train" and row.id not in known}
    judged = {row.id: row for row in (*fresh, *earlier) if row.split != "train"}
    return [*new.values(), *again, *judged.values()]


def _draw(seed: int, turn: int, name: str) -> float:
    return seed_of("again", seed, turn, name) / 2**40
