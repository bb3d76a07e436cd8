"""Addresses in a program to lines of its source, by ``addr2line`` inside the box: the program's debug data is not to be trusted.

Limits: needs line tables (``-g1`` is the default); an address in a library of the project is not resolved.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from worker.runner import MEBIBYTE, Bounds, Command, Runner
from worker.toolchains.diagnostics import project_name

# A forged board may name any number of addresses.
_MAX_SITES = 2000
_LINE = re.compile(r"^(?P<file>.+):(?P<line>\d+)(?: \(discriminator \d+\))?$")
_BOUNDS = Bounds(wall_s=10.0, memory_bytes=512 * MEBIBYTE, output_bytes=MEBIBYTE, processes=16)


@dataclass(frozen=True)
class Place:
    """A line of a file of the project; ``line`` is 1-based."""

    file: str
    line: int


async def find_places(
    runner: Runner, program: bytes, sites: Collection[int], files: Collection[str], path: str
) -> dict[int, Place]:
    """The place of each site that lies in one of ``files``."""
    known = sorted(site for site in sites if site)[:_MAX_SITES]
    if not known:
        return {}
    command = Command(
        argv=("addr2line", "-e", "program", *(hex(site) for site in known)),
        files={"program": program},
        environment={"PATH": path, "LC_ALL": "C"},
        bounds=_BOUNDS,
    )
    outcome = await runner.run(command)
    lines = outcome.stdout.decode(errors="replace").splitlines()
    found = {site: place for site, line in zip(known, lines, strict=False) if (place := _place(line, files))}
    return found if outcome.cause == "exit" else {}


def _place(text: str, files: Collection[str]) -> Place | None:
    match = _LINE.match(text)
    if match is None:
        return None
    name = project_name(match["file"], files)
    return Place(name, int(match["line"])) if name in files and int(match["line"]) else None
