"""Addresses in an emulated program to lines of its source, inlined code resolved to the innermost line of the project.

Limits: needs line tables (``-g1`` is given); runs ``addr2line`` inside the box, as the program's debug data is not to be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from worker.runner import MEBIBYTE, Bounds, Command, Runner
from worker.toolchains.diagnostics import project_name

_LINE = re.compile(r"^(?P<file>.+):(?P<line>\d+)(?: \(discriminator \d+\))?$")
_ADDRESS = re.compile(r"^0x[0-9a-f]+$")
_BOUNDS = Bounds(wall_s=20.0, memory_bytes=1024 * MEBIBYTE, output_bytes=MEBIBYTE, processes=16)
_MOST = 400


async def find_lines(
    runner: Runner, program: bytes, addresses: Iterable[int], files: Collection[str], path: str
) -> dict[int, str]:
    """``file:line`` of each address that belongs to one of ``files``."""
    wanted = list(dict.fromkeys(addresses))[:_MOST]
    if not wanted:
        return {}
    command = Command(
        argv=("addr2line", "-a", "-i", "-e", "program", *map(hex, wanted)),
        files={"program": program},
        environment={"PATH": path, "LC_ALL": "C"},
        bounds=_BOUNDS,
    )
    outcome = await runner.run(command)
    return read(outcome.stdout.decode(errors="replace"), files) if outcome.cause == "exit" else {}


def read(text: str, files: Collection[str]) -> dict[int, str]:
    """What ``addr2line -a -i`` printed: an address, then its frames from the innermost outwards."""
    found: dict[int, str] = {}
    address = 0
    for line in text.splitlines():
        if _ADDRESS.match(line):
            address = int(line, 16)
        elif (match := _LINE.match(line)) and address not in found and int(match["line"]):
            name = project_name(match["file"], files)
            if name in files:
                found[address] = f"{name}:{match['line']}"
    return found
