"""One call at the cursor: what stands before and after it goes in, ranked calls come out.

Limits: asks for one call, not for a whole pattern; a model without fill-in-the-middle is not asked, the rules rank alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from codepar.errors import InvalidInput
from codepar.mpi.apply import lines_of
from codepar.mpi.call_text import read_call
from codepar.mpi.cursor_sites import rank_by_sites
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.rules_check import RuleBroken, Rules
from codepar.mpi.site_scores import scorer_in
from codepar.protocols import Capabilities, Generation, Generator, Grammar, Prompt, Sampling

_PARTIAL = re.compile(r"\s*(P?M?P?I?_?\w*)\Z")
_CALL_LINE = r"[ \t]*MPI_[A-Z][A-Za-z_]{1,30}\([^;\n]{0,160}\);"
_PREFIX_CHARACTERS = 6_000
# One call is asked for; a server that ignores the bound on tokens must not occupy us for minutes.
_MAX_ANSWER_CHARACTERS = 4_096
_SUFFIX_CHARACTERS = 3_000
_SAMPLES = 3
_UNLIKELY = 0.02
_DOUBT = 0.25
"""What is left of a rule's confidence in a call that the site scorer does not see at the cursor."""


@dataclass(frozen=True)
class Cursor:
    """A place in a program: the text without the word being typed, that word, and the line a call goes after."""

    source: str
    typed: str
    after_line: int
    offset: int


def place_cursor(source: str, line: int, column: int | None) -> Cursor:
    """The cursor at a 1-based line and column (before the line's text when no column is given).

    A word that is being typed on an otherwise empty line is taken out: the call replaces it. Raises ``InvalidInput``.
    """
    lines = lines_of(source)
    if line > len(lines) + 1:
        raise InvalidInput(f"line {line} is beyond the end: the file has {len(lines)} lines", param="line")
    text = lines[line - 1] if line <= len(lines) else ""
    body = text.rstrip("\r\n")
    if column is not None and column > len(body) + 1:
        raise InvalidInput(f"column {column} is beyond the end of line {line}", param="column")
    before = body[: column - 1] if column is not None else ""
    start = sum(len(part) for part in lines[: line - 1])
    word = _PARTIAL.match(before)
    if column is None or (word and not word[1]):
        after = line if body.strip() == "" and line <= len(lines) else line - 1
        return Cursor(source, "", after, start)
    if word and word[1] and not body[column - 1 :].strip():
        # The typed word goes; the emptied line stays, so that no other line moves.
        source = source[:start] + source[start + len(body) :]
        return Cursor(source, word[1], line, start)
    return Cursor(source, "", line, start + len(text))


@dataclass
class Suggestions:
    """Ranked calls, best first, what was dropped, and remarks."""

    edits: list[Edit]
    dropped: list[Dropped]
    notes: list[str]
    answered: bool = False


async def suggest(
    cursor: Cursor, rules: Rules, inferred: Sequence[Edit], generator: Generator | None, budget_s: float
) -> Suggestions:
    """Calls for the cursor from the model and from what the rules infer for places near it."""
    found = Suggestions([_nearby(edit, cursor) for edit in inferred if not edit.inline], [], [])
    if generator is not None:
        try:
            if await _ask_sites(cursor, rules, inferred, generator=generator, budget_s=budget_s, found=found):
                found.edits = _ranked([edit for edit in found.edits if edit.function.startswith(cursor.typed)])
                return found
            for generation in await _ask(cursor, generator, budget_s, found):
                found.answered |= bool(generation.text.strip())
                _read(generation, cursor, rules, found)
        except Exception as error:
            # A batch raises a group; whatever befalls the engine, what the rules rank must not be lost with it.
            cause = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
            said = f"it took longer than {budget_s:g} s" if isinstance(cause, TimeoutError) else str(cause)
            found.notes.append(f"the language model was not used: {said}")
    found.edits = _ranked([edit for edit in found.edits if edit.function.startswith(cursor.typed)])
    return found


def _ranked(edits: Sequence[Edit]) -> list[Edit]:
    """Each call once, the likeliest first; what rules and model both say counts more than either."""
    best: dict[tuple[str, tuple[str, ...]], Edit] = {}
    for edit in sorted(edits, key=lambda edit: -edit.confidence):
        known = best.setdefault((edit.function, edit.arguments), edit)
        if known.origin != edit.origin:
            joint = 1.0 - (1.0 - known.confidence) * (1.0 - edit.confidence)
            best[edit.function, edit.arguments] = known.model_copy(update={"confidence": round(joint, 4), "origin": "model"})
    likely = [edit for edit in best.values() if edit.confidence >= _UNLIKELY]
    return sorted(likely, key=lambda edit: -edit.confidence)


def _nearby(edit: Edit, cursor: Cursor) -> Edit:
    """A call inferred for another line counts less the farther that is."""
    distance = abs(edit.after_line - cursor.after_line)
    return edit.model_copy(
        update={"after_line": cursor.after_line, "confidence": round(edit.confidence * math.exp(-distance / 4), 4)}
    )


async def _ask_sites(
    cursor: Cursor, rules: Rules, inferred: Sequence[Edit], *, generator: Generator, budget_s: float, found: Suggestions
) -> bool:
    """Rank by a site scorer where the backend has one; whether that gave a call."""
    scorer = await scorer_in(generator)
    if scorer is None:
        return False
    ranked = await rank_by_sites(
        cursor.source,
        rules,
        after_line=cursor.after_line,
        typed=cursor.typed,
        inferred=inferred,
        scorer=scorer,
        generator=generator,
        budget_s=budget_s,
    )
    known = {edit.function for edit in ranked.edits}
    # The rules speak of places near the cursor; of what the scorer does not see at the place itself, little is left.
    found.edits = [edit if edit.function in known or not known else _doubted(edit) for edit in found.edits] + ranked.edits
    found.dropped += ranked.dropped
    found.answered |= ranked.asked
    return bool(ranked.edits)


def _doubted(edit: Edit) -> Edit:
    return edit.model_copy(update={"confidence": round(_DOUBT * edit.confidence, 4)})


async def _ask(cursor: Cursor, generator: Generator, budget_s: float, found: Suggestions) -> list[Generation]:
    capabilities = await generator.capabilities()
    if not capabilities.infill:
        found.notes.append(f"{capabilities.model} cannot fill in the middle: the rules alone ranked")
        return []
    prefix = cursor.source[: cursor.offset][-_PREFIX_CHARACTERS:]
    suffix = cursor.source[cursor.offset :][:_SUFFIX_CHARACTERS]
    prompt = Prompt(text=prefix, suffix=suffix)
    greedy = _sampling(capabilities, budget_s, temperature=0.0)
    varied = _sampling(capabilities, budget_s, temperature=0.7)
    first = await generator.complete(prompt, greedy)
    return [first, *await generator.batch([prompt] * _SAMPLES, varied)]


def _sampling(capabilities: Capabilities, budget_s: float, temperature: float) -> Sampling:
    grammar = Grammar(kind="regex", text=_CALL_LINE) if "regex" in capabilities.grammar else None
    logprobs = 0 if capabilities.logprobs else None
    return Sampling(
        max_tokens=72,
        temperature=temperature,
        stop=() if grammar else ("\n",),
        seed=1 if temperature else None,
        grammar=grammar,
        logprobs=logprobs,
        budget_s=budget_s / 2,
    )


def _read(generation: Generation, cursor: Cursor, rules: Rules, found: Suggestions) -> None:
    said = generation.text[:_MAX_ANSWER_CHARACTERS]
    text = next((line.strip() for line in said.splitlines() if "MPI_" in line), "")
    if not text:
        return
    try:
        placed = rules.check(cursor.after_line, text, inline=False)
    except RuleBroken as broken:
        found.dropped.append(Dropped(text=text[:200], rule=str(broken)))
        return
    call = placed.call
    repaired = read_call(text) != call
    tokens = generation.logprobs or ()
    likely = math.exp(sum(token.logprob for token in tokens) / len(tokens)) if tokens else 0.3
    edit = Edit(
        after_line=cursor.after_line,
        text=call.statement,
        function=call.function,
        arguments=call.arguments,
        confidence=round(min(1.0, likely) * (0.7 if repaired else 1.0), 4),
        origin="model",
    )
    found.edits.append(edit)
