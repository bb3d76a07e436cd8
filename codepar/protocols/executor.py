"""Who carries out and who listens: the ``Executor`` and ``Progress`` protocols.

Limits: no executor lives here; the one ``Progress`` here says nothing.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from codepar.protocols.execution import Execution
from codepar.protocols.result import ExecutionResult


@runtime_checkable
class Executor(Protocol):
    """Compiles and runs. Never raises for what the code under test does: that is a status. Cancelling ends the processes."""

    async def execute(self, execution: Execution) -> ExecutionResult: ...


@runtime_checkable
class Progress(Protocol):
    """Hears the events of a job. ``data`` must be JSON-serialisable."""

    async def report(self, type: str, data: dict[str, Any]) -> None: ...


class SilentProgress:
    """Hears everything, says nothing."""

    async def report(self, type: str, data: dict[str, Any]) -> None:
        return None
