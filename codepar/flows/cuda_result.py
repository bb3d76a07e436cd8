"""What translation answers: the design's shape for one function, and for a project all its functions with one patch.

Limits: the wire types alone.
"""

from __future__ import annotations

from pydantic import Field

from codepar.cuda.cases.spec import TestSet
from codepar.cuda.translation import Origin, Target
from codepar.cuda.verdict import CudaVerdict
from codepar.flows.provenance import ModelProvenance
from codepar.protocols import Record, Status


class Explained(Record):
    """Why the rules did not translate, or why nobody did: a stable word, the reason and the line (1-based, of the input)."""

    code: str
    message: str
    line: int | None = None


class TranslationAttempt(Record):
    """One proposal. ``round`` 0 is the first answer of a candidate, the others repair the one before; rules are candidate 0.

    ``problem`` says why it was not run; ``status`` and ``reason`` are of the tests that rank. ``judged`` is the status of the
    final verdict where it came that far. ``source`` is the whole file.
    """

    name: str
    origin: Origin
    candidate: int
    round: int
    status: Status | None = None
    passed: int = 0
    reason: str | None = None
    problem: str | None = None
    judged: Status | None = None
    chosen: bool = False
    source: str = ""


class Cost(Record):
    """What the answer took. Times in seconds; ``generation_s`` is waiting for the model, ``compile_s`` and ``run_s`` are summed
    over executions, some of which ran side by side, so that they may exceed ``wall_s``."""

    generations: int = 0
    tokens: int = 0
    executions: int = 0
    generation_s: float = 0.0
    compile_s: float = 0.0
    run_s: float = 0.0
    wall_s: float = 0.0

    def plus(self, other: Cost) -> Cost:
        """The sum."""
        return Cost.model_validate({name: getattr(self, name) + getattr(other, name) for name in Cost.model_fields})


class TranslatedFunction(Record):
    """One function. ``source`` is the whole file of the best proposal, empty where there is none; ``entry`` its host function.

    ``origin`` is None where nobody proposed. ``tests`` are those that judged, made by ``verdict.seed``. ``rules`` says why the
    rules did not translate it.
    """

    source: str
    entry: str
    function: str
    target: Target
    origin: Origin | None
    verdict: CudaVerdict
    tests: TestSet | None = None
    candidates: tuple[TranslationAttempt, ...] = ()
    verified: bool = False
    reason: str | None = None
    path: str
    line: int
    rules: tuple[Explained, ...] = ()
    refusal: Explained | None = None
    notes: tuple[str, ...] = ()
    cost: Cost = Cost()


class CudaTranslation(TranslatedFunction):
    """The answer to a request. The fields of one function are those of the first that has no verified translation, else of the
    first; ``translations`` holds them all.

    ``files`` are the new files of the project (one for each source, and a header), ``patch`` adds them in the project's root.
    ``verified`` means: every function that was asked for.
    """

    patch: str = ""
    files: dict[str, str] = Field(default_factory=dict)
    translations: tuple[TranslatedFunction, ...] = ()
    provenance: ModelProvenance = ModelProvenance()
