"""When a search is given up: only where no other translation would fare better."""

from __future__ import annotations

from codepar.cuda.verdict import CheckName, CudaVerdict, NamedCheck, failed, ok, unknown
from codepar.flows.cuda_tried import is_hopeless
from codepar.protocols import Status


def verdict(status: Status, *checks: NamedCheck) -> CudaVerdict:
    return CudaVerdict(status=status, checks=(ok(CheckName.PARSED, "fine"), *checks))


def test_tests_that_tell_nothing_and_a_broken_machine_end_it() -> None:
    assert is_hopeless(verdict(Status.INVALID_TESTS, failed(CheckName.TESTS, Status.INVALID_TESTS, "no case")))
    assert is_hopeless(verdict(Status.INFRA_ERROR, unknown(CheckName.COMPILED, Status.INFRA_ERROR, "no disk")))


def test_a_crash_that_hides_the_launches_is_the_candidates_own() -> None:
    unseen = unknown(CheckName.LAUNCH, Status.INFRA_ERROR, "nothing was reported")
    crashed = failed(CheckName.VALUES, Status.MEMORY_ERROR, "access past the end")
    assert not is_hopeless(verdict(Status.INFRA_ERROR, unseen, crashed))
    assert not is_hopeless(None)
