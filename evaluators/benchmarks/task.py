"""One program of an MPI completion benchmark, as the product takes it, with what is wanted of it.

Limits: one file a program; line n of ``source`` is line n of the benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.calls import LabelKind, PlacedCall, read_published


@dataclass(frozen=True, slots=True)
class Task:
    """``source`` lacks its MPI calls; ``labels`` are the wanted ones in the published form, with their drift."""

    task_id: str
    repository: str
    source: str
    labels: str

    def wanted(self, kind: LabelKind) -> tuple[PlacedCall, ...]:
        """The calls to be found, at the places that the labels say or at the right ones."""
        return tuple(call.placed(kind) for call in read_published(self.labels))
