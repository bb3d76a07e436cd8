"""The types of the verdict: nothing but a whole ladder of passed rungs verifies."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codepar.cuda.translation import Target
from codepar.cuda.verdict import LADDER, CudaVerdict, NamedCheck, completed, failed, ok, status_of, unknown
from codepar.protocols import Status

NOT_OK = [status for status in Status if status is not Status.OK]
OUTCOMES = st.sampled_from(["ok", "failed", "unknown"])


def rung(name, outcome, status=Status.RACE) -> NamedCheck:
    return ok(name, "") if outcome == "ok" else failed(name, status, "") if outcome == "failed" else unknown(name, status, "")


@given(st.sampled_from(list(Target)), st.lists(OUTCOMES, max_size=12), st.sampled_from(NOT_OK))
def test_verified_is_every_rung_passed_and_nothing_less(target, outcomes, status):
    checks = [rung(name, outcome, status) for name, outcome in zip(LADDER[target], outcomes, strict=False)]
    whole = len(checks) == len(LADDER[target]) and all(one.passed is True for one in checks)
    assert (status_of(checks, target) is Status.OK) == whole
    assert (status_of(completed(checks, target), target) is Status.OK) == whole


@given(st.lists(st.booleans(), max_size=6))
def test_what_was_not_reached_is_unknown(passed):
    names = LADDER[Target.CUDA]
    checks = completed([ok(name, "") for name, _ in zip(names, passed, strict=False)], Target.CUDA)
    assert [one.name for one in checks] == list(names)
    assert sum(one.passed is True for one in checks) == len(passed)


def test_a_failure_decides_before_what_is_unknown():
    names = LADDER[Target.CUDA]
    checks = (ok(names[0], ""), unknown(names[3], Status.INFRA_ERROR, "not seen"), failed(names[4], Status.TIMEOUT, "slow"))
    verdict = CudaVerdict(status=status_of(checks, Target.CUDA), checks=checks)
    assert (verdict.status, verdict.reason, verdict.passed) == (Status.TIMEOUT, "values: slow", 1)


def test_a_ranking_never_verifies():
    assert not CudaVerdict(status=Status.OK, purpose="rank", checks=()).verified
