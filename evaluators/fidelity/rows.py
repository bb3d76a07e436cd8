"""Rows of ``codepp-fidelity``: one prompt answered both ways, each function with its verdict. Limits: types, and reading them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from codepar.errors import InvalidInput
from codepar.protocols import Record, Status
from evaluators.fidelity.cases import NAME
from evaluators.fidelity.judge import ItemVerdict
from evaluators.samples import latest_rows


class Way(Record):
    """One way of asking. ``mode`` is what came of it. ``seconds`` have everything in them but the judging.

    ``cut``: an answer ended at its bound of tokens. ``missing``: items without an accepted answer. ``compiled``: see the flow.
    """

    mode: Literal["whole", "parts"]
    seconds: float
    prompt_tokens: int
    cached_tokens: int | None = None
    answer_tokens: int
    requests: int
    cut: bool = False
    compiled: bool | None = None
    missing: tuple[str, ...] = ()
    items: tuple[ItemVerdict, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every function that was asked for is there."""
        return all(one.place is not None for one in self.items)

    @property
    def is_in_order(self) -> bool:
        """Whether those that are there come in the order of the request."""
        places = [one.place for one in self.items if one.place is not None]
        return places == sorted(places)


class FidelitySample(BaseModel):
    """One prompt both ways. ``infra_error`` says nothing of the system."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    benchmark: str = NAME
    task_id: str
    system: str = ""
    data: str = ""
    environment: str = ""
    code: str = ""
    keeps_signatures: bool = True
    status: Status = Status.OK
    message: str = ""
    serial: Way | None = None
    parallel: Way | None = None


def read_fidelity(path: Path) -> tuple[FidelitySample, ...]:
    """The rows of a file; of several for a prompt the last. Torn lines are passed over. Raises ``NotFound``, ``InvalidInput``."""
    rows = latest_rows(path, FidelitySample)
    if not rows:
        raise InvalidInput(f"{path} holds no sample of {NAME}", remedy=f"codepar eval run {NAME} makes one")
    return rows
