"""The filter: what a round keeps, and what it learns again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.cuda.cases.spec import BufferSpec, TestCase
from codepar.cuda.translation import Origin, Target
from codepar.cuda.verdict import LADDER, CheckName, CudaVerdict, failed, ok
from codepar.protocols import Status
from finetune.musl.functions import CFunction
from finetune.musl.keep import best_set, kept_pairs, kept_set, learned, score_of
from finetune.musl.kills import Kill
from finetune.musl.rows import Attempt, LearnedRow, Outcome

TEXT = "void fill(int *a, int n)\n{\n    for (int i = 0; i < n; i++)\n        a[i] = i;\n}\n"
MEMBER = CFunction(
    id="f0", name="fill", text=TEXT, repository="a/b", commit="0" * 40, path="f.c", line=1, licence_file=None, licence="MIT"
)
VERIFIED = CudaVerdict(status=Status.OK, checks=tuple(ok(name, "") for name in LADDER[Target.CUDA]), seed=9)
WRONG = CudaVerdict(status=Status.WRONG_OUTPUT, checks=(failed(CheckName.VALUES, Status.WRONG_OUTPUT, "no"),))


def attempt(source, verdict=VERIFIED, origin=Origin.MODEL):
    return Attempt(origin=origin, candidate=0, round=0, code=source, source=source, entry="fill_cuda", verdict=verdict)


def case(name):
    return TestCase(name=name, scalars={"n": 3}, buffers={"a": BufferSpec(size="n")})


def outcome(*attempts, cases=(), kills=(), telling=()):
    found = tuple(Kill(kind=f"k{at}", line=1, change="", cases=tuple(names)) for at, names in enumerate(kills))
    admitted = tuple(map(case, cases))
    return Outcome(function="f0", attempts=attempts, admitted=admitted, kills=found, telling=tuple(telling), mutated=0)


def test_only_strictly_verified_texts_are_kept_each_once():
    rules = attempt("r", origin=Origin.RULES)
    found = outcome(rules, attempt("a", WRONG), attempt("b"), attempt("b"), attempt("c", None), attempt("d"), attempt("e"))
    rows = list(kept_pairs(MEMBER, found, 3, keep=2))
    assert [(row.source, row.origin, row.round) for row in rows] == [("r", "rules", 3), ("b", "model", 3), ("d", "model", 3)]
    assert len({row.id for row in rows}) == 3
    assert all(row.verdict.verified and row.function == MEMBER for row in rows)


def test_a_pair_names_the_testers_cases_that_it_passed():
    found = outcome(attempt("b"), cases=("t0-00", "r-00"))
    assert [one.name for one in next(kept_pairs(MEMBER, found, 1, keep=1)).tester_cases] == ["t0-00"]


def test_a_set_is_chosen_by_the_faults_that_it_notices_a_telling_case_first():
    found = outcome(
        attempt("b"),
        cases=("t0-00", "t0-01", "t0-02", "t0-03"),
        kills=(["t0-00"], ["t0-01", "t0-02"], ["t0-02"], []),
        telling=["t0-00"],
    )
    best = best_set(found, frozenset({"t0-00", "t0-01", "t0-02", "t0-03"}))
    assert [one.name for one in best.cases] == ["t0-00", "t0-02"]
    assert (best.tells, best.score) == (True, 0.75)
    assert score_of(found, ["t0-01"]) == (1, 4)


def test_the_better_set_is_kept_and_the_testers_own_where_they_are_alike():
    alike = outcome(attempt("b"), cases=("t0-00", "r-00"), kills=(["t0-00", "r-00"],), telling=["t0-00", "r-00"])
    assert kept_set(MEMBER, alike, 1, 0.5).origin == "model"
    worse = outcome(attempt("b"), cases=("t0-00", "r-00"), kills=(["r-00"],), telling=["t0-00", "r-00"])
    row = kept_set(MEMBER, worse, 1, 0.5)
    assert (row.origin, [one.name for one in row.cases], row.kills[0].cases) == ("rules", ["r-00"], ("r-00",))


@pytest.mark.parametrize(
    "found",
    [
        outcome(attempt("b"), cases=("t0-00",), kills=(["t0-00"], ["t0-00"]), telling=[]),
        outcome(attempt("b"), cases=("t0-00",), kills=(["t0-00"], [], []), telling=["t0-00"]),
        outcome(attempt("b", WRONG), cases=("t0-00",), kills=(["t0-00"],), telling=["t0-00"]).model_copy(
            update={"mutated": None}
        ),
        outcome(attempt("b"), cases=(), kills=(["rank00"],), telling=["rank00"]),
    ],
    ids=["misses the empty kernel", "notices too few faults", "nothing was verified", "no case"],
)
def test_a_set_that_is_not_good_enough_is_refused(found):
    assert kept_set(MEMBER, found, 1, 0.5) is None


def row(name, split="train", turn=1):
    member = MEMBER.model_copy(update={"split": split})
    return LearnedRow(id=name, round=turn, origin="model", function=member, judge_seed=1, rank_seed=2)


@given(st.sets(st.integers(0, 400), max_size=40), st.sets(st.integers(0, 400), max_size=40), st.integers(1, 9))
def test_new_rows_are_all_learned_and_seen_ones_by_the_same_draw(fresh, earlier, turn):
    new, old = [row(str(name)) for name in fresh], [row(str(name)) for name in earlier]
    chosen = learned(new, old, turn, 7, 0.3)
    names = [one.id for one in chosen]
    assert len(names) == len(set(names))
    assert {str(name) for name in fresh - earlier} <= set(names) <= {str(name) for name in fresh | earlier}
    assert learned(new, old, turn, 7, 0.3) == chosen
    assert {one.id for one in learned(new, old, turn, 7, 0.0)} == {str(name) for name in fresh - earlier}
    assert {one.id for one in learned(new, old, turn, 7, 1.0)} == {str(name) for name in fresh | earlier}


def test_three_in_ten_of_what_was_seen_come_again_and_other_ones_in_another_round():
    earlier = [row(str(number)) for number in range(2000)]
    second, third = ({one.id for one in learned([], earlier, turn, 0, 0.3)} for turn in (2, 3))
    assert 520 < len(second) < 680
    assert 100 < len(second & third) < 260


def test_development_rows_judge_and_are_never_learned_from():
    chosen = learned([row("a", "development")], [row("b", "development")], 2, 0, 0.0)
    assert {(one.id, one.split) for one in chosen} == {("a", "development"), ("b", "development")}
