# ruff: noqa: RUF001 - joints of Chinese and Japanese requests are the marks of these scripts
"""Makes ``codepar/prompts/clauses.json``: the weights that say in which clauses of running text a wish begins.

    python benchmarks/clause_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/clause_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from: the parts of codepp that rules may be written after, the prompts of a JSONL file (``source``, ``prompt``, ``files``,
``starts``: the characters at which items begin, empty for a request that stays whole), and requests made of the items of
both. Each clause behind the first that reads like a wish is one example. Limits: needs numpy and scipy; requests with lists are
left out, for the reader of clauses is not asked there.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from weights_command import Weighing

from codepar.prompts.clause_features import Before, Setting, features_of, language_of
from codepar.prompts.clause_model import Weights, might_begin, wishes_in
from codepar.prompts.clauses import Clause, clauses_of
from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import Head
from codepar.prompts.request import Request
from codepar.prompts.wish_bonds import speaks_back
from evaluators.benchmarks.codepp import Case, Part, load_part

PARTS: tuple[Part, ...] = ("development", "practice", "practice2", "practice3")
TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "clauses.json"
FIRST, NEXT = 0.0, 0.7
PENALTY = 0.5
COMPOSED, COMPOSED_WEIGHT = 600, 0.4
_SMALLEST = 0.02
# What joins instructions, and what joins questions.
_JOINTS = {
    "en": (
        (". ", ", ", " and ", "; ", ". Also, ", ", and ", ", plus ", ". Could you also ", ". Besides, ", ". And please "),
        ("? ", ", ", "? And ", "? Also, ", " and "),
    ),
    "de": ((". ", ", ", " und ", ". Außerdem: ", "; "), ("? ", ", ", "? Und ", " und ")),
    "es": ((". ", ", ", " y ", ". Además, ", "; "), ("? ", ", ", "? Y ")),
    "ru": ((". ", ", ", " и ", ". Ещё ", "; "), ("? ", ", ", "? И ", " и ")),
    "zh": (("。", "，", "；", "。另外，", "，再"), ("？", "，", "？另外，")),
    "ja": (("。", "、", "。それから", "。また、"), ("？", "。")),
}
_OFTEN = {"en": 8}
_HEADS = frozenset({Head.VERB, Head.QUESTION, Head.UNKNOWN_VERB, Head.HAN_VERB})
_MARKS = ".?;。？；"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A request and the characters at which its items begin; none where it stays whole or its items are code."""

    source: str
    prompt: str
    files: dict[str, str]
    starts: tuple[int, ...]
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """The features of a clause and whether a wish begins there."""

    features: frozenset[str]
    begins: bool


def of_case(case: Case, source: str) -> Labelled:
    """A prompt of codepp; only items of the prose count."""
    request = Request(case.prompt.text, case.prompt.files)
    spans = [item.span for item in case.gold.items if item.file is None]
    data = case.prompt.text.encode()
    places = [(len(data[:low].decode()), len(data[:high].decode())) for low, high in spans]
    in_code = any(block.outer_start <= low < block.outer_end for low, _ in places for block in request.blocks)
    same = len(set(places)) < len(places)
    if in_code or same or len(spans) < len(case.gold.items):
        places = []
    return Labelled(source, case.prompt.text, case.prompt.files, tuple(p[0] for p in places), tuple(p[1] for p in places))


def load(own: Path) -> list[Labelled]:
    """All that is learned from."""
    rows = [json.loads(line) for line in own.read_text(encoding="utf-8").splitlines()]
    found = [Labelled(r["source"], r["prompt"], r["files"], tuple(r["starts"]), tuple(r.get("ends", ()))) for r in rows]
    return found + [of_case(case, part) for part in PARTS for case in load_part(part)]


def clauses_in(one: Labelled) -> tuple[Discourse, list[Clause], Setting]:
    """The clauses of a request with what they share."""
    discourse = Discourse(Request(one.prompt, one.files))
    clauses = clauses_of(discourse)
    return discourse, clauses, Setting(discourse, clauses)


def examples_of(one: Labelled) -> list[Example] | None:
    """The examples of a request; None where a start lies in no clause."""
    discourse, clauses, setting = clauses_in(one)
    if discourse.lists:
        return None
    begins = [any(clause.low <= start < clause.high for start in one.starts) for clause in clauses]
    if sum(begins) != len(one.starts):
        return None
    found, before = list[Example](), Before()
    for clause, begin in zip(clauses, begins, strict=True):
        if one.starts or before.clause is not None:
            found.append(Example(frozenset(features_of(clause, before, setting)), begin))
        if not one.starts and before.clause is not None:
            # Nobody said whether the one wish of a whole request was taken for begun: learn from both.
            begun = Before(before.clause, True, 1, before.start)
            found.append(Example(frozenset(features_of(clause, begun, setting)), begins=False))
        if begin:
            before = Before(clause, True, before.count + 1, before.start if before.count else clause.start)
        elif before.clause is None and might_begin(clause):
            before = Before(clause, False, 0, clause.start)
    return found


def composed(requests: Sequence[Labelled], count: int, seed: int) -> list[Labelled]:
    """Requests of two to four items that were written for others, in one language."""
    pool: dict[tuple[str, bool], list[str]] = {}
    for one in requests:
        for low, high in zip(one.starts, one.ends, strict=False):
            text = one.prompt[low:high]
            if "\n" in text or not _FEW <= len(text) <= _MANY or speaks_back(text):
                continue
            _, clauses, _ = clauses_in(Labelled("", text, {}, ()))
            if clauses and clauses[0].head in _HEADS:
                kind = language_of(text), clauses[0].head is Head.QUESTION
                pool.setdefault(kind, []).append(text.rstrip(".;,。？?"))
    kinds = [kind for kind, texts in sorted(pool.items()) if len(set(texts)) >= _ENOUGH for _ in range(_OFTEN.get(kind[0], 1))]
    rng = random.Random(seed)
    return [_joined(pool[kind], kind, rng) for kind in (rng.choice(kinds) for _ in range(count))] if kinds else []


_FEW, _MANY, _ENOUGH = 6, 160, 5


def _joined(pool: Sequence[str], kind: tuple[str, bool], rng: random.Random) -> Labelled:
    language, asks = kind
    joints, texts = _JOINTS[language][asks], rng.sample(sorted(set(pool)), rng.choice((2, 2, 2, 3, 3, 4)))
    prompt = rng.choice(("", "", "please ", "Hi, ", "Hello! ", "Two things: ")) if language == "en" else ""
    joint, starts = rng.choice(joints), list[int]()
    for number, text in enumerate(texts):
        if number:
            prompt += joint if rng.random() < 1 / 2 else rng.choice(joints)
        opens = number == 0 or prompt.rstrip()[-1:] in _MARKS
        starts.append(len(prompt))
        prompt += (text[0].upper() if opens else text[0].lower()) + text[1:]
    end = "?" if asks else "."
    return Labelled(
        "composed", prompt + {"zh": "？" if asks else "。", "ja": "？" if asks else "。"}.get(language, end), {}, tuple(starts)
    )


def fit(examples: Sequence[tuple[float, Example]]) -> dict[str, float]:
    """The weights of a logistic regression; features that were seen once are left out."""
    counts = Counter(feature for _, example in examples for feature in example.features)
    column = {feature: place for place, feature in enumerate(sorted(f for f, n in counts.items() if n > 1))}
    cells = [(row, column[f]) for row, (_, e) in enumerate(examples) for f in e.features if f in column]
    rows, columns = np.array(cells).T
    seen = csr_matrix((np.ones(len(cells)), (rows, columns)), shape=(len(examples), len(column)))
    wanted = np.array([example.begins for _, example in examples], float)
    share = np.array([weight for weight, _ in examples])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = seen @ weights
        told = float((share * (np.logaddexp(0, score) - wanted * score)).sum() + 0.5 * PENALTY * weights @ weights)
        return told, seen.T @ (share * (1 / (1 + np.exp(-score)) - wanted)) + PENALTY * weights

    best = minimize(loss, np.zeros(len(column)), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return {feature: round(float(best[place]), 2) for feature, place in column.items() if abs(best[place]) >= _SMALLEST}


def learned(requests: Sequence[Labelled]) -> dict[str, float]:
    """The weights from some requests and what is put together from them."""
    weighted = [(1.0, one) for one in requests] + [(COMPOSED_WEIGHT, one) for one in composed(requests, COMPOSED, seed=1)]
    return fit([(weight, example) for weight, one in weighted for example in examples_of(one) or ()])


def is_split(one: Labelled, weights: dict[str, float]) -> bool:
    """Whether the weights find two wishes or more."""
    _, clauses, setting = clauses_in(one)
    return len(wishes_in(clauses, setting, Weights(weights, FIRST, NEXT))) > 1


def cross_validated(requests: Sequence[Labelled]) -> Iterable[str]:
    """For each source: precision and recall of the decision by weights that never saw it."""
    total = Counter[str]()
    for source in sorted({one.source for one in requests}):
        weights = learned([one for one in requests if one.source != source])
        told = [one for one in requests if one.source == source and examples_of(one) is not None]
        counts = Counter((is_split(one, weights), bool(one.starts)) for one in told)
        right, wrong, missed = counts[True, True], counts[True, False], counts[False, True]
        total.update(right=right, wrong=wrong, missed=missed)
        yield f"{source}: {right} right, {wrong} wrong, {missed} missed of {len(told)}"
    shares = [total["right"] / max(1, total["right"] + total[other]) for other in ("wrong", "missed")]
    yield f"together: precision {shares[0]:.3f}, recall {shares[1]:.3f}"


if __name__ == "__main__":
    Weighing(
        load, lambda requests: dict(sorted(learned(requests).items())), cross_validated, TARGET, {"first": FIRST, "next": NEXT}
    ).run(__doc__)
