"""A trace as one SVG picture: bars of own code and MPI by rank, the communication matrix, message sizes.

Limits: at most ``_MAX_RANKS`` ranks are drawn; plain SVG 1.1 without scripts, fonts are the viewer's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from worker.trace.report import TraceReport

_MAX_RANKS = 64
_WIDTH, _LEFT, _ROW = 960, 90, 22
_BARS = _WIDTH - _LEFT - 110
_OWN = "#9aa5b1"
# A palette that stays apart for colour-blind readers (Okabe and Ito).
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442")
_SHOWN = len(_COLOURS) - 1


def render_svg(report: TraceReport) -> str:
    """The picture as text of an SVG file."""
    ranks = min(report.ranks, _MAX_RANKS)
    parts: list[str] = []
    y = _head(parts, report)
    y = _legend(parts, report, y)
    y = _bars(parts, report, ranks, y)
    y = max(_matrix(parts, report, ranks, y), _sizes(parts, report, y))
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" viewBox="0 0 {_WIDTH} {y}" '
        'font-family="sans-serif" font-size="12">'
    )
    return "\n".join([start, f'<rect width="{_WIDTH}" height="{y}" fill="white"/>', *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, colour: str = "#1f2933") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, *, colour: str, title: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.2f}" height="{height:.1f}" fill="{colour}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _head(parts: list[str], report: TraceReport) -> int:
    parts.append(_text(20, 30, f"MPI trace: {report.status}, {report.wall_s:.2f} s, {report.ranks} ranks", size=18))
    y = 52
    for found in report.diagnostics[:12]:
        for line in textwrap.wrap(f"{found.kind}: {found.message}", 135, subsequent_indent="    ")[:4]:
            parts.append(_text(20, y, line, colour="#b42318"))
            y += 17
    return y + 8


def _shown_calls(report: TraceReport) -> tuple[str, ...]:
    return tuple(call.call for call in report.calls[:_SHOWN])


def _legend(parts: list[str], report: TraceReport, y: int) -> int:
    parts.append(_text(20, y + 4, "Where each rank spent its time", size=15))
    names = ["own code", *_shown_calls(report), *(["other MPI calls"] if len(report.calls) > _SHOWN else [])]
    x, y = float(_LEFT), y + 16
    for name, colour in zip(names, (_OWN, *_COLOURS), strict=False):
        width = 26 + 7.2 * len(name)
        if x + width > _WIDTH:
            x, y = float(_LEFT), y + 18
        parts.append(_box(x, y, 12, 12, colour=colour, title=name))
        parts.append(_text(x + 16, y + 11, name))
        x += width
    return y + 24


def _bars(parts: list[str], report: TraceReport, ranks: int, y: int) -> int:
    longest = max((time.wall_s for time in report.rank_times), default=0.0) or 1.0
    for rank in range(ranks):
        time = report.rank_times[rank]
        x = float(_LEFT)
        parts.append(_text(_LEFT - 8, y + 15, f"rank {rank}", anchor="end"))
        for name, colour, seconds in _segments(report, rank):
            width = seconds / longest * _BARS
            parts.append(_box(x, y + 2, width, _ROW - 5, colour=colour, title=f"rank {rank}, {name}: {seconds:.3f} s"))
            x += width
        share = time.mpi_s / time.wall_s if time.wall_s else 0.0
        parts.append(_text(x + 6, y + 15, f"{share:.0%} MPI"))
        y += _ROW
    for tick in range(5):
        x = _LEFT + _BARS * tick / 4
        parts.append(_text(x, y + 14, f"{longest * tick / 4:.2f} s", anchor="middle", colour="#52606d"))
    return y + 44


def _segments(report: TraceReport, rank: int) -> Iterator[tuple[str, str, float]]:
    yield "own code", _OWN, report.rank_times[rank].own_s
    for call, colour in zip(report.calls[:_SHOWN], _COLOURS, strict=False):
        yield call.call, colour, call.by_rank_s[rank]
    rest = sum(call.by_rank_s[rank] for call in report.calls[_SHOWN:])
    if rest:
        yield "other MPI calls", _COLOURS[_SHOWN], rest


def _matrix(parts: list[str], report: TraceReport, ranks: int, y: int) -> int:
    parts.append(_text(20, y, "Bytes sent, from row to column", size=15))
    cell = min(44.0, 400.0 / max(ranks, 1))
    top = max((size for row in report.matrix.bytes for size in row), default=0) or 1
    for source in range(ranks):
        at = y + 30 + source * cell
        if cell >= 11 or source % 8 == 0:
            parts.append(_text(_LEFT - 8, at + cell * 0.65, f"rank {source}", anchor="end"))
            parts.append(_text(_LEFT + (source + 0.5) * cell, y + 24, str(source), anchor="middle"))
        for dest in range(ranks):
            size, count = report.matrix.bytes[source][dest], report.matrix.messages[source][dest]
            title = f"rank {source} to rank {dest}: {count} messages, {size} bytes"
            parts.append(_box(_LEFT + dest * cell, at, cell - 1, cell - 1, colour=_shade(count, size, top), title=title))
            if count and cell >= 34:
                ink = "white" if size > top / 2 else "#1f2933"
                middle = _LEFT + (dest + 0.5) * cell
                parts.append(_text(middle, at + cell * 0.6, _short(size), anchor="middle", size=10, colour=ink))
    return int(y + 30 + ranks * cell + 24)


def _shade(count: int, size: int, top: int) -> str:
    if not count:
        return "#f2f4f7"
    depth = 0.15 + 0.85 * size / top
    red, green, blue = (round(255 + (dark - 255) * depth) for dark in (0, 68, 136))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _sizes(parts: list[str], report: TraceReport, y: int) -> int:
    left, width = 560, 250
    parts.append(_text(left - 30, y, "Messages by size", size=15))
    top = max((size.messages for size in report.sizes), default=0) or 1
    at = y + 16
    for size in report.sizes:
        span = f"{_short(size.from_bytes)}-{_short(size.to_bytes)}" if size.to_bytes else "empty"
        parts.append(_text(left + 44, at + 12, span, anchor="end"))
        parts.append(_box(left + 50, at, width * size.messages / top, 15, colour=_COLOURS[0], title=f"{size.messages} messages"))
        parts.append(_text(left + 56 + width * size.messages / top, at + 12, str(size.messages)))
        at += 19
    if not report.sizes:
        parts.append(_text(left, at + 12, "none between two ranks"))
    return at + 24


def _short(count: int) -> str:
    units: Sequence[tuple[str, int]] = (("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10))
    for unit, size in units:
        if count >= size:
            return f"{count / size:.0f}{unit}"
    return f"{count}B"
