"""The wire types of a completion: edits, drops, and what was found out about them.

Limits: plain data; who proposes and who checks live beside.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from codepar.protocols import Record

Origin = Literal["model", "rule"]


class Edit(Record):
    """One call put into the program. ``after_line`` is 1-based in the input of ``file``; 0 is before its first line.

    ``inline`` calls fill a hole, and ``after_line`` is the line that holds it. ``confidence`` is a score while
    candidates are made, and in an answer the probability that function and place are right (``calibration``).
    ``kind`` tells a declaration that calls need (a status, a request): it has neither function nor arguments.
    """

    after_line: int = Field(ge=0)
    text: str
    function: str
    arguments: tuple[str, ...]
    inline: bool = False
    confidence: float = Field(ge=0, le=1)
    origin: Origin
    file: str | None = None
    kind: Literal["call", "declaration"] = "call"


class Dropped(Record):
    """A proposed call that a rule refused. ``rule`` names the rule and the reason."""

    text: str
    rule: str
    file: str | None = None
