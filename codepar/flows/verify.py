"""``codepar mpi verify``: an MPI program as it is, compiled, run at each rank count and judged by the oracles.

Limits: changes nothing in the program; static checks are not made.
"""

from __future__ import annotations

from codepar.errors import EnvironmentFault
from codepar.flows.judging import call_court, is_verified, why_unverified
from codepar.flows.mpi_request import MpiVerifyRequest
from codepar.mpi.oracle import CommandRunner
from codepar.protocols import Executor, Generator, Progress, Record, Verdict
from codepar.settings import Settings


class MpiVerification(Record):
    """The verdict at each rank count. ``verified``: ``ok`` and agreed at all of them; ``reason`` says why it is not."""

    verification: tuple[Verdict, ...]
    verified: bool
    reason: str | None = None


async def verify(
    request: MpiVerifyRequest,
    generator: Generator | None,
    executor: Executor | None,
    progress: Progress,
    settings: Settings | None = None,
    *,
    command: CommandRunner | None = None,
) -> MpiVerification:
    """Judge the program. Raises ``EnvironmentFault`` without an executor."""
    if executor is None:
        raise EnvironmentFault("nothing here can run programs", remedy="codepar doctor")
    court = call_court(request, executor, progress, settings=settings, command=command)
    verdicts = await court.verdicts(request.project)
    return MpiVerification(verification=tuple(verdicts), verified=is_verified(verdicts), reason=why_unverified(verdicts))
