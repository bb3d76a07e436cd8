"""Do two outputs agree? Lines as a multiset per rank, numbers within a tolerance, what varies between runs masked.

Limits: compares what was printed, never files; the order of lines within a rank does not count, because threads and
buffering may change it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from codepar.mpi.tokens import Line, Tolerance, parse_lines

_MATCHING_LIMIT = 400


@dataclass(frozen=True)
class Pattern:
    """A line as the oracle prints it. ``stable[i]`` tells whether number i was the same in every run.

    ``wild`` lines vary in their words too: they match any line that nothing else matches.
    """

    line: Line
    stable: tuple[bool, ...]
    wild: bool = False

    @property
    def is_evidence(self) -> bool:
        """A line without masks, or one whose masks leave a number: a label alone says nothing about a result."""
        return not self.wild and (all(self.stable) or any(self.stable))


@dataclass(frozen=True)
class Expectation:
    """What one stream (a rank's standard output) must hold; ``open_ended`` when even the number of lines varies."""

    patterns: tuple[Pattern, ...]
    open_ended: bool = False

    @property
    def is_evidence(self) -> bool:
        return any(pattern.is_evidence for pattern in self.patterns)


@dataclass(frozen=True)
class Difference:
    """Why a stream does not agree: the first expected line that is missing, the first line too many. Both may be None."""

    missing: str | None
    surplus: str | None


def expect(runs: Sequence[str], tolerance: Tolerance) -> Expectation:
    """What the outputs of several runs of one program have in common."""
    by_skeleton: dict[str, list[list[Line]]] = defaultdict(lambda: [[] for _ in runs])
    for run, text in enumerate(runs):
        for line in parse_lines(text):
            by_skeleton[line.skeleton][run].append(line)
    patterns: list[Pattern] = []
    wild = [0] * len(runs)
    for groups in by_skeleton.values():
        shared, rest = _split_shared(groups)
        common = min(len(group) for group in rest)
        patterns += [_exact(line) for line in shared]
        patterns += _masked([sorted(group, key=_order)[:common] for group in rest], tolerance)
        for run, group in enumerate(rest):
            wild[run] += len(group) - common
    patterns += [Pattern(Line("", ()), (), wild=True)] * min(wild)
    return Expectation(tuple(patterns), open_ended=len(set(wild)) > 1)


def _split_shared(groups: list[list[Line]]) -> tuple[list[Line], list[list[Line]]]:
    """Lines of one skeleton that every run printed, and the rest of each run.

    Where most lines differ, the few equal ones are chance (random digits), and nothing counts as shared.
    """
    counters = [Counter(group) for group in groups]
    shared = counters[0]
    for counter in counters[1:]:
        shared = shared & counter
    if 2 * shared.total() < max(len(group) for group in groups):
        return [], groups
    return list(shared.elements()), [list((counter - shared).elements()) for counter in counters]


def _exact(line: Line) -> Pattern:
    return Pattern(line, (True,) * len(line.numbers))


def _order(line: Line) -> tuple[tuple[int, str], ...]:
    return tuple((len(number), number) for number in line.numbers)


def _masked(groups: list[list[Line]], tolerance: Tolerance) -> list[Pattern]:
    """Lines of one skeleton that no two runs share: a place whose values differ between the runs is masked in all of them."""
    first, others = groups[0], groups[1:]
    if not first:
        return []
    places = range(len(first[0].numbers))
    stable = tuple(
        all(_same_values(_column(first, place), _column(other, place), tolerance) for other in others) for place in places
    )
    return [Pattern(line, stable) for line in first]


def _column(lines: list[Line], place: int) -> list[str]:
    return [line.numbers[place] for line in lines]


def _same_values(left: list[str], right: list[str], tolerance: Tolerance) -> bool:
    pairs = zip(sorted(left), sorted(right), strict=True)
    return all(tolerance.accepts(a, b) for a, b in pairs)


def difference(expectation: Expectation, output: str, tolerance: Tolerance) -> Difference | None:
    """None when the output meets the expectation, else what is missing and what is too many."""
    found = Counter(parse_lines(output))
    wanted: list[Pattern] = []
    for pattern in expectation.patterns:
        if pattern.wild or not all(pattern.stable) or not found[pattern.line]:
            wanted.append(pattern)
        else:
            found[pattern.line] -= 1
    left = list(found.elements())
    missing, left = _match(wanted, left, tolerance)
    surplus = [] if expectation.open_ended else left
    if not missing and not surplus:
        return None
    return Difference(_text(missing[0].line) if missing else None, _text(surplus[0]) if surplus else None)


def _match(wanted: list[Pattern], lines: list[Line], tolerance: Tolerance) -> tuple[list[Pattern], list[Line]]:
    """Pair patterns with lines of the same skeleton; what stays without a partner on either side. Wild ones take leftovers."""
    by_skeleton: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_skeleton[line.skeleton].append(line)
    missing: list[Pattern] = []
    groups: dict[str, list[Pattern]] = defaultdict(list)
    wild = [pattern for pattern in wanted if pattern.wild]
    for pattern in wanted:
        if not pattern.wild:
            groups[pattern.line.skeleton].append(pattern)
    for skeleton, patterns in groups.items():
        partner = _pair(patterns, by_skeleton[skeleton], tolerance)
        missing += [pattern for index, pattern in enumerate(patterns) if index not in partner]
        taken = set(partner.values())
        by_skeleton[skeleton] = [line for index, line in enumerate(by_skeleton[skeleton]) if index not in taken]
    left = [line for group in by_skeleton.values() for line in group]
    return missing + wild[len(left) :], left[len(wild) :]


def _pair(patterns: list[Pattern], lines: list[Line], tolerance: Tolerance) -> dict[int, int]:
    """A largest pairing of patterns with lines, as pattern index to line index."""
    if len(patterns) > _MATCHING_LIMIT or len(lines) > _MATCHING_LIMIT:
        return _pair_in_order(patterns, lines, tolerance)
    owner: dict[int, int] = {}

    def _augment(index: int, seen: set[int]) -> bool:
        for candidate, line in enumerate(lines):
            if candidate in seen or not _fits(patterns[index], line, tolerance):
                continue
            seen.add(candidate)
            if candidate not in owner or _augment(owner[candidate], seen):
                owner[candidate] = index
                return True
        return False

    for index in range(len(patterns)):
        _augment(index, set())
    return {index: candidate for candidate, index in owner.items()}


def _pair_in_order(patterns: list[Pattern], lines: list[Line], tolerance: Tolerance) -> dict[int, int]:
    """For very many lines: both sides sorted by their stable numbers, paired in step."""
    left = sorted(range(len(patterns)), key=lambda i: _order(patterns[i].line))
    right = sorted(range(len(lines)), key=lambda i: _order(lines[i]))
    return {i: j for i, j in zip(left, right, strict=False) if _fits(patterns[i], lines[j], tolerance)}


def _fits(pattern: Pattern, line: Line, tolerance: Tolerance) -> bool:
    return len(pattern.line.numbers) == len(line.numbers) and all(
        not stable or tolerance.accepts(found, wanted)
        for stable, found, wanted in zip(pattern.stable, line.numbers, pattern.line.numbers, strict=True)
    )


def _text(line: Line) -> str:
    parts = line.skeleton.split("\x00")
    return "".join(part + number for part, number in zip(parts, (*line.numbers, ""), strict=False))[:200]
