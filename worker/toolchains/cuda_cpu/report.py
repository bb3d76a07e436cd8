"""What the CPU runtime wrote about a run: findings and a summary, JSON lines in a piece of memory of the host.

Limits: the process under test holds the descriptor, so everything here may be forged or cut short; it may explain or demote a
result, never make one ok. At most 1 MiB is kept.
"""

from __future__ import annotations

import fcntl
import json
import os
import posixpath
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from codepar.protocols import DeviceWork, Diagnostic, HostWork, KernelWork
from worker.toolchains.diagnostics import project_name

_CAPACITY = 1024**2
_MAX_FINDINGS = 100
_MAX_RECORDS = 2048
_MAX_MESSAGE = 2000
_PC = re.compile(r"\{pc:(0x[0-9a-f]{1,16})\}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}")
KINDS = frozenset(
    {"race", "race_same_value", "memory_error", "barrier_divergence", "cuda_error", "unsupported", "timeout_site", "note"}
)


@dataclass(frozen=True)
class Finding:
    """One finding. ``addresses`` are the places that only debug data can name, as offsets in the program."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    kernel: str | None = None
    thread: tuple[int, ...] = ()
    block: tuple[int, ...] = ()
    pc: int = 0

    @property
    def addresses(self) -> tuple[int, ...]:
        inside = tuple(int(text, 16) for text in _PC.findall(self.message))
        return (self.pc, *inside) if self.pc else inside


@dataclass(frozen=True)
class Summary:
    """What ran, as the runtime counted it; ``threads`` are those of the largest launch."""

    launches: int = 0
    threads: int = 0
    schedule: str = ""
    device: DeviceWork = field(default_factory=DeviceWork)


@dataclass(frozen=True)
class Report:
    """Findings in the order in which they were made; ``summary`` is None when the process did not end by itself."""

    findings: tuple[Finding, ...] = ()
    summary: Summary | None = None

    def of(self, *kinds: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind in kinds)


class ReportMemory:
    """Memory of fixed size that a command inherits as ``descriptor``. Use as a context manager."""

    def __init__(self) -> None:
        self.descriptor = -1

    def __enter__(self) -> Self:
        self.descriptor = os.memfd_create("codepar-cuda", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, _CAPACITY)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self.descriptor)

    def read(self) -> Report:
        """What has been written."""
        return parse(os.pread(self.descriptor, _CAPACITY, 0).rstrip(b"\0"))


def parse(content: bytes) -> Report:
    """Read the lines; what is no record is passed over."""
    findings: list[Finding] = []
    summary = None
    for line in content.replace(b"\0", b"").splitlines():
        record = _record(line)
        if record.get("kind") == "summary":
            summary = _summary(record)
        elif record.get("kind") in KINDS and len(findings) < _MAX_FINDINGS:
            findings.append(_finding(record))
    return Report(tuple(findings), summary)


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("kind"), str) else {}


def _finding(record: Mapping[str, Any]) -> Finding:
    file, kernel, pc = record.get("file"), record.get("kernel"), record.get("pc")
    return Finding(
        kind=record["kind"],
        message=str(record.get("message", ""))[:_MAX_MESSAGE],
        file=file if isinstance(file, str) and file else None,
        line=_count(record.get("line")) or None,
        kernel=kernel if isinstance(kernel, str) else None,
        thread=_triple(record.get("thread")),
        block=_triple(record.get("block")),
        pc=int(pc, 16) if isinstance(pc, str) and _HEX.fullmatch(pc) else 0,
    )


def _summary(record: Mapping[str, Any]) -> Summary:
    kernels = [_kernel(one) for one in _records(record.get("kernels"))]
    host = [_host(one) for one in _records(record.get("host"))]
    whole = not (record.get("forgot") or record.get("unwatched") or None in kernels or None in host)
    device = DeviceWork(
        launches=_count(record.get("launches")),
        kernels=tuple(one for one in kernels if one is not None),
        host=tuple(one for one in host if one is not None),
        is_counted=bool(record.get("checks")),
        is_complete=whole,
    )
    threads = max((_count(one.get("threads")) for one in _records(record.get("kernels"))), default=0)
    return Summary(device.launches, threads, str(record.get("schedule", ""))[:100], device)


def _records(value: Any) -> list[dict[str, Any]]:
    return [one for one in value[:_MAX_RECORDS] if isinstance(one, dict)] if isinstance(value, list) else []


def _kernel(record: dict[str, Any]) -> KernelWork | None:
    try:
        return KernelWork.model_validate({**_without(record, "name"), "kernel": record.get("name")})
    except ValidationError:
        return None


def _host(record: dict[str, Any]) -> HostWork | None:
    try:
        return HostWork.model_validate(record)
    except ValidationError:
        return None


def _without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else 0


def _triple(value: Any) -> tuple[int, ...]:
    return tuple(_count(one) for one in value[:3]) if isinstance(value, list) else ()


def symbolised(report: Report, places: Mapping[int, str], files: Collection[str]) -> Report:
    """The report in terms of ``files``, addresses replaced by ``file:line``; what then says the same is told once."""
    findings: dict[object, Finding] = {}
    for finding in report.findings:
        named = _symbolise(finding, places)
        named = replace(named, file=_in_project(named.file, files) if named.file else None)
        findings.setdefault((named.kind, named.file, named.line, named.kernel, _second_places(named, finding)), named)
    return replace(report, findings=tuple(findings.values()))


def _in_project(name: str, files: Collection[str]) -> str:
    """The project's name of a file that a build in some folder of it knows by another one."""
    name = project_name(posixpath.normpath(name), files)
    ends = [path for path in files if path.endswith(f"/{name}")]
    return ends[0] if name not in files and len(ends) == 1 else name


def _second_places(named: Finding, raw: Finding) -> object:
    """Findings that carry addresses are equal when their places are; others when their words are."""
    return frozenset(re.findall(r"[\w./+-]+:\d+", named.message)) if raw.addresses else named.message


def _symbolise(finding: Finding, places: Mapping[int, str]) -> Finding:
    message = _PC.sub(lambda match: places.get(int(match[1], 16), f"address {match[1]}"), finding.message)
    file, line = finding.file, finding.line
    if file is None and finding.pc in places:
        file, _, number = places[finding.pc].rpartition(":")
        line = int(number)
    return replace(finding, message=message, file=file, line=line)


def diagnostic(finding: Finding) -> Diagnostic:
    """The finding as a diagnostic, with the thread that made it."""
    who = f" in {finding.kernel}" if finding.kernel and finding.kernel not in finding.message else ""
    where = f", thread ({_words(finding.thread)}) of block ({_words(finding.block)})" if _names_thread(finding) else ""
    return Diagnostic(kind=finding.kind, message=f"{finding.message}{who}{where}", file=finding.file, line=finding.line)


def _names_thread(finding: Finding) -> bool:
    """Whether one thread made the finding: a launch that was refused has none."""
    is_of_thread = finding.kernel is not None and len(finding.thread) == 3 and not finding.message.startswith("launch of ")
    return is_of_thread and "thread (" not in finding.message


def _words(place: tuple[int, ...]) -> str:
    return ", ".join(map(str, place))
