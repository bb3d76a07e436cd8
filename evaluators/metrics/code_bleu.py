"""CodeBLEU of our own for C, C++ and CUDA (after Ren et al., 2020), of a candidate against one reference.

    CodeBLEU = (N + W + S + D) / 4

- N: BLEU on the tokens of the code, n = 1 to 4: BP * exp(mean_n log p_n), p_n the share of the candidate's n-grams that the
  reference has (clipped), BP = exp(1 - r / c) for a candidate of c tokens shorter than the reference's r, else 1. An order
  without a match counts as 0.1 matches; orders longer than either text are left out.
- W: the same, with tokens weighted in p_1: 1 for a keyword of C, C++ or CUDA, 0.2 for any other token.
- S: the share of the reference's subtrees (``code_syntax``) that the candidate has (clipped).
- D: the share of the reference's data-flow edges (``code_flow``) that the candidate has (clipped). A reference without any
  edge has no D: the mean is then of the other three, where the package on PyPI takes 1.

Over a corpus the counts are added up before anything is divided. Identical texts score 1, an empty candidate 0. Limits: one
reference; comments are no tokens; it says how alike two texts are, not whether either works; not yet compared with the package.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codepar.protocols import Record
from evaluators.metrics.code_flow import flow_edges
from evaluators.metrics.code_syntax import subtrees

ORDERS = 4
_FAINT = 0.1
_OTHER = 0.2
_COMMENT = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_TOKEN = re.compile(
    _COMMENT + r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*'
    r"|<<<|>>>|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|::|\S",
    re.DOTALL,
)
_KEYWORDS = frozenset(
    word
    for line in (
        "auto bool break case char class const const_cast constexpr continue default delete do double else enum extern false",
        "float for goto if inline int long namespace new nullptr operator register reinterpret_cast restrict return short signed",
        "sizeof static static_cast struct switch template this true typedef typename union unsigned using virtual void volatile",
        "while __global__ __device__ __host__ __shared__ __constant__ __managed__ __restrict__ __launch_bounds__ __forceinline__",
        "__syncthreads __syncwarp __threadfence __shfl_sync __shfl_down_sync __shfl_up_sync __shfl_xor_sync __ballot_sync",
        "threadIdx blockIdx blockDim gridDim warpSize dim3 <<< >>> atomicAdd atomicSub atomicMin atomicMax atomicExch atomicCAS",
        "atomicAnd atomicOr atomicXor cudaMalloc cudaFree cudaMemcpy cudaMemset cudaDeviceSynchronize",
    )
    for word in line.split()
)


class CodeBleu(Record):
    """The score and its parts, each from 0 to 1. ``flow`` is None where no reference has a data flow."""

    score: float
    ngram: float
    weighted: float
    syntax: float
    flow: float | None


@dataclass
class _Counts:
    """Sums over a corpus. Lists are by order of the n-grams, 1 first."""

    matched: list[float]
    total: list[float]
    weighted: tuple[float, float] = (0.0, 0.0)
    lengths: tuple[int, int] = (0, 0)
    trees: tuple[int, int] = (0, 0)
    edges: tuple[int, int] = (0, 0)


def code_bleu(candidate: str, reference: str) -> CodeBleu:
    """Of one pair."""
    return corpus_code_bleu([(candidate, reference)])


def corpus_code_bleu(pairs: Iterable[tuple[str, str]]) -> CodeBleu:
    """Of pairs of candidate and reference together."""
    counts = _Counts([0.0] * ORDERS, [0.0] * ORDERS)
    for candidate, reference in pairs:
        _add(counts, candidate, reference)
    penalty = _brevity(*counts.lengths)
    ngram = penalty * _geometric(counts.matched, counts.total)
    weighted = penalty * _geometric([counts.weighted[0], *counts.matched[1:]], [counts.weighted[1], *counts.total[1:]])
    syntax = _share(counts.trees) or 0.0
    flow = _share(counts.edges)
    parts = [ngram, weighted, syntax, *([] if flow is None else [flow])]
    return CodeBleu(score=sum(parts) / len(parts), ngram=ngram, weighted=weighted, syntax=syntax, flow=flow)


def tokens(text: str) -> list[str]:
    """The tokens of code, comments left out; strings and characters are one token each."""
    return [token for token in _TOKEN.findall(text) if not token.startswith(("//", "/*"))]


def _add(counts: _Counts, candidate: str, reference: str) -> None:
    given, wanted = tokens(candidate), tokens(reference)
    for order in range(1, ORDERS + 1):
        grams, known = _grams(given, order), _grams(wanted, order)
        common = grams & known
        counts.matched[order - 1] += common.total()
        counts.total[order - 1] += grams.total()
        if order == 1:
            counts.weighted = _plus(counts.weighted, (_weight(common), _weight(grams)))
    counts.lengths = (counts.lengths[0] + len(given), counts.lengths[1] + len(wanted))
    trees, flows = (subtrees(candidate), subtrees(reference)), (flow_edges(candidate), flow_edges(reference))
    counts.trees = (counts.trees[0] + (trees[0] & trees[1]).total(), counts.trees[1] + trees[1].total())
    counts.edges = (counts.edges[0] + (flows[0] & flows[1]).total(), counts.edges[1] + flows[1].total())


def _plus(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    return first[0] + second[0], first[1] + second[1]


def _grams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + order]) for at in range(len(words) - order + 1))


def _weight(grams: Counter[tuple[str, ...]]) -> float:
    return sum(number * (1.0 if word in _KEYWORDS else _OTHER) for (word,), number in grams.items())


def _brevity(given: int, wanted: int) -> float:
    if given == 0:
        return 0.0
    return 1.0 if given >= wanted else math.exp(1 - wanted / given)


def _geometric(matched: Sequence[float], total: Sequence[float]) -> float:
    shares = [(one or _FAINT) / of for one, of in zip(matched, total, strict=True) if of]
    return math.exp(sum(map(math.log, shares)) / len(shares)) if shares and matched[0] else 0.0


def _share(counted: tuple[int, int]) -> float | None:
    return counted[0] / counted[1] if counted[1] else None
