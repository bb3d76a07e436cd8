"""What MPI completion answers: the design's shape and what is added to it.

Limits: the wire types alone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from codepar.flows.provenance import ModelProvenance
from codepar.mpi.parallelize.sharing import Shares
from codepar.mpi.proposal import Dropped, Edit, Origin
from codepar.protocols import Record, SiteModel, Status, Verdict


class Baseline(Record):
    """The four-call rule (Init, Comm_rank, Comm_size, Finalize) on the same program, which the answer must beat.

    ``verified`` is None where nothing was run; running stops at the first rank count that fails.
    """

    edits: tuple[Edit, ...] = ()
    verified: bool | None = None
    verification: tuple[Verdict, ...] = ()


class CandidateSummary(Record):
    """One candidate that was tried: its first verdict and whether it was chosen."""

    name: str
    edits: int
    status: Status | None = None
    agrees: bool | None = None
    ranks: int | None = None
    chosen: bool = False


class Provenance(ModelProvenance):
    """The language model, the site scorer where one was asked, and the header that the signatures of the calls were read from."""

    site_model: SiteModel | None = None
    mpi_header: str | None = None


class MpiCompletion(Record):
    """The completed program with its verdict.

    ``source`` is the completed text of ``path``; ``files`` holds every changed file of the project; ``diff`` patches the
    project's root. ``suggestions`` are the ranked calls at the cursor, best first. ``reason`` says why it is not verified.
    """

    source: str
    path: str
    diff: str
    edits: tuple[Edit, ...]
    dropped: tuple[Dropped, ...]
    verification: tuple[Verdict, ...]
    baseline: Baseline = Baseline()
    verified: bool
    reason: str | None = None
    files: dict[str, str] = Field(default_factory=dict)
    suggestions: tuple[Edit, ...] = ()
    candidate: str
    candidates: tuple[CandidateSummary, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Provenance = Provenance()


class Attempt(Record):
    """One answer of the language model at the level `serial`: round 0 is the first, the others repair the one before; or what a
    rule proposed (candidate 0).

    ``problem`` says why it was not run, ``verification`` goes up to the first rank count that fails. ``files`` are the changed
    ones.
    """

    candidate: int
    round: int
    origin: Origin = "model"
    verified: bool = False
    problem: str | None = None
    reason: str | None = None
    verification: tuple[Verdict, ...] = ()
    shares: Shares = Shares()
    files: dict[str, str] = Field(default_factory=dict)


class MpiParallelization(MpiCompletion):
    """What the level `serial` answers: the shape of a completion without edits, and all ``attempts``, the best first.

    ``shares`` are those of the chosen one.
    """

    level: Literal["serial"] = "serial"
    attempts: tuple[Attempt, ...] = ()
    shares: Shares = Shares()
