"""What a flow is to the faces that run it: a request model, a coroutine, and whether it needs a language model.

Limits: no flow is named here; ``codepar.flows`` lists them.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from codepar.protocols import Executor, Generator, Progress
from codepar.settings import Settings


class FlowFunction(Protocol):
    """The coroutine of a flow. ``settings`` None means the documented defaults."""

    def __call__(
        self,
        request: Any,
        generator: Generator | None,
        executor: Executor | None,
        progress: Progress,
        settings: Settings | None = None,
    ) -> Awaitable[BaseModel]: ...


@dataclass(frozen=True)
class Flow:
    """One capability from end to end. ``request_model`` validates the body; the result dumps to the job's ``result``.

    ``needs_engine`` tells that a generator improves the answer; without one the flow still answers and says so.
    """

    request_model: type[BaseModel]
    run: FlowFunction
    needs_engine: bool
