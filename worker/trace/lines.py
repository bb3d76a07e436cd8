"""Addresses of a person's own program to lines, by addr2line. Limits: needs ``-g``; libraries of the program are not resolved."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

from worker.toolchains.places import Place

_LINE = re.compile(r"^(?P<file>.+):(?P<line>\d+)(?: \(discriminator \d+\))?$")


def find_lines(program: str, sites: Collection[int], folder: Path) -> dict[int, Place]:
    """The place of each site; files inside ``folder`` by their name from there. Empty without addr2line."""
    known = sorted(sites)
    if not known or not program:
        return {}
    command = ["addr2line", "-e", program, *(hex(site) for site in known)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    lines = done.stdout.splitlines()
    return {site: place for site, line in zip(known, lines, strict=False) if (place := _place(line, folder))}


def _place(text: str, folder: Path) -> Place | None:
    match = _LINE.match(text)
    if match is None or match["file"] == "??" or not int(match["line"]):
        return None
    path = Path(match["file"])
    name = path.relative_to(folder) if path.is_relative_to(folder) else path
    return Place(str(name), int(match["line"]))
