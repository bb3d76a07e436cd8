"""An executor that counts what goes through it: executions, seconds of compilation and of running.

Limits: seconds are summed over executions that may have run side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.protocols import Execution, ExecutionResult, Executor


@dataclass
class CountingExecutor:
    """Hands everything on to ``executor``."""

    executor: Executor
    executions: int = 0
    compile_s: float = 0.0
    run_s: float = 0.0

    async def execute(self, execution: Execution) -> ExecutionResult:
        """As ``Executor`` has it."""
        result = await self.executor.execute(execution)
        self.executions += 1
        self.compile_s += result.compile_s
        self.run_s += result.wall_s
        return result
