"""What decomposition answers: the plan, and where it was carried out each item's answer, the joined text and the changed files.

Limits: the wire types alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from codepar.flows.cuda_result import TranslatedFunction
from codepar.flows.mpi_result import MpiCompletion, MpiParallelization
from codepar.flows.provenance import ModelProvenance
from codepar.prompts.items import Decomposition
from codepar.prompts.merged import Form, MergeFinding
from codepar.prompts.schedule import Rung
from codepar.protocols import Record


class Capability(StrEnum):
    """Who answers an item: the language model alone, or a capability that judges its own answer."""

    CHAT = "chat"
    CUDA = "cuda_translation"
    OPENMP = "openmp_translation"
    MPI_COMPLETION = "mpi_completion"
    MPI_PARALLELIZATION = "mpi_parallelization"


class PlannedStep(Record):
    """What is asked for one item, by whom, and whose answers must be there before."""

    item: str
    capability: Capability = Capability.CHAT
    needs: tuple[str, ...] = ()


class ItemResult(Record):
    """What became of one item; ``number`` counts from 1.

    ``ok``: there is an answer that was accepted; without it ``why`` says what is missing, and ``answer`` holds what there is.
    ``verified`` is the verdict of a capability (``translation``, ``completion``), None for answers that nothing can judge.
    ``compiled`` is None where nothing was compiled. ``rung`` is that of the last attempt. ``cached_tokens`` of ``prompt_tokens``
    came from the engine's cache.
    """

    id: str
    number: int
    title: str
    capability: Capability = Capability.CHAT
    ok: bool
    verified: bool | None = None
    compiled: bool | None = None
    why: str | None = None
    answer: str = ""
    form: Form = Form.TEXT
    file: str | None = None
    rung: Rung = "first"
    attempts: int = 0
    hedged: bool = False
    prompt_tokens: int = 0
    cached_tokens: int | None = None
    answer_tokens: int = 0
    seconds: float = 0.0
    translation: TranslatedFunction | None = None
    completion: MpiParallelization | MpiCompletion | None = None


class DecompositionCost(Record):
    """What the answer took. Seconds are wall time; tokens are those of chat answers, judged translations count their own."""

    extract_s: float = 0.0
    wall_s: float = 0.0
    requests: int = 0
    hedges: int = 0
    prompt_tokens: int = 0
    cached_tokens: int | None = None
    answer_tokens: int = 0


class DecompositionResult(Decomposition):
    """A ``Decomposition`` with its plan (``waves``, ``steps``, ``contract``, ``closing_wish``) and, after a run, the answers.

    ``mode``: ``plan`` nothing was asked, ``whole`` the request as it is, ``parts`` its items. ``why_mode`` says why. ``answers``
    are in the order of the items, ``whole`` is the answer to the request as it is, where that was asked (at once, or as the last
    rung for items without an answer), ``closing`` the one to the closing wish. ``text`` is all of it as a person reads it.
    ``files`` are the changed and new files, ``patch`` puts them into the project's root; ``compiled`` is whether they compile,
    None where none could be tried. ``missing`` names the items without an answer, ``fault`` what the engine said when it failed.
    """

    waves: tuple[tuple[str, ...], ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    contract: str = ""
    closing_wish: str | None = None
    mode: Literal["plan", "whole", "parts"] = "plan"
    why_mode: str = ""
    answers: tuple[ItemResult, ...] = ()
    whole: str | None = None
    closing: str | None = None
    text: str = ""
    files: dict[str, str] = Field(default_factory=dict)
    patch: str = ""
    compiled: bool | None = None
    findings: tuple[MergeFinding, ...] = ()
    missing: tuple[str, ...] = ()
    fault: str | None = None
    notes: tuple[str, ...] = ()
    cost: DecompositionCost = DecompositionCost()
    provenance: ModelProvenance = ModelProvenance()

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked has an answer, and everything that can be judged a verdict that it is right."""
        judged = all(answer.verified is not False for answer in self.answers)
        return not self.missing and self.fault is None and judged and self.compiled is not False
