"""How the rules give up inside: with a reason and a line, which the caller turns into a ``Refusal``.

Limits: never leaves this room.
"""

from __future__ import annotations


class CannotProve(Exception):
    """The rules do not translate this. ``code`` is a stable word."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
