"""What a model is told: the place and a small input from the tests that rank, nothing of those that judge."""

from __future__ import annotations

from codepar.cuda.cases.spec import TestCase
from codepar.cuda.repair import findings, judged_findings
from codepar.cuda.verdict import CheckName, CudaVerdict, NamedCheck, failed, ok
from codepar.protocols import Diagnostic, Status

SOURCE = "one\ntwo\n    y[i] = a * z[i];\n"
CASE = TestCase(name="rank01", scalars={"n": 33, "a": 0.5})


def verdict(check: NamedCheck, *found: Diagnostic) -> CudaVerdict:
    checks = (ok(CheckName.PARSED, "fine"), check)
    return CudaVerdict(status=check.status, checks=checks, diagnostics=found, counterexample=CASE)


def test_the_compilers_words_with_the_line_of_the_source() -> None:
    error = Diagnostic(kind="error", message="'z' was not declared", file="t.cu", line=3)
    said = findings(verdict(failed(CheckName.COMPILED, Status.COMPILE_ERROR, "'z'", found=error), error), SOURCE)
    assert said == ("It does not compile.", "'z' was not declared, in: y[i] = a * z[i];")


def test_a_wrong_value_comes_with_a_small_input() -> None:
    said = findings(verdict(failed(CheckName.VALUES, Status.WRONG_OUTPUT, "y[32] is 0, the original gives 2")), SOURCE)
    assert "y[32] is 0, the original gives 2" in said
    assert said[-1] == "For example with n = 33, a = 0.5."


def test_the_tests_that_judge_tell_no_value_and_no_input() -> None:
    said = judged_findings(verdict(failed(CheckName.VALUES, Status.WRONG_OUTPUT, "y[1024] is 0, the original gives 2")))
    assert len(said) == 1
    assert not any(digit in said[0] for digit in "0123456789")
    raced = judged_findings(verdict(failed(CheckName.RACE, Status.RACE, "y[7] is written by two threads")))
    assert "race" in raced[0]
    assert "7" not in raced[0]


def test_nothing_is_said_of_a_right_one() -> None:
    right = CudaVerdict(status=Status.OK, checks=(ok(CheckName.PARSED, "fine"),))
    assert findings(right, SOURCE) == ()
    assert judged_findings(right) == ()


def test_what_failed_says_more_than_what_was_not_seen() -> None:
    unseen = NamedCheck(name=CheckName.LAUNCH, passed=None, status=Status.INFRA_ERROR, message="nothing was reported")
    wrong = failed(CheckName.VALUES, Status.MEMORY_ERROR, "access past the end")
    said = findings(CudaVerdict(status=Status.INFRA_ERROR, checks=(unseen, wrong)), SOURCE)
    assert "access past the end" in said
