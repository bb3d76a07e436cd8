"""What the driver wrote: for each case how it ended and what it left in every written buffer.

Limits: whoever knows the nonce can write such lines, so a dump is worth what it says only beside another process's.
"""

from __future__ import annotations

import base64
import binascii
import signal
from dataclasses import dataclass, field
from typing import Literal

from codepar.cuda.cases.layout import Layout

End = Literal["ok", "signal", "exit", "cut_off", "unreadable"]
_TOO_LONG = frozenset({signal.SIGALRM, signal.SIGXCPU})
RETURN = "return"
"""The name under which the return value stands among the values."""


@dataclass(frozen=True)
class Dump:
    """The bytes of a buffer after the call. ``changed`` counts the elements that the call changed."""

    layout: Layout
    data: bytes
    changed: int

    @property
    def count(self) -> int:
        return len(self.data) // self.layout.size


@dataclass
class CaseOutput:
    """One case. ``end``: ``ok``; ``signal`` or ``exit`` with ``code`` (a case run apart); ``cut_off`` where the process ended.

    ``changed_inputs`` are buffers that the original only reads and this run wrote, ``overruns`` buffers around which bytes
    changed (``x: 3 bytes after its end``).
    """

    name: str
    end: End = "cut_off"
    code: int = 0
    microseconds: float = 0.0
    values: dict[str, Dump] = field(default_factory=dict)
    changed_inputs: dict[str, int] = field(default_factory=dict)
    overruns: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        return self.end == "ok"

    @property
    def changed(self) -> dict[str, int]:
        """Elements changed by the call, for each written buffer."""
        return {name: dump.changed for name, dump in self.values.items() if name != RETURN}

    def why(self) -> str:
        """How it ended, in words."""
        if self.end == "signal":
            return "took too long" if self.code in _TOO_LONG else f"ended by signal {self.code}"
        if self.end == "exit":
            return f"left the program with exit code {self.code}"
        return {"ok": "ok", "cut_off": "the program ended in it", "unreadable": "its output cannot be read"}[self.end]


def read_dump(stdout: str, nonce: str) -> list[CaseOutput]:
    """The cases that began, in order. Lines without the nonce are the program's own and are passed over."""
    outputs: list[CaseOutput] = []
    mark = f"@{nonce} "
    for line in stdout.split("\n"):
        if not line.startswith(mark):
            continue
        words = line.split()[1:]
        if words[:1] == ["begin"]:
            outputs.append(CaseOutput(words[1] if len(words) > 1 else ""))
        elif outputs and words and words[0] != "done":
            try:
                _note(outputs[-1], words)
            except (ValueError, IndexError, KeyError, binascii.Error):
                outputs[-1].end = "unreadable"
    return outputs


def _note(output: CaseOutput, words: list[str]) -> None:
    if words[0] == "value":
        layout = Layout.parse(words[2])
        data = base64.b64decode(words[4] if len(words) > 4 else "", validate=True)
        output.values[words[1]] = Dump(layout, data, int(words[3]))
    elif words[0] == "changed":
        output.changed_inputs[words[1]] = int(words[2])
    elif words[0] == "overrun":
        side = "before its start" if words[2] == "before" else "after its end"
        output.overruns = (*output.overruns, f"{words[1]}: {int(words[3]) + 1} bytes {side}")
    elif words[0] == "end" and words[1] == output.name and output.end == "cut_off":
        output.end = _END[words[2]]
        if output.end == "ok":
            output.microseconds = float(words[3])
        else:
            output.code = int(words[3])


_END: dict[str, End] = {"ok": "ok", "signal": "signal", "exit": "exit"}
