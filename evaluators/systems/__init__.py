"""What can be scored on MPI completion: a program in, proposed calls out, behind one protocol.

Limits: a system proposes; nothing is compiled or run. One elsewhere takes part as a file of samples (``codepar eval score``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from codepar.errors import InvalidInput
from codepar.mpi.proposal import Edit
from codepar.settings import Settings

PATH = "main.c"
"""The name of a program that has none."""

SYSTEMS: Mapping[str, str] = {
    "empty": "nothing is proposed",
    "four-calls": "Init, Comm_rank, Comm_size and Finalize, always",
    "rules": "what the rules infer, without a language model",
    "model": "the language model alone, its calls held to the rules",
    "default": "what `codepar mpi complete` proposes, without running it",
}


class System(Protocol):
    """Proposes the missing calls of one program."""

    async def propose(self, source: str, path: str = PATH) -> list[Edit]:
        """The calls for one file, whose language its name tells.

        Raises ``InvalidInput`` for what it refuses, ``EnvironmentFault`` for what it lacks.
        """
        ...

    async def provenance(self) -> dict[str, Any]:
        """What proposes: model, artefact, header; JSON values alone."""
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...


async def open_system(name: str, settings: Settings, budget_s: float) -> System:
    """A system by name; those with a model load it. ``budget_s`` bounds the model for each program."""
    if name not in SYSTEMS:
        raise InvalidInput(f"there is no system {name!r}", remedy=f"one of {', '.join(SYSTEMS)}, or a file of samples")
    if name == "model":
        from evaluators.systems.model import open_model

        return await open_model(settings, budget_s)
    if name == "default":
        from evaluators.systems.product import open_product

        return await open_product(settings, budget_s)
    from evaluators.systems.rules import RuleSystem

    return RuleSystem(name, settings)
