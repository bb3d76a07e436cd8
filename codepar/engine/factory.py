"""Which engine the settings mean. Limits: opens one; keeping a single one per process is the caller's business."""

from __future__ import annotations

from codepar.protocols import Generator
from codepar.settings import Settings


async def open_generator(settings: Settings) -> Generator:
    """The engine at ``engine_url``, else the chosen backend in this process (which loads the weights: seconds).

    Raises ``EngineUnavailable`` with its remedy when there is none.
    """
    if settings.engine_url is not None:
        from codepar.engine.openai import open_openai

        return await open_openai(settings)
    if settings.engine_backend == "transformers":
        from codepar.engine.transformers import open_transformers

        return await open_transformers(settings)
    from codepar.engine.openvino import open_openvino

    return await open_openvino(settings)


async def open_late_generator(settings: Settings) -> Generator:
    """The same for a single command: the embedded engine loads its weights at the first question, and not before.

    Raises ``EngineUnavailable`` as above where the model is not installed; damaged weights are found at that question.
    """
    if settings.engine_url is not None or settings.engine_backend != "openvino":
        return await open_generator(settings)
    from codepar.engine.openvino_late import LateOpenVino

    return LateOpenVino(settings)
