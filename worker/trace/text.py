"""A trace as text for a terminal. Limits: the longest lists are cut; ``--json`` holds everything."""

from __future__ import annotations

from collections.abc import Iterator

from codepar.protocols import Status
from worker.trace.report import TraceReport

_TOP = 12
_MAX_MATRIX = 16
_BAR = 30


def render_text(report: TraceReport) -> str:
    """The report, one line a fact."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: TraceReport) -> Iterator[str]:
    code = "" if report.exit_code is None else f", exit code {report.exit_code}"
    yield f"codepar: {report.status}{code}, {report.wall_s:.2f} s, {report.ranks} ranks, {report.mpi}"
    yield from (f"  {found.kind}: {found.message}" for found in report.diagnostics)
    if not report.ranks:
        return
    if report.status == Status.TIMEOUT:
        yield "  stopped by --timeout"
    yield from _ranks(report)
    yield from _calls(report)
    yield from _places(report)
    yield from _traffic(report)


def _ranks(report: TraceReport) -> Iterator[str]:
    yield ""
    yield "time by rank (seconds)       total       own       MPI   MPI share"
    for time in report.rank_times:
        share = time.mpi_s / time.wall_s if time.wall_s else 0.0
        bar = "#" * round(min(share, 1.0) * _BAR)
        yield f"  rank {time.rank:<5}          {time.wall_s:10.3f}{time.own_s:10.3f}{time.mpi_s:10.3f}   {share:6.1%} {bar}"
    if report.imbalance is not None:
        yield f"  imbalance of own time: {report.imbalance:.1%} (largest over mean, less one)"


def _calls(report: TraceReport) -> Iterator[str]:
    yield ""
    yield "time by call (all ranks)          calls   seconds   longest  least rank  most rank      bytes"
    for call in report.calls[:_TOP]:
        least, most = min(call.by_rank_s), max(call.by_rank_s)
        yield (
            f"  {call.call:<28}{call.count:10}{call.time_s:10.3f}{call.longest_s:10.3f}{least:12.3f}{most:11.3f}"
            f"{_bytes(call.bytes):>11}"
        )


def _places(report: TraceReport) -> Iterator[str]:
    if not report.has_lines:
        yield "no lines: compile the program with -g to see them"
        return
    yield ""
    yield f"{'time by line':<48}{'calls':>9}{'seconds':>10}{'least rank':>12}{'most rank':>11}"
    for line in [line for line in report.lines if line.file][:_TOP]:
        place = f"{line.call} {line.file}:{line.line}"
        yield f"  {place:<46}{line.count:9}{line.time_s:10.3f}{line.least_s:12.3f}{line.most_s:11.3f}"


def _traffic(report: TraceReport) -> Iterator[str]:
    if not report.sizes:
        return
    yield ""
    yield "messages by size"
    top = max(size.messages for size in report.sizes)
    for size in report.sizes:
        span = f"{_bytes(size.from_bytes)} to {_bytes(size.to_bytes)}" if size.to_bytes else "empty"
        yield f"  {span:<24}{size.messages:12} {'#' * max(1, round(size.messages / top * _BAR))}"
    if report.ranks > _MAX_MATRIX:
        yield f"messages by pair of ranks: {report.ranks} ranks are too many for text; see --json or --picture"
        return
    yield ""
    yield "messages (bytes) from rank, by row, to rank, by column"
    yield "        " + "".join(f"{rank:>18}" for rank in range(report.ranks))
    for rank, (counts, sizes) in enumerate(zip(report.matrix.messages, report.matrix.bytes, strict=True)):
        cells = [f"{count} ({_bytes(size)})" if count else "-" for count, size in zip(counts, sizes, strict=True)]
        yield f"  {rank:>5} " + "".join(f"{cell:>18}" for cell in cells)


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
