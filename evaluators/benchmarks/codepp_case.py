"""A prompt of ``codepp`` with what is right for it, however it was made. Limits: types alone."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from codepar.prompts.items import Decomposition


class Prompt(BaseModel):
    """One request. ``kind`` is the stratum, ``code`` the language of the code, ``prose`` that of the words.

    ``batch`` 2 was written when there were rules already, by somebody who had not read them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    code: str
    prose: str
    text: str
    batch: int = 1
    files: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Case:
    """A prompt with what is right for it."""

    prompt: Prompt
    gold: Decomposition
