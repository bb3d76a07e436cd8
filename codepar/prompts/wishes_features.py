"""What the model of whole readings looks at: the wishes that were found side by side, how sure each was, and what is left over.

A feature is a short text; ``wishes.json`` holds a weight for each that was seen. Limits: words and marks, no grammar.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from codepar.prompts.acts import is_statement
from codepar.prompts.clause_features import Setting, object_of
from codepar.prompts.clause_model import Scored
from codepar.prompts.heads import ASKING, Head
from codepar.prompts.wish_bonds import leans_back

_MOST = 12
_QUESTIONS = frozenset({Head.QUESTION, Head.QUESTION_WORD})


def features_of(scored: Sequence[Scored], setting: Setting) -> set[str]:
    """The features of the clauses of a request, two or more of which begin a wish."""
    begun = [one for one in scored if one.begins]
    found = {"bias", f"n={min(5, len(begun))}", *setting.features}
    found.update(_of_scores(scored, begun))
    found.update(_of_heads(begun))
    found.update(_of_rest(scored, begun))
    kind = next((one for one in found if one.startswith("kinds=")), "")
    found.update({f"{kind},{one}" for one in (*setting.features, f"n={min(5, len(begun))}")})
    return found


def _bin(score: float) -> int:
    return max(-4, min(8, int(score // 1)))


def _of_scores(scored: Sequence[Scored], begun: Sequence[Scored]) -> list[str]:
    later = [one.score for one in begun[1:]]
    others = [one.score for one in scored if not one.begins]
    found = [f"first>{level}" for level in range(1, 6) if begun[0].score > level]
    found += [f"least>{level}" for level in (1, 1.5, 2, 3, 4, 5) if min(later) > level]
    found += [f"most>{level}" for level in (1, 2, 3, 4, 5, 6) if max(later) > level]
    found += [f"near>{level}" for level in (-2, -1, 0) if others and max(others) > level]
    return found


def _of_heads(begun: Sequence[Scored]) -> list[str]:
    heads = [one.clause.head for one in begun[:_MOST]]
    kinds = {_kind(head) for head in heads}
    found = [f"kinds={'+'.join(sorted(kinds))}", f"h0={heads[0]}", *(f"h={head}" for head in heads[1:])]
    found += [f"hh={a},{b}" for a, b in pairwise(heads)]
    for one in begun[1:_MOST]:
        clause = one.clause
        found += [
            f"cut={clause.cut}",
            f"h,cut={clause.head},{clause.cut}",
            f"o={object_of(clause)}",
            f"w={clause.tokens[0].text}",
        ]
        if leans_back(clause):
            found.append("back")
    found.append(f"w0={begun[0].clause.tokens[0].text}")
    found.append(f"o0={object_of(begun[0].clause)}")
    words = [len(one.clause.tokens) for one in begun[:_MOST]]
    found += [f"shortest={min(6, *words)}", f"longest={min(6, max(words) // 4)}"]
    if len({one.clause.tokens[0].text for one in begun}) == 1:
        found.append("sameword")
    return found


def _kind(head: Head) -> str:
    return "question" if head in _QUESTIONS else "lack" if head is Head.LACK else "command" if head in ASKING else "other"


def _of_rest(scored: Sequence[Scored], begun: Sequence[Scored]) -> list[str]:
    """What stands before, between and behind the wishes."""
    lines = [one.clause.line for one in begun]
    found = [f"lines={min(3, len(set(lines)))}", "oneline" if len(set(lines)) == 1 else "manylines"]
    before = [one for one in scored if one.clause.line < lines[0]]
    behind = [one for one in scored if one.clause.line > lines[-1]]
    between = [one for one in scored if not one.begins and lines[0] <= one.clause.line <= lines[-1]]
    for name, group in (("before", before), ("behind", behind), ("between", between)):
        found.append(f"{name}={min(3, len(group))}")
        found += [f"{name},h={one.clause.head}" for one in group[:_MOST]]
        if any(one.clause.is_first and is_statement(one.clause.sentence) for one in group):
            found.append(f"{name},told")
    if behind:
        found.append(f"end={behind[-1].clause.head},{behind[-1].clause.sentence.is_question}")
    last = begun[-1].clause
    found.append(f"last={_kind(last.head)},{last.sentence.is_question}")
    found.append(f"first={_kind(begun[0].clause.head)},{begun[0].clause.sentence.is_question}")
    return found
