"""Sanitizers: the flags and variables that put them into a program, and what they print as findings with file and line.

Limits: a sanitizer speaks from inside the program, so its word may make a status worse, never better; a program that closes its
standard error is judged by its exit code alone. LeakSanitizer stops threads with ptrace, which the box refuses: trusted runs
only, and without a launcher, because MPI libraries keep memory on purpose. ThreadSanitizer sees one order of events, not all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast, get_args

from codepar.protocols import Diagnostic, Execution, Sanitizer, Status
from worker.toolchains.compilers import Compiler

MAX_FINDINGS = 20
# With libgomp: announces to ThreadSanitizer what that runtime orders. Compiled with each program, a tenth of a second.
OPENMP_ORDER = tuple(Path(__file__).with_name(name) for name in ("omp_tsan.c", "omp_tsan_tasks.h"))
# Fewer threads meet too seldom; what a race is does not depend on the number of cores.
OPENMP_THREADS = 4

_FLAG = re.compile(r"-fsanitize=(.*)")
_START = re.compile(r"^(?:==\d+==)?\s*(?:ERROR|WARNING): (\w+Sanitizer): (.*)$")
_UNDEFINED = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? runtime error: (?P<message>.*)$")
_LEAK = re.compile(r"^(Direct|Indirect) leak of (\d+ byte\(s\) in \d+ object\(s\)) allocated from:$")
_ACCESS = re.compile(
    r"^\s*((?:Previous )?(?:atomic )?(?:read|write)) of size (\d+) at \S+ (?:thread (T\d+)|by (.*?)):?$", re.IGNORECASE
)
_TAIL = re.compile(r"(?: on unknown address 0x0+\b| on (?:unknown )?address\b| on 0x|: 0x| \(pid=| \(pc).*$")
_REGION = re.compile(r"is located (\d+ bytes (?:to the right of|to the left of|inside of|before|after) [\d,]+-byte region)")
_VARIABLE = re.compile(
    r"('\S+')(?: \(line \d+\))? <== Memory access .* (overflows|underflows|is inside|partially \w+) this variable"
)
_GLOBAL = re.compile(
    r"(?:Location is (global '[^']+'|stack of [\w ]+|heap block of size \d+)|(\d+ bytes \S+ \S+ \S+ global variable '[^']+'))"
)
_FRAME = re.compile(r"^\s+#\d+ (.*)$")
_MADE = re.compile(r"^(?:\s*)(freed by|previously allocated by|allocated by) thread")
_MEMORY = re.compile(
    r"out of bounds|null pointer|misaligned|insufficient space|does not point|pointer index|offset to|not a valid value"
)
_SEVERITY = (Status.UNSUPPORTED, Status.MEMORY_ERROR, Status.RACE, Status.DEADLOCK, Status.RUNTIME_ERROR)
_KINDS = {Status.MEMORY_ERROR: "memory_error", Status.RACE: "race"}


@dataclass(frozen=True)
class Findings:
    """What the sanitizers of a run found: the gravest status and a diagnostic for each finding."""

    status: Status
    diagnostics: tuple[Diagnostic, ...]


def requested(execution: Execution) -> tuple[Sanitizer, ...]:
    """The sanitizers that the option and the flags ask for; parts of ``undefined`` count as it."""
    words = [word for flag in execution.flags if (match := _FLAG.fullmatch(flag)) for word in match[1].split(",") if word]
    known = [word if word in get_args(Sanitizer) else "undefined" for word in words]
    return tuple(dict.fromkeys((*execution.sanitize, *(cast("Sanitizer", word) for word in known))))


def reserves_address_space(names: Collection[Sanitizer]) -> bool:
    """Whether the program will map terabytes for shadow memory."""
    return bool({"address", "thread", "leak"} & set(names))


def compile_flags(names: Sequence[Sanitizer], flags: Sequence[str], compiler: Compiler) -> tuple[str, ...]:
    """What the compiler is told, besides ``flags``. Optimisation removes what would be found; threads need a little to be met."""
    if not names:
        return ()
    level = ("-O1", *(("-fno-tree-loop-im",) if compiler.is_gcc else ())) if "thread" in names else ("-O0",)
    optimise = () if any(flag.startswith("-O") for flag in flags) else level
    quiet = ("-Wno-tsan",) if "thread" in names and compiler.is_gcc and compiler.major >= 11 else ()
    return (f"-fsanitize={','.join(names)}", "-fno-omit-frame-pointer", *optimise, *quiet)


def needs_order(names: Collection[Sanitizer], openmp: bool, compiler: Compiler) -> bool:
    """Whether ``OPENMP_ORDER`` must be linked, or a correct OpenMP program would look racy."""
    return "thread" in names and openmp and compiler.is_gcc


def is_in(program: bytes, name: Sanitizer) -> bool:
    """Whether a built program holds that sanitizer's runtime, or asks for it; a build command may have passed it over."""
    return {"address": b"__asan_", "undefined": b"__ubsan_", "thread": b"__tsan_", "leak": b"lsan"}[name] in program


def environment(names: Collection[Sanitizer], openmp: bool, compiler: Compiler) -> dict[str, str]:
    """Variables of the run."""
    if not names:
        return {}
    common = "color=never:symbolize=1"
    symbolizer = compiler.symbolizer
    if symbolizer is not None:
        common += f":external_symbolizer_path={symbolizer}"
    leaks = int("leak" in names)
    made = {
        "ASAN_OPTIONS": f"{common}:detect_leaks={leaks}:detect_stack_use_after_return=1:print_legend=0",
        "UBSAN_OPTIONS": f"{common}:print_stacktrace=0",
        "TSAN_OPTIONS": f"{common}:ignore_noninstrumented_modules={int(openmp)}",
        "LSAN_OPTIONS": common,
    }
    if "thread" in names and openmp:
        made["OMP_NUM_THREADS"] = str(OPENMP_THREADS)
        if compiler.archer is not None:
            made["OMP_TOOL_LIBRARIES"] = str(compiler.archer)
    return made


def read(stderr: bytes, files: Collection[str]) -> Findings | None:
    """What sanitizers wrote among ``stderr``; None when nothing. Places lie in ``files``, names of the project."""
    found: dict[Diagnostic, Status] = {}
    for report in _reports(stderr.decode(errors="replace").splitlines()):
        for one in report.findings(_Places(files)):
            found.setdefault(one.diagnostic, one.status)
    if not found:
        return None
    status = next(status for status in _SEVERITY if status in found.values())
    shown = sorted(found, key=lambda diagnostic: _SEVERITY.index(found[diagnostic]))
    return Findings(status, tuple(shown[:MAX_FINDINGS]))


@dataclass(frozen=True)
class _Finding:
    status: Status
    diagnostic: Diagnostic


class _Places:
    """Finds the first frame of a stack that lies in a file of the project."""

    def __init__(self, files: Collection[str]) -> None:
        names = sorted(files, key=len, reverse=True)
        self._pattern = re.compile(r"(?:^|[ /])(" + "|".join(map(re.escape, names)) + r"):(\d+)") if names else None

    def of(self, frames: Iterable[str]) -> tuple[str | None, int | None]:
        for frame in frames:
            match = self._pattern.search(frame) if self._pattern else None
            if match is not None and int(match[2]):
                return match[1], int(match[2])
        return None, None


@dataclass
class _Report:
    """The lines of one report, its headline cut off."""

    tool: str
    headline: str
    lines: list[str] = field(default_factory=list)
    place: tuple[str, int] | None = None

    def findings(self, places: _Places) -> Iterator[_Finding]:
        if self.tool == "UndefinedBehaviorSanitizer":
            yield self._undefined(places)
        elif self.tool == "LeakSanitizer":
            yield from self._leaks(places)
        elif self.tool == "ThreadSanitizer":
            yield self._thread(places)
        else:
            yield self._memory(places)

    def _undefined(self, places: _Places) -> _Finding:
        status = Status.MEMORY_ERROR if _MEMORY.search(self.headline) else Status.RUNTIME_ERROR
        name, number = self.place or ("", 0)
        file, line = places.of([f"{name}:{number}"])
        return _finding(status, f"{self.tool}: {self.headline}", file or name, line or number, kind="undefined")

    def _leaks(self, places: _Places) -> Iterator[_Finding]:
        heads = [number for number, line in enumerate(self.lines) if _LEAK.match(line)]
        for number in heads:
            match = _LEAK.match(self.lines[number])
            if match is not None and match[1] == "Direct":
                file, line = places.of(_frames(self.lines, number + 1))
                yield _finding(Status.MEMORY_ERROR, f"{self.tool}: leak of {match[2]}", file, line, kind="leak")
        if not heads:
            yield _finding(Status.RUNTIME_ERROR, f"{self.tool}: {self.headline}", None, None, kind="leak")

    def _memory(self, places: _Places) -> _Finding:
        parts = [_TAIL.sub("", self.headline).strip()]
        text = "\n".join(self.lines)
        access = next((match for line in self.lines if (match := _ACCESS.match(line))), None)
        if access is not None:
            parts.append(f"{access[1].lower()} of {access[2]} bytes")
        for pattern in (_REGION, _VARIABLE, _GLOBAL):
            if match := pattern.search(text):
                parts.append(" ".join(group for group in match.groups() if group))
                break
        for number, line in enumerate(self.lines):
            if match := _MADE.match(line):
                made_file, made_line = places.of(_frames(self.lines, number + 1))
                if made_file:
                    parts.append(f"{match[1].removesuffix(' by')} at {made_file}:{made_line}")
        file, line_number = places.of(_frames(self.lines, 0))
        return _finding(Status.MEMORY_ERROR, f"{self.tool}: {', '.join(parts)}", file, line_number)

    def _thread(self, places: _Places) -> _Finding:
        headline = _TAIL.sub("", self.headline).strip()
        if "libarcher.so" in next(_frames(self.lines, 0), ""):
            why = "clang's OpenMP tool Archer crashed on a construct that it does not know: --compiler gcc looks at it"
            return _finding(Status.UNSUPPORTED, why, None, None, kind="unsupported")
        if "race" not in headline:
            status = Status.MEMORY_ERROR if "use-after-free" in headline else Status.RUNTIME_ERROR
            return _finding(status, f"{self.tool}: {headline}", *places.of(self.lines), kind="thread")
        parts: list[str] = []
        first: tuple[str | None, int | None] = (None, None)
        for number, line in enumerate(self.lines):
            if match := _ACCESS.match(line):
                file, line_number = places.of(_frames(self.lines, number + 1))
                first = first if first[0] else (file, line_number)
                by = re.sub(r" \(mutexes:.*\)$", "", match[3] or match[4] or "")
                parts.append(f"{match[1].lower()} of {match[2]} bytes by {by}" + (f" at {file}:{line_number}" if file else ""))
        location = _GLOBAL.search("\n".join(self.lines))
        parts += [location[1]] if location and location[1] else []
        return _finding(Status.RACE, f"{self.tool}: {headline}: {', '.join(parts)}", *first)


def _finding(status: Status, message: str, file: str | None, line: int | None, kind: str | None = None) -> _Finding:
    named = kind or _KINDS[status]
    return _Finding(status, Diagnostic(kind=named, message=message.strip(), file=file or None, line=line or None))


def _frames(lines: Sequence[str], start: int) -> Iterator[str]:
    """The frames of the first stack at or after ``start``."""
    seen = False
    for line in lines[start:]:
        match = _FRAME.match(line)
        if match is not None:
            seen = True
            yield match[1]
        elif seen:
            return


def _reports(lines: Iterable[str]) -> Iterator[_Report]:
    """The reports in order; lines of the program between them do no harm."""
    current: _Report | None = None
    for line in lines:
        if match := _UNDEFINED.match(line):
            yield _Report("UndefinedBehaviorSanitizer", match["message"], place=(match["file"], int(match["line"])))
        elif match := _START.match(line):
            if current is not None:
                yield current
            current = _Report(match[1], match[2])
        elif current is not None and line.startswith("SUMMARY: "):
            yield current
            current = None
        elif current is not None:
            current.lines.append(line)
    if current is not None:
        yield current
