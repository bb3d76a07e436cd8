"""Reads what compute-sanitizer writes: findings with file, line and thread, its complaints, and whether it came to its end.

A record is a headline and indented lines below it, all behind ``=========``. Headlines that no rule knows count as findings
where they name a thread. Limits: the English text of versions 2021 to 2026, no XML; a program could write such a file itself,
so that findings may demote a result, and silence proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from codepar.protocols import Check, Diagnostic

_PREFIX = "========="
_SUMMARY = re.compile(r"(?:ERROR|RACECHECK) SUMMARY: ([\d,]+) ")
_HEADLINES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("race", re.compile(r"(?:\w+: )?(?:\([\w -]+\) )?(?:Race reported between|Potential (?:WAW|RAW|WAR) hazard)", re.IGNORECASE)),
    ("barrier_divergence", re.compile(r"Barrier error detected|Deadlock detected")),
    ("uninitialised", re.compile(r"Uninitialized |Host API uninitialized")),
    (
        "memory_error",
        re.compile(r"(?:Potential )?invalid |Malloc/Free error|Host API memory access error|Leaked ", re.IGNORECASE),
    ),
    # What the hardware reports, without a thread where it does not know it.
    (
        "memory_error",
        re.compile(r"(?:Lane|Warp|Device|Hardware|User) .*(?:illegal|misaligned|overflow|out.of.range)", re.IGNORECASE),
    ),
    ("memory_error", re.compile(r"(?:Illegal instruction|Stack overflow|Misaligned shared|Out-of-range shared)", re.IGNORECASE)),
    ("cuda_error", re.compile(r"Program hit .* on CUDA API call|CUDA API Error")),
)
_COMPLAINT = re.compile(r"(?:Error|Internal Sanitizer Error|Warning): |Target application terminated", re.IGNORECASE)
_KIND_OF: dict[Check, str] = {"memory": "memory_error", "race": "race", "sync": "barrier_divergence", "init": "uninitialised"}
# "at f(int *)+0x90 in a.cu:6"; before 2022 "at 0x90 in a.cu:6:f(int *)".
_AT = re.compile(r"(?:[+:]0x[0-9a-f]+|\bat 0x[0-9a-f]+) in (?P<file>.+?):(?P<line>\d+)(?=\s|:|$)")
_HOST_AT = re.compile(r"Host Frame: ?.+? in (?P<file>\S+?):(?P<line>\d+) ")
_THREAD = re.compile(r"by thread \(([\d,]+)\) in block \(([\d,]+)\)")
_FUNCTION = re.compile(r"(?:^at |access at |hazard .*? at )(?P<name>[A-Za-z_].*?)[+:]0x[0-9a-f]+")
_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")
_ACCESS = re.compile(r"(Read|Write|Atomic) (?:access|Thread)")
_HAZARDS = re.compile(r"\[(\d+) hazards?\]")


@dataclass(frozen=True)
class Site:
    """A line of a source file, as the program was compiled from it."""

    file: str
    line: int


@dataclass(frozen=True)
class Finding:
    """One record. ``sites`` are the lines it names, the access first; ``others`` counts equal records of other threads."""

    kind: str
    headline: str
    details: tuple[str, ...]
    sites: tuple[Site, ...]
    others: int = 0


@dataclass(frozen=True)
class Report:
    """What one run wrote. ``total`` is the sum that the tool states, None when it did not come to its end."""

    findings: tuple[Finding, ...]
    complaints: tuple[str, ...]
    total: int | None

    def of(self, check: Check) -> tuple[Finding, ...]:
        """The findings that answer one check."""
        return tuple(finding for finding in self.findings if finding.kind == _KIND_OF[check])


def parse(text: str, check: Check) -> Report:
    """Read a report that the tool of ``check`` wrote."""
    findings: dict[tuple[str, str, tuple[Site, ...]], Finding] = {}
    complaints: list[str] = []
    total = None
    for headline, details in _records(text):
        summary = _SUMMARY.search(headline)
        if summary is not None:
            total = int(summary[1].replace(",", "")) if total is None else total
            continue
        kind = _kind(headline, details, check)
        if kind is None:
            complaints += [headline] if _COMPLAINT.match(headline) else []
            continue
        finding = Finding(kind, headline, details, tuple(_sites(headline, details)))
        known = findings.setdefault(_same(finding), finding)
        if known is not finding:
            findings[_same(finding)] = Finding(known.kind, known.headline, known.details, known.sites, known.others + 1)
    return Report(tuple(findings.values()), tuple(dict.fromkeys(complaints)), total)


def diagnostic(finding: Finding, files: Collection[str]) -> Diagnostic:
    """The finding in terms of the project: the first of its lines that lies in one of ``files``."""
    placed = next(_placed(finding.sites, files), None)
    message = _race_message(finding, files) if finding.kind == "race" else _message(finding)
    file, line = (None, None) if placed is None else (placed.file, placed.line)
    return Diagnostic(kind=finding.kind, message=message, file=file, line=line)


def _placed(sites: Sequence[Site], files: Collection[str]) -> Iterator[Site]:
    """The sites that lie in the project, by the project's names."""
    for site in sites:
        name = _name_of(site.file, files)
        if name is not None:
            yield Site(name, site.line)


def _records(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Headlines with what belongs to them; the program's own output between them is left out."""
    headline, details = "", []
    for raw in text.splitlines():
        if not raw.startswith(_PREFIX):
            continue
        body = raw.removeprefix(_PREFIX)
        if body.startswith(("  ", "\t")) or (headline and body.startswith((" and ", " at ", " by "))):
            details.append(body.strip())
            continue
        if headline:
            yield headline, tuple(details)
        headline, details = body.strip(), []
    if headline:
        yield headline, tuple(details)


def _kind(headline: str, details: Sequence[str], check: Check) -> str | None:
    if headline.startswith("Host API") and any(detail.startswith("Uninitialized") for detail in details):
        return "uninitialised"
    for kind, pattern in _HEADLINES:
        if pattern.match(headline):
            return kind
    return _KIND_OF[check] if any(_THREAD.search(detail) for detail in details) else None


def _sites(headline: str, details: Sequence[str]) -> Iterator[Site]:
    for line in (headline, *details):
        site = _site(line)
        if site is not None:
            yield site


def _site(line: str) -> Site | None:
    found = _HOST_AT.search(line) if "Host Frame" in line else _AT.search(line)
    return None if found is None else Site(found["file"], int(found["line"]))


def _same(finding: Finding) -> tuple[str, str, tuple[Site, ...]]:
    """What records of different threads have in common."""
    return finding.kind, _HAZARDS.sub("", _ADDRESS.sub("", finding.headline)), finding.sites


def _name_of(file: str, files: Collection[str]) -> str | None:
    """The project's file whose path is the longest end of ``file``; a bare name must be the only one of its kind."""
    parts = PurePosixPath(file).parts
    for count in range(len(parts), 0, -1):
        tail = "/".join(parts[len(parts) - count :])
        if tail in files:
            return tail
    alike = [name for name in files if PurePosixPath(name).name == PurePosixPath(file).name]
    return alike[0] if len(alike) == 1 and len(parts) == 1 else None


def _message(finding: Finding) -> str:
    words = [finding.headline.rstrip(".")]
    function = _first(_FUNCTION, finding.details)
    words += [f"in {function['name']}"] if function is not None else []
    thread = _first(_THREAD, finding.details)
    if thread is not None:
        words.append(
            f"by thread ({thread[1]}) of block ({thread[2]})" + (f" and {finding.others} more" if finding.others else "")
        )
    where = [line for line in finding.details if line.startswith(("Address ", "Access ", "and is ", "Uninitialized "))]
    return " ".join(words) + (f": {', '.join(where)}" if where else "")


def _race_message(finding: Finding, files: Collection[str]) -> str:
    lines = (finding.headline, *finding.details)
    told = " and ".join(dict.fromkeys(filter(None, (_access(line, files) for line in lines))))
    function, severity = _first(_FUNCTION, lines), re.match(r"(\w+):", finding.headline)
    where = f" in {function['name']}" if function is not None else ""
    hazards = sum(int(count) for line in lines for count in _HAZARDS.findall(line))
    notes = [severity[1].lower()] if severity is not None else []
    notes += [f"{hazards} hazards"] if hazards else []
    return f"threads race on shared memory{where}: {told or finding.headline}" + (f" ({', '.join(notes)})" if notes else "")


def _access(line: str, files: Collection[str]) -> str | None:
    """``write at a.cu:6`` of a line that names an access and a place."""
    kind, site = _ACCESS.search(line), _site(line)
    if kind is None or site is None:
        return None
    return f"{kind[1].lower()} at {_name_of(site.file, files) or site.file}:{site.line}"


def _first(pattern: re.Pattern[str], lines: Sequence[str]) -> re.Match[str] | None:
    return next((found for line in lines if (found := pattern.search(line))), None)
