"""Who reads a request for its parts: the rules alone, or with a language model where they are unsure.

The model's answer is held to the rules of any decomposition (``codepar.prompts.by_model``); where it cannot be asked, or says
what does not hold, the rules' answer stands and a note says so. Limits: a model costs seconds, and a small one is often wrong;
the rules are the default.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from codepar.errors import CodeparError, EngineUnavailable
from codepar.flows.decompose_read import Read, read_request
from codepar.flows.decompose_request import DecompositionRequest
from codepar.prompts.by_model import ModelExtraction, extract_with_model
from codepar.protocols import Generator

_LONGEST_S = 60.0


async def read(request: DecompositionRequest, generator: Generator | None) -> Read:
    """The request by the extractor that its options name. Never fails for want of a model."""
    if request.options.extractor == "rules":
        return await asyncio.to_thread(read_request, request)
    begun = time.monotonic()
    try:
        extraction = await _asked(request, generator)
    except (CodeparError, TimeoutError) as fault:
        found = await asyncio.to_thread(read_request, request)
        why = str(fault) or "the model took too long"
        return replace(found, notes=(*found.notes, f"the parts are those that the rules find: {why}"))
    seconds = time.monotonic() - begun
    found = await asyncio.to_thread(read_request, request, extraction.decomposition)
    notes = (f"the model's answer about the parts is not taken: {extraction.dropped}",) if extraction.dropped else ()
    return replace(found, seconds=seconds, extraction=extraction, notes=(*found.notes, *notes))


async def _asked(request: DecompositionRequest, generator: Generator | None) -> ModelExtraction:
    if generator is None:
        raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")
    budget = min(_LONGEST_S, request.options.budget_s)
    async with asyncio.timeout(budget + 5.0):
        return await extract_with_model(request.prompt, request.files, generator, budget_s=budget)
