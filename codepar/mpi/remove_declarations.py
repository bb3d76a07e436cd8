"""The level `declarations`: take what only MPI calls need out of a program whose calls are out already.

Losslessly, like the calls: ``Stripped.pieces`` lists both in the order of the original. Limits: what ``declarations`` keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codepar.mpi.declarations import FoundDeclaration, find_declarations
from codepar.mpi.stripped import RemovedCall, RemovedDeclaration, Stripped
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

_BLANKS = b" \t\f\v"
_REST_OF_LINE = re.compile(rb"[ \t\f\v]*(?:/\*(?:[^*\n]|\*(?!/))*\*/[ \t\f\v]*)*(?://[^\n]*)?(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class _Cut:
    """Bytes ``start`` to ``end`` that go; ``first`` is where the first declaration of its run begins."""

    found: FoundDeclaration
    start: int
    end: int
    first: int


def strip_declarations(stripped: Stripped, language: Language) -> Stripped:
    """``stripped`` (level `calls`) without its MPI-only declarations; those that stay are added to ``refused``."""
    tree = parse(stripped.source, language)
    found = find_declarations(tree, stripped.calls)
    cuts = list(_cuts(tree.data, found.removable, sorted({call.span[0] for call in stripped.calls})))
    kept, position, removed = list[bytes](), 0, list[RemovedDeclaration]()
    for cut in cuts:
        kept.append(tree.data[position : cut.start])
        position = cut.end
        removed.append(_removed(tree.data, cut, b"".join(kept), stripped.calls))
    source = b"".join([*kept, tree.data[position:]]).decode()
    calls = tuple(_moved(call, cuts, tree.data) for call in stripped.calls)
    refused = (*stripped.refused, *found.kept)
    changed = {"source": source, "calls": calls, "declarations": tuple(removed), "refused": refused, "base": source}
    return stripped.model_copy(update=changed)


def _cuts(data: bytes, removable: Sequence[FoundDeclaration], points: Sequence[int]) -> Iterator[_Cut]:
    for run in _runs(data, removable, points):
        yield from _cut_run(data, run, points)


def _runs(data: bytes, removable: Sequence[FoundDeclaration], points: Sequence[int]) -> list[list[FoundDeclaration]]:
    """Group what stands on one line with nothing but blanks between; a call that stood between parts them."""
    runs: list[list[FoundDeclaration]] = []
    for found in removable:
        last = runs[-1][-1] if runs else None
        apart = last is None or data[last.end : found.start].strip(_BLANKS)
        if last is None or apart or any(last.end <= point <= found.start for point in points):
            runs.append([found])
        else:
            runs[-1].append(found)
    return runs


def _cut_run(data: bytes, run: Sequence[FoundDeclaration], points: Sequence[int]) -> list[_Cut]:
    """Whole lines where nothing else stands on them, no call's place either; else each with the blanks behind it."""
    starts, last = [found.start for found in run], run[-1].end
    line_start = data.rfind(b"\n", 0, starts[0]) + 1
    rest = _REST_OF_LINE.match(data, last)
    alone = rest is not None and not data[line_start : starts[0]].strip(_BLANKS)
    if rest is not None and alone and not any(line_start < point < rest.end() for point in points):
        starts[0], last = line_start, rest.end()
    else:
        limit = min((point for point in points if point >= last), default=len(data))
        while last < limit and data[last] in _BLANKS:
            last += 1
    ends = [*starts[1:], last]
    return [_Cut(found, start, end, run[0].start) for found, start, end in zip(run, starts, ends, strict=True)]


def _removed(data: bytes, cut: _Cut, before: bytes, calls: Sequence[RemovedCall]) -> RemovedDeclaration:
    line_start = data.rfind(b"\n", 0, cut.first) + 1
    leads_line = not data[line_start : cut.first].strip(_BLANKS)
    lines = before.count(b"\n")
    return RemovedDeclaration(
        span=(len(before), len(before)),
        removed=data[cut.start : cut.end].decode(),
        after_line=lines if leads_line else lines + 1,
        type=cut.found.type,
        names=cut.found.names,
        calls_before=sum(call.span[0] <= cut.start for call in calls),
    )


def _moved(call: RemovedCall, cuts: Sequence[_Cut], data: bytes) -> RemovedCall:
    """The call with its place in the shorter text."""
    earlier = [cut for cut in cuts if cut.end <= call.span[0]]
    less = sum(cut.end - cut.start for cut in earlier)
    lines = sum(data.count(b"\n", cut.start, cut.end) for cut in earlier)
    span = (call.span[0] - less, call.span[1] - less)
    return call.model_copy(update={"span": span, "after_line": call.after_line - lines})
