"""The language model of a command that also works without one. Limits: opens it; who asked closes it."""

from __future__ import annotations

import asyncio

from codepar.cli.common import say
from codepar.errors import CodeparError, InvalidInput
from codepar.protocols import Generator
from codepar.settings import Settings


async def open_model(settings: Settings, budget_s: float) -> Generator | None:
    """The language model, or None with the reason on standard error: the rules work without one."""
    from codepar.engine.factory import open_late_generator

    try:
        # Our own weights are loaded at the first question; somebody else's engine must answer within the budget.
        async with asyncio.timeout(None if settings.engine_url is None else budget_s):
            return await open_late_generator(settings)
    except TimeoutError:
        say(f"codepar: no language model: the engine at {settings.engine_url} does not answer within {budget_s:g} s")
        return None
    except CodeparError as fault:
        # An engine of somebody else may answer anything; the rules' answer does not depend on it.
        where = (
            f"the engine at {settings.engine_url} answers: " if isinstance(fault, InvalidInput) and settings.engine_url else ""
        )
        say(f"codepar: no language model: {where}{fault}")
        return None
