"""Every error in the one shape, ``{"error": {"message", "type", "param", "code"}}``, whoever raised it.

Limits: an unexpected error says nothing of the inside; its traceback goes to the log alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from codepar.errors import CodeparError
from codepar.jobs import ErrorBody

MAX_MESSAGE = 1000
MAX_PARAM = 200
RETRY_AFTER_S = 5
_PASSING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
CODES = {
    400: "malformed_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    413: "input_too_large",
    415: "unsupported_media_type",
    422: "invalid_input",
    429: "too_many_requests",
    503: "environment",
}


class ErrorAnswer(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorBody


def error_body(status: int, message: str, *, param: str | None = None, code: str | None = None) -> ErrorBody:
    """The error as it goes over the wire: bounded, and free of what UTF-8 cannot carry."""
    return ErrorBody(
        message=_clean(message, MAX_MESSAGE),
        type=_type_of(status),
        param=None if param is None else _clean(param, MAX_PARAM),
        code=code or CODES.get(status, "internal_error"),
    )


def _type_of(status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limit_error"
    return "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"


def error_response(status: int, body: ErrorBody, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer that carries ``body``; what may pass by itself says when to come again."""
    headers = dict(headers or {})
    if status in _PASSING:
        headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    return JSONResponse({"error": body.model_dump()}, status_code=status, headers=headers)


def codepar_error_response(error: CodeparError) -> JSONResponse:
    """The answer to one of our own errors: its message with the remedy, its status and its code."""
    status = error.http_status
    return error_response(status, error_body(status, str(error), param=error.param, code=error.code))


def validation_body(errors: Sequence[Mapping[str, Any]]) -> tuple[int, ErrorBody]:
    """Status and error for pydantic's findings; the first is told in full, the others are counted."""
    first = errors[0]
    place = [str(part) for part in first["loc"] if part not in {"body", "query", "path", "header"}]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return 400, error_body(400, f"the body is not JSON: {reason} at character {first['loc'][-1]}")
    param = ".".join(place) or None
    message = _finding(first) if param is None else f"{param}: {_finding(first)}"
    if len(errors) > 1:
        message += f" (and {len(errors) - 1} more)"
    return 422, error_body(422, message, param=param)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route: each status with the common shape."""
    return {status: _documented(HTTPStatus(status)) for status in sorted({*statuses, 500})}


def _documented(status: HTTPStatus) -> dict[str, Any]:
    described: dict[str, Any] = {"model": ErrorAnswer, "description": status.phrase}
    if status in _PASSING:
        described["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return described


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` leave in the common shape."""
    app.add_exception_handler(CodeparError, _on_codepar_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(ValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected)


def _clean(text: str, limit: int) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _finding(finding: Mapping[str, Any]) -> str:
    if finding["type"] == "extra_forbidden":
        return "unknown field"
    message = str(finding["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


async def _on_codepar_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CodeparError)
    return codepar_error_response(error)


async def _on_validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError | ValidationError)
    status, body = validation_body(error.errors())
    return error_response(status, body)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    message = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and message == "Not Found":
        message = f"there is no {request.url.path}; GET /docs lists what there is"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        message = f"{request.method} is not allowed on {request.url.path}"
    return error_response(error.status_code, error_body(error.status_code, message), error.headers)


async def _on_unexpected(_request: Request, _error: Exception) -> JSONResponse:
    return error_response(500, error_body(500, "internal error; the log of the service has the details"))
