"""``codepar split --model``: the language model is asked where the rules see signs of several tasks but find none.

It is loaded at the first question: a request that the rules split costs nothing more. Limits: without a model the rules' answer
stands, and standard error says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from codepar.cli.common import say
from codepar.cli.late_model import LateModel
from codepar.errors import EngineUnavailable
from codepar.prompts.by_model import extract_with_model
from codepar.prompts.extract import extract
from codepar.prompts.items import Decomposition
from codepar.settings import Settings

_BUDGET_S = 120.0


def found_with_model(text: str, files: Mapping[str, str]) -> Decomposition:
    """The decomposition by rules and model; what the model answered in vain is said on standard error."""
    return asyncio.run(_found(text, files))


async def _found(text: str, files: Mapping[str, str]) -> Decomposition:
    model = LateModel(Settings(), _BUDGET_S)
    try:
        extraction = await extract_with_model(text, files, model, budget_s=_BUDGET_S)
    except EngineUnavailable as fault:
        say(f"codepar: the rules' answer stands: {fault}")
        return extract(text, files)
    finally:
        await model.close()
    if extraction.dropped:
        say(f"codepar: the model's answer is not taken: {extraction.dropped}")
    return extraction.decomposition
