"""What travels between the two sides of a remote execution. The sides themselves: tests/worker/test_executions.py."""

import pytest

from codepar import errors
from codepar.protocols import ExecutionResult, Status
from codepar.remote import MAX_REPLY_BYTES, RemoteFault, Reply


@pytest.mark.parametrize(
    "kind",
    [
        errors.CodeparError,
        errors.InvalidInput,
        errors.Unsupported,
        errors.ToolMissing,
        errors.SandboxUnavailable,
        errors.Conflict,
    ],
)
def test_an_error_arrives_as_the_class_it_was(kind):
    sent = Reply(fault=RemoteFault.of(kind("what", remedy="do", param="where")))
    received = Reply.model_validate_json(sent.encoded()).fault.to_error()
    assert type(received) is kind
    assert (received.message, received.remedy, received.param) == ("what", "do", "where")


def test_an_error_of_a_newer_version_is_still_one_of_ours():
    assert type(RemoteFault(code="not_invented_yet", message="m").to_error()) is errors.CodeparError


def test_a_result_arrives_as_it_was():
    result = ExecutionResult(status=Status.OK, exit_code=0, stdout="ä\0\ufffd", rank_stdout=("a", "b"), wall_s=0.25)
    assert Reply.model_validate_json(Reply(result=result).encoded()).result == result


def test_outputs_too_large_to_carry_are_cut_and_it_is_said():
    result = ExecutionResult(status=Status.OK, stdout="x" * MAX_REPLY_BYTES, wall_s=0.25)
    received = Reply.model_validate_json(Reply(result=result).encoded()).result
    assert (received.status, received.stdout, received.wall_s) == (Status.OUTPUT_LIMIT, "", 0.25)
    assert str(MAX_REPLY_BYTES) in received.diagnostics[0].message
