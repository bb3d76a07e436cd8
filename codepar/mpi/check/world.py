"""What the ranks of one replay share: how many they are, how unknown conditions were decided, what one rank gave to others.

A replay is repeated: with other decisions for conditions that nothing tells, and once more when a rank needed what another only
gave later. Limits: at most ``MAX_WORLDS`` decisions are tried; a world in which ranks may decide differently is ``unsure``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from codepar.mpi.check.values import Unknown, Value

MAX_WORLDS = 8
_MAX_CHOICES = 6


@dataclass(eq=False)
class World:
    """One way that unknown conditions may turn out, for all ranks of one replay."""

    size: int
    prefix: tuple[bool, ...] = ()
    decisions: dict[str, bool] = field(default_factory=dict)
    bindings: dict[str, int] = field(default_factory=dict)
    order: list[bool] = field(default_factory=list)
    sites: dict[tuple[int, int], str] = field(default_factory=dict)
    given: dict[tuple[str, int, int], tuple[Value, ...]] = field(default_factory=dict)
    wanted: bool = False
    """Whether a rank asked for what another had not given yet."""
    unsure: str = ""
    """Why calls of different ranks cannot be compared; empty where they can."""

    def decide(self, key: str, default: bool) -> bool:
        """The truth of an unknown condition: as before, as this world wants it, else the default."""
        if key not in self.decisions:
            index = len(self.order)
            chosen = self.prefix[index] if index < len(self.prefix) else default
            if index < _MAX_CHOICES:
                self.order.append(chosen)
            else:
                chosen = default
            self.decisions[key] = chosen
        return self.decisions[key]

    def at_site(self, site: int, occurrence: int, unknown: Unknown, line: int) -> None:
        """Note on what a decision rests; where ranks rest on different things their calls are not compared."""
        first = self.sites.setdefault((site, occurrence), unknown.key)
        if unknown.local or first != unknown.key:
            self.doubt(f"the condition in line {line} may differ between ranks")

    def doubt(self, reason: str) -> None:
        self.unsure = self.unsure or reason

    def next_prefixes(self) -> Iterator[tuple[bool, ...]]:
        """Decision prefixes that differ from this world's in one place after its own prefix."""
        for index in range(len(self.prefix), len(self.order)):
            yield (*self.order[:index], not self.order[index])


def resolved(value: Value, world: World) -> Value:
    """The number that an unknown was bound to meanwhile."""
    if isinstance(value, Unknown) and value.key in world.bindings:
        return world.bindings[value.key]
    return value
