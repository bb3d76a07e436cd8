"""How often a ranker finds all arguments of a call whose function and place are given. Limits: exact texts, white space aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codepar.mpi.headers import Signatures
from codepar.mpi.ranking.network import Network
from codepar.mpi.ranking.ranker import Scorer, rank_arguments
from codepar.mpi.ranking.scene import compact
from codepar.mpi.ranking.weights import Lookup, Weights
from finetune.arguments.decisions import ProgramText, Shares, shared, spots_of

_SETUP = frozenset({"MPI_Init", "MPI_Comm_rank", "MPI_Comm_size"})


@dataclass
class CallScore:
    """Calls with arguments and how many of them came out right; ``rest`` is without those that every program has."""

    calls: int = 0
    right: int = 0
    calls_rest: int = 0
    right_rest: int = 0


def score_calls(
    programs: Sequence[ProgramText],
    shares: Shares,
    signatures: Signatures,
    weights: Weights,
    seed: int,
    *,
    network: Network | None = None,
) -> CallScore:
    """Rank the calls of programs, each with the true calls before it."""
    score = CallScore()
    for number, places in shared(programs, shares, seed).items():
        scorer = Scorer(Lookup(weights), network)
        wanted = {programs[number].stripped.calls[place].span for place in places}
        for spot, call in spots_of(programs[number], signatures):
            if call.span in wanted and call.arguments:
                ranked = rank_arguments(spot, scorer)
                is_right = bool(ranked) and [*map(compact, ranked[0].arguments)] == [*map(compact, call.arguments)]
                score.calls += 1
                score.right += is_right
                score.calls_rest += call.function not in _SETUP
                score.right_rest += is_right and call.function not in _SETUP
    return score
