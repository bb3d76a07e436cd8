"""Is an MPI program that prints the right thing parallel at all? By what its ranks exchange and how the work falls on them.

Work is counted in executed lines, so the answer does not depend on how busy the machine is. All of it can only demote a program.
Limits: what libraries compute is not seen; a program of few lines shows nothing by its work, there copied results are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from codepar.protocols import Record, Traffic

TELLING_LINES = 500
"""A serial program that executes fewer lines shows no shares: what MPI itself needs outweighs them."""
_BUSIEST_SHARE = 0.9
"""What part of the work of one rank alone the busiest of several may do."""
_LEAST_WORK = 0.1
"""What part of the serial program's work must be done at all."""
_FEW_RANKS = 2
_NUMBER = re.compile(r"(?<![\w.])\d[\d']*\.?\d*(?:[eE][-+]?\d+)?")
_TELLING_DIGITS = 5


class Shares(Record):
    """Executed lines of the serial program, of the parallel one on one rank, and of each of its ranks at the largest count.

    ``unknown`` says why nothing could be counted.
    """

    serial: int | None = None
    alone: int | None = None
    by_rank: tuple[int, ...] = ()
    unknown: str | None = None

    @property
    def busiest(self) -> float | None:
        """The busiest rank's part of what one rank alone would do."""
        return max(self.by_rank) / self.alone if self.by_rank and self.alone else None

    @property
    def are_telling(self) -> bool:
        return self.serial is not None and self.serial >= TELLING_LINES and bool(self.by_rank) and self.alone is not None


def silence(traffic: Traffic | None, ranks: int) -> str | None:
    """Why a run is not one of ranks that work together; None when data passed between them, or at one rank."""
    if ranks < _FEW_RANKS or (traffic is not None and traffic.is_seen):
        return None
    if traffic is None:
        return "nothing counts what the ranks exchange here, so it is not known to be parallel"
    return "no data passes between the ranks: they neither send nor take part in a collective that moves data"


def unshared(shares: Shares) -> str | None:
    """Why the work is not shared among the ranks; None when it is, or when too little is known to tell."""
    if not shares.are_telling or shares.serial is None or shares.alone is None:
        return None
    total, most = sum(shares.by_rank), max(shares.by_rank)
    ranks = len(shares.by_rank)
    if total < _LEAST_WORK * shares.serial:
        return f"the ranks execute {total} lines together, the serial program {shares.serial}: the result is not computed"
    if most > _BUSIEST_SHARE * shares.alone:
        if min(shares.by_rank) > _BUSIEST_SHARE * most:
            return (
                f"each of the {ranks} ranks executes as many lines as one rank alone ({most}): the work is repeated, not shared"
            )
        busy = shares.by_rank.index(most)
        return f"rank {busy} executes {most} of {total} lines, as many as one rank alone: the work is not shared"
    if ranks > _FEW_RANKS and most > shares.serial:
        return f"the busiest of {ranks} ranks executes {most} lines, the serial program {shares.serial}: the work is not shared"
    return None


def copied_results(output: str, serial: Iterable[str], parallel: Iterable[str]) -> str | None:
    """A number of the expected output that the parallel program holds as a constant and the serial one does not."""
    results = {digits for text in _NUMBER.findall(output) if len(digits := _digits(text)) >= _TELLING_DIGITS}
    own = _constants(serial)
    for text in sorted(_constants(parallel) - own):
        digits = _digits(text)
        if len(digits) >= _TELLING_DIGITS and any(_is_same(digits, result) for result in results):
            return f"the program holds the result {text} as a constant"
    return None


def _constants(texts: Iterable[str]) -> set[str]:
    return {text for source in texts for text in _NUMBER.findall(source)}


def _digits(number: str) -> str:
    """The significant digits: ``3141`` of ``0.003141e5``, ``12`` of ``1200``."""
    return re.sub(r"[.']", "", re.split("[eE]", number)[0]).lstrip("0").rstrip("0")


def _is_same(constant: str, result: str) -> bool:
    """Equal, or the constant has more digits and rounds to the result."""
    return constant == result or (len(constant) > len(result) and constant.startswith(result[:-1]))
