"""What a run writes down: proposed tests, what became of a function, and the rows that are learned from.

Limits: plain data. Rows hold the text of the functions, as the folder of a run does; none of them is part of codepar.
"""

from __future__ import annotations

import hashlib

from pydantic import Field

from codepar.cuda.cases.spec import TestCase
from codepar.cuda.translation import Origin
from codepar.cuda.verdict import CudaVerdict
from codepar.protocols import Record, Status
from finetune.musl.functions import CFunction
from finetune.musl.kills import Kill


class TestProposals(Record):
    """What the Tester said of one function: for each answer the cases that could be read, named ``t0-00`` and so on."""

    __test__ = False

    function: str
    answers: tuple[tuple[TestCase, ...], ...] = ()
    tokens: int = 0
    generation_s: float = 0.0
    problem: str | None = None
    model: str = ""


class Attempt(Record):
    """One translation that was tried. ``code`` is what the proposer wrote, ``source`` the whole file that was run.

    ``ranked`` and ``judged`` are statuses; ``verdict`` is there where the strict tests judged.
    """

    origin: Origin
    candidate: int
    round: int
    code: str = ""
    source: str = ""
    entry: str = ""
    problem: str | None = None
    compiled: bool = False
    ranked: Status | None = None
    reason: str | None = None
    verdict: CudaVerdict | None = None

    @property
    def is_verified(self) -> bool:
        return self.verdict is not None and self.verdict.verified


class Outcome(Record):
    """What became of one function in one round. ``untestable`` says why no verdict on any translation was possible.

    ``admitted`` are the cases, the Tester's and the rules' in its form, on which the original is clean; ``kills`` what the
    set that ranks notices in the translation that the candidate number ``mutated`` made; ``telling`` the cases that notice a
    function that does nothing. Times are in seconds.
    """

    function: str
    attempts: tuple[Attempt, ...] = ()
    admitted: tuple[TestCase, ...] = ()
    telling: tuple[str, ...] = ()
    ruled: tuple[str, ...] = Field(default=(), description="names of the cases of the rules that rank")
    kills: tuple[Kill, ...] = ()
    mutated: int | None = None
    untestable: str | None = None
    judge_seed: int = 0
    rank_seed: int = 0
    answers: int = 0
    tokens: int = 0
    executions: int = 0
    generation_s: float = 0.0
    wall_s: float = 0.0
    model: str = ""


class LearnedRow(Record):
    """What every row says of itself: the function with its place and licence, the round, who made it, the seeds."""

    id: str
    round: int
    origin: str
    function: CFunction
    judge_seed: int
    rank_seed: int

    @property
    def split(self) -> str:
        return self.function.split


class PairRow(LearnedRow):
    """A verified pair. ``code`` is the device part as it was written, ``source`` the file that was judged.

    ``verdict`` holds its checks and the tests that judged; ``tester_cases`` are those of the Tester that it passed before.
    """

    code: str
    source: str
    entry: str
    verdict: CudaVerdict
    tester_cases: tuple[TestCase, ...] = ()


class TestsRow(LearnedRow):
    """A validated set of inputs. ``kills`` names for each planted fault the cases that notice it, in the translation
    ``against``, whose verdict is ``verdict``; ``score`` is the share that is noticed."""

    __test__ = False

    cases: tuple[TestCase, ...]
    kills: tuple[Kill, ...]
    score: float
    against: str
    verdict: CudaVerdict


def row_id(*parts: str) -> str:
    """Sixteen digits that name a row: the same content has the same name in every round."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def seed_of(*parts: object) -> int:
    """A seed that follows from what it is for: 40 bits."""
    return int.from_bytes(hashlib.sha256(" ".join(map(str, parts)).encode()).digest()[:5], "big")
