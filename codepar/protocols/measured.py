"""What a run can be counted by: lines and branches, arithmetic on host and device, traffic between ranks.

Limits: counts alone; what they mean is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from codepar.record import Record


class LineCount(Record):
    """How often a line was executed. ``line`` is 1-based."""

    line: int
    count: int


class BranchCount(Record):
    """How often one way out of a decision was taken; ``index`` counts the ways of a line, in the compiler's order."""

    line: int
    index: int
    count: int


class FileCoverage(Record):
    """The executable lines and branches of one file of the project, in order."""

    file: str
    lines: tuple[LineCount, ...]
    branches: tuple[BranchCount, ...] = ()


class Coverage(Record):
    """What a run (all its ranks and threads) took of the project's files. Counted by the program itself: it explains, no more."""

    files: tuple[FileCoverage, ...] = ()

    @property
    def lines(self) -> Ratio:
        """Lines executed at least once, of all that can be."""
        return Ratio.of(one.count for file in self.files for one in file.lines)

    @property
    def branches(self) -> Ratio:
        """Branches taken at least once, of all that can be."""
        return Ratio.of(one.count for file in self.files for one in file.branches)


class Ratio(Record):
    """``taken`` of ``total``."""

    taken: int
    total: int

    @classmethod
    def of(cls, counts: Iterable[int]) -> Self:
        """How many counts are not zero."""
        known = list(counts)
        return cls(taken=sum(1 for count in known if count), total=len(known))


class KernelWork(Record):
    """The launches of one kernel in one test case (None: outside of any; the driver says where one begins).

    ``grid``, ``block`` and ``threads`` are those of the largest launch. What follows only an instrumented run counts:
    ``writers`` and ``active`` are the threads of the launch with most of them that wrote to shared or global memory, and that
    accessed global memory; ``accesses`` is the sum over all threads and launches, ``busiest`` the sum over launches of the
    thread with most accesses, ``atomics`` the accesses to global memory that were atomic, ``same_address`` those on the address
    with most of them.
    """

    case: int | None
    kernel: str
    launches: int
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    threads: int
    writers: int = 0
    active: int = 0
    accesses: int = 0
    busiest: int = 0
    atomics: int = 0
    same_address: int = 0


class HostWork(Record):
    """What host code did itself in one test case with one of the driver's buffers, or with ``stack`` or ``other`` memory.

    ``elements`` counts the distinct ones that it loaded or stored one by one, ``loads`` and ``stores`` apart; ``copied`` what it
    copied or filled in bulk (elements of a buffer, else bytes).
    """

    case: int | None
    buffer: str
    elements: int
    loads: int
    stores: int
    copied: int


class DeviceWork(Record):
    """What ran on the (emulated) device and what the host did beside it, as the process under test counted it: may demote only.

    ``is_counted``: the figures of an instrumented run are there. ``is_complete`` is False where records were dropped or part
    of the memory was not watched.
    """

    launches: int = 0
    kernels: tuple[KernelWork, ...] = ()
    host: tuple[HostWork, ...] = ()
    is_counted: bool = False
    is_complete: bool = True


class Traffic(Record):
    """What the ranks of one run gave each other, as they counted it themselves: it may demote a result, never prove one.

    ``messages`` went from one rank to another (point to point or one-sided), ``collectives`` counts the calls that move data, on
    all ranks; ``bytes`` are those of both. ``ranks`` is how many took part.
    """

    messages: int = 0
    collectives: int = 0
    bytes: int = 0
    ranks: int = 0

    @property
    def is_seen(self) -> bool:
        """Whether data passed between ranks at all."""
        return self.ranks > 1 and self.bytes > 0
