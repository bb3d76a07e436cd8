"""Bounds and checks a request body before any parser sees it: size while it streams in, time, media type, text.

Limits: plain ASGI and JSON alone; a body is held in memory, at most ``max_bytes`` of it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from codepar.api.errors import error_body, error_response

READ_TIMEOUT_S = 60.0
# A client that is still sending when we refuse would see a broken pipe instead of the answer; so some of it is read and dropped.
DRAIN_BYTES = 64 * 1024**2
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BoundedBody:
    """ASGI middleware: answers 400, 408, 413, 415 or 422 itself, else hands the whole body on."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body and hand it on. A client that hangs up while sending ends the request silently."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        try:
            body = await self._checked_body(Headers(scope=scope), receive)
        except _Refused as refusal:
            answer = error_response(refusal.status, error_body(refusal.status, str(refusal)), {"Connection": "close"})
            await answer(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, _replay(body, receive), send)

    async def _checked_body(self, headers: Headers, receive: Receive) -> bytes | None:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                body = await self._read(headers, receive)
        except TimeoutError:
            raise _Refused(408, f"the body did not arrive within {READ_TIMEOUT_S:.0f} s") from None
        if body:
            _check_media_type(headers.get("content-type", ""))
            _check_text(body)
        return body

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self.max_bytes:
            await self._drain(receive, 0)
            raise self._too_large()
        pieces: list[bytes] = []
        total = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            pieces.append(message.get("body", b""))
            total += len(pieces[-1])
            if total > self.max_bytes:
                pieces.clear()
                if message.get("more_body"):
                    await self._drain(receive, total)
                raise self._too_large()
            if not message.get("more_body"):
                return b"".join(pieces)

    async def _drain(self, receive: Receive, seen: int) -> None:
        while seen < self.max_bytes + DRAIN_BYTES:
            message: MutableMapping[str, Any] = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return
            seen += len(message.get("body", b""))

    def _too_large(self) -> _Refused:
        return _Refused(413, f"the body is larger than the {self.max_bytes} bytes allowed")


def _check_media_type(value: str) -> None:
    media_type = value.partition(";")[0].strip().lower()
    # Strict on purpose: a web page may post text/plain or a form to this port without asking, JSON it may not.
    if media_type != "application/json" and not (media_type.startswith("application/") and media_type.endswith("+json")):
        raise _Refused(415, "the body must be sent as application/json (curl: -H 'Content-Type: application/json')")


def _check_text(body: bytes) -> None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Refused(400, f"the body is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}") from None
    if _SURROGATE.search(body) is None:
        return
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _Refused(422, "the body holds a lone UTF-16 surrogate, which is no character") from None
    except (ValueError, RecursionError):
        return  # the parser behind us says what is wrong


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
