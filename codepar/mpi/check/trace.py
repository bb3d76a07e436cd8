"""What one replayed rank did: its MPI calls with the values of their arguments, and touches of buffers in use.

Limits: a trace ends where the replay was given up (``ended`` says so); nothing is known about what would have followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codepar.mpi.check.values import Block, Comm, Request, Resource, Value


@dataclass(eq=False, slots=True)
class Op:
    """One MPI call. ``values`` and ``texts`` by the parameter names of the standard."""

    index: int
    rank: int
    name: str
    file: str
    line: int
    values: dict[str, Value]
    texts: dict[str, str]
    comm: Comm | None = None
    request: Request | None = None
    requests: tuple[Value, ...] = ()
    """What Wait, Test, Start and Request_free were given, one value a request."""
    freed_before: dict[str, int] = field(default_factory=dict)
    """Lines where handles that are arguments here had been freed."""
    overwrites: Request | None = None
    """An active request whose handle this call replaces."""
    parallel: str = ""
    """The OpenMP construct around the call: ``parallel``, ``single``, ``master``, ``critical``; empty outside."""
    sequence: int = -1
    """The number of this collective on its communicator; -1 for other calls."""
    resource: Resource | None = None
    uncommitted: Resource | None = None
    win_problem: str = ""
    opened: tuple[str, ...] = ()

    def number(self, parameter: str) -> int | None:
        """The integer given for a parameter; None where it is not known or not given."""
        value = self.values.get(parameter)
        return value if isinstance(value, int) else None


@dataclass(frozen=True, slots=True)
class Touch:
    """A buffer was read or written in ``line`` although the call of ``started`` may still use it."""

    line: int
    file: str
    name: str
    writes: bool
    started: int
    function: str
    what: str


@dataclass(frozen=True, slots=True)
class WindowTouch:
    """The rank itself read or wrote bytes ``first`` to ``last`` of memory that a window shows, in a phase between fences."""

    block: Block
    first: int
    last: int
    writes: bool
    line: int
    file: str
    phase: int


@dataclass(eq=False, slots=True)
class RankTrace:
    """The life of one rank. ``ended`` is ``returned``, ``aborted`` or the reason why it was not followed to its end."""

    rank: int
    ops: list[Op] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    unset: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Variables (file, name, line of the declaration) that were read before anything was stored in them, and the first line."""
    given: set[tuple[str, str, int]] = field(default_factory=set)
    """Variables in which something was stored, by the text or by a function that is not followed; MPI's own stores aside."""
    used: set[tuple[str, str, int]] = field(default_factory=set)
    """Variables that were read; what MPI sends aside."""
    window_touches: list[WindowTouch] = field(default_factory=list)
    phase: int = 0
    """Fences and barriers so far."""
    resources: list[Resource] = field(default_factory=list)
    comms: list[Comm] = field(default_factory=list)
    ended: str = ""
    has_init_elsewhere: bool = False
    """The text calls MPI_Init somewhere, whether this rank came there or not."""
    opaque: str = ""
    """A function whose text is not here was called, and may have communicated."""

    @property
    def is_complete(self) -> bool:
        return self.ended == "returned"
