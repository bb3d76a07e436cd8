"""The exception tree of codepar.

Every message names the cause; ``remedy`` holds the next command or action. The faces translate these into exit codes (CLI)
and the common error shape (REST). Limits: errors of code under test are not exceptions but statuses of a result.
"""

from __future__ import annotations

from typing import ClassVar


class CodeparError(Exception):
    """Root of all errors that codepar raises on purpose.

    ``exit_code`` is the design's: 2 wrong use or bad input, 3 the environment. ``http_status`` and ``code`` serve REST.
    """

    exit_code: ClassVar[int] = 3
    http_status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, remedy: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.param = param

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class InvalidInput(CodeparError):
    """The request cannot be worked on as it is: wrong text, type, name or size."""

    exit_code = 2
    http_status = 422
    type = "invalid_request_error"
    code = "invalid_input"


class InputTooLarge(InvalidInput):
    """The input exceeds a stated bound."""

    http_status = 413
    code = "input_too_large"


class NotFound(InvalidInput):
    """The named job, model or file does not exist."""

    http_status = 404
    code = "not_found"


class Conflict(InvalidInput):
    """The request contradicts what is stored, for example an idempotency key used with another body."""

    http_status = 409
    code = "conflict"


class Unsupported(InvalidInput):
    """The request is well formed, but this backend or version cannot do it."""

    http_status = 422
    code = "unsupported"


class TooManyJobs(CodeparError):
    """As many jobs wait as this service takes; the same request may be sent again later."""

    http_status = 429
    type = "rate_limit_error"
    code = "too_many_requests"


class EnvironmentFault(CodeparError):
    """Something that codepar stands on is missing or broken: a broker, an engine, a tool, disk space."""

    http_status = 503
    code = "environment"


class ToolMissing(EnvironmentFault):
    """A program such as a compiler or launcher is not installed."""

    code = "tool_missing"


class GpuUnavailable(EnvironmentFault):
    """No GPU can be used: no device, no driver, one too old for the compiler, or no worker that has one."""

    code = "gpu_unavailable"


class EngineUnavailable(EnvironmentFault):
    """No language model can be reached."""

    code = "engine_unavailable"


class BrokerUnavailable(EnvironmentFault):
    """The message broker cannot be reached."""

    code = "broker_unavailable"


class StoreUnavailable(EnvironmentFault):
    """The database cannot be read or written."""

    code = "store_unavailable"


class SandboxUnavailable(EnvironmentFault):
    """A wall of the sandbox does not hold here, so nothing untrusted is executed."""

    code = "sandbox_unavailable"
