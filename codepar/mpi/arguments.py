"""The arguments of calls whose function and place are known: from a trained ranking of what is in scope.

What the ranker (``ranking``) gives is held to the rules. Where none of its answers passes, what the rules inferred for that call
is taken, then the language model is asked, which fills in the middle. Limits: one call after the other, so that a receive can
follow its send; what nobody knows is dropped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from codepar.mpi.apply import apply_edits
from codepar.mpi.argument_grammar import argument_grammar
from codepar.mpi.call_text import CallText, read_call
from codepar.mpi.handles import unmade_handles
from codepar.mpi.holes import find_holes
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.ranking.network import own_network
from codepar.mpi.ranking.ranker import ArgumentRanker
from codepar.mpi.ranking.scene import PastCall
from codepar.mpi.ranking.weights import own_weights
from codepar.mpi.roles import Roles
from codepar.mpi.rules_check import Placed, RuleBroken, Rules
from codepar.mpi.rules_setup import communicator_of
from codepar.mpi.sites import Located
from codepar.protocols import Capabilities, Generator, Grammar, Prompt, Sampling

_MAX_TOKENS = 64
_PREFIX_CHARACTERS = 3_000
_SUFFIX_CHARACTERS = 1_500
_NEAR = 3
"""Lines between the place that the rules found for a call and the one that the scorer found."""


@dataclass
class Filled:
    """The calls with their arguments, those that found none, and by line and function what else the arguments may be."""

    edits: list[Edit] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    others: dict[tuple[int, str], list[tuple[str, ...]]] = field(default_factory=dict)


class ArgumentFiller:
    """Fills the calls of one file. ``inferred`` are the rules' own proposals."""

    def __init__(self, source: str, rules: Rules, inferred: Sequence[Edit], *, ranked: bool = True) -> None:
        """``ranked`` False: without the argument ranker."""
        self._source = source
        self._rules = rules
        self._inferred = list(inferred)
        own = own_weights() if ranked else None
        self._ranker = ArgumentRanker(rules.facts, rules.signatures, own, own_network()) if own is not None else None
        self._whole: list[PastCall] = []

    async def fill(self, calls: Sequence[Located], generator: Generator | None, budget_s: float) -> Filled:
        """Arguments for each call, in order. Whatever the engine raises passes through."""
        filled = Filled()
        self._whole = []
        deadline = time.monotonic() + budget_s
        capabilities = await generator.capabilities() if generator is not None else None
        asks = generator if capabilities is not None and capabilities.infill else None
        for call in calls:
            # Ranking is work for a processor: other requests of this process go on meanwhile.
            known = await asyncio.to_thread(self._known, call)
            if self._take(call, known, filled):
                continue
            if asks is not None and capabilities is not None and time.monotonic() < deadline:
                asked = await self._by_model(call, filled.edits, asks, capabilities, deadline)
                known = [*known, asked] if asked is not None else known
                if self._take(call, known[-1:], filled):
                    continue
            self._drop(call, known, filled)
        return filled

    def _take(self, call: Located, known: Sequence[CallText], filled: Filled) -> bool:
        """Add the first of the ways to write a call that passes the rules; whether one did."""
        for text in known:
            try:
                placed = self._rules.check(call.after_line, text.statement, call.inline)
            except RuleBroken:
                continue
            filled.edits.append(self._edit(call, placed))
            self._whole.append(PastCall(placed.call.function, placed.call.arguments, call.start))
            ways = filled.others.setdefault((placed.after_line, call.function), [])
            ways += [one.arguments for one in known if one is not text]
            return True
        return False

    def _drop(self, call: Located, known: Sequence[CallText], filled: Filled) -> None:
        """Say why a call was left out: what is wrong with the likeliest way to write it."""
        if not known:
            filled.dropped.append(Dropped(text=f"{call.function}(...)", rule="arguments: nothing here knows them"))
            return
        try:
            self._rules.check(call.after_line, known[0].statement, call.inline)
        except RuleBroken as broken:
            filled.dropped.append(Dropped(text=known[0].statement[:200], rule=str(broken)))

    @staticmethod
    def _edit(call: Located, placed: Placed) -> Edit:
        return Edit(
            after_line=placed.after_line,
            text=placed.call.expression if call.inline else placed.call.statement,
            function=placed.call.function,
            arguments=placed.call.arguments,
            inline=call.inline,
            confidence=round(call.probability, 4),
            origin="model",
        )

    def _known(self, call: Located) -> list[CallText]:
        """The ways to write a call, the likeliest first."""
        signature = self._rules.signatures.get(call.function)
        if signature is None:
            return []
        if not signature.parameters:
            return [CallText("", call.function, ())]
        ruled = self._by_rules(call)
        ranked = self._ranker.rank(call.function, call.start, self._whole) if self._ranker is not None else []
        texts = [CallText("", call.function, one.arguments) for one in ranked]
        return texts if ruled is None else [*texts, ruled]

    def _by_rules(self, call: Located) -> CallText | None:
        near = [edit for edit in self._inferred if edit.function == call.function and self._is_near(edit, call)]
        if near:
            best = min(near, key=lambda edit: abs(edit.after_line - call.after_line))
            self._inferred.remove(best)
            return CallText("", call.function, best.arguments)
        return self._by_role(call)

    def _is_near(self, edit: Edit, call: Located) -> bool:
        """Setup calls are known wherever they are; others within a few lines."""
        tree = self._rules.facts.tree
        here, there = tree.function_at(call.after_line + 1), tree.function_at(edit.after_line + 1)
        if here is None or there is None or here.name != there.name:
            return False
        is_setup = call.function in {"MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Get_processor_name"}
        return is_setup or abs(edit.after_line - call.after_line) <= _NEAR

    def _by_role(self, call: Located) -> CallText | None:
        """Calls whose arguments follow from what the function's variables are for."""
        function = self._rules.facts.tree.function_at(call.after_line + 1)
        if function is None:
            return None
        communicator = communicator_of(self._rules.facts, function)
        if call.function == "MPI_Barrier":
            return CallText("", call.function, (communicator,))
        roles = Roles(self._rules.facts, function)
        variable = {"MPI_Comm_rank": roles.rank, "MPI_Comm_size": roles.size}.get(call.function)
        return CallText("", call.function, (communicator, f"&{variable.name}")) if variable else None

    async def _by_model(
        self, call: Located, before: Sequence[Edit], generator: Generator, capabilities: Capabilities, deadline: float
    ) -> CallText | None:
        prompt = self._prompt(call, before)
        grammar = self._grammar(call, before) if "regex" in capabilities.grammar else None
        sampling = Sampling(
            max_tokens=_MAX_TOKENS,
            stop=() if grammar else (";", "\n"),
            grammar=grammar,
            budget_s=max(deadline - time.monotonic(), 0.05),
        )
        generation = await generator.complete(prompt, sampling)
        return _read(call.function, generation.text)

    def _grammar(self, call: Located, before: Sequence[Edit]) -> Grammar | None:
        """What the function takes, from what is in scope."""
        signature = self._rules.signatures[call.function]
        if not signature.parameters:
            return None
        tree = self._rules.facts.tree
        names = [constant.name for constant in tree.constants_after(call.after_line)]
        variables = tree.variables_at(call.start) if call.inline else tree.variables_after(call.after_line)
        unmade = unmade_handles(self._source, variables, before)
        text = argument_grammar(signature, self._rules.signatures, variables, names, unmade, inline=call.inline)
        return Grammar(kind="regex", text=text)

    def _prompt(self, call: Located, before: Sequence[Edit]) -> Prompt:
        """The program around the call, the calls before it put in, the call itself begun."""
        data = self._source.encode()
        head, tail = data[: call.start].decode(), data[call.start :].decode()
        # What is put in before the place moves nothing behind it, so the head can be completed alone.
        inside = [edit for edit in before if self._lies_in(head, edit)]
        head = apply_edits(head, inside)
        indentation = "" if call.inline else head[head.rfind("\n") + 1 :]
        tail = tail[find_holes(tail)[0].end :] if call.inline and find_holes(tail) else f"\n{indentation}{tail}"
        begun = f"{head}{call.function}("
        return Prompt(text=_last(begun, _PREFIX_CHARACTERS), suffix=tail[:_SUFFIX_CHARACTERS])

    @staticmethod
    def _lies_in(head: str, edit: Edit) -> bool:
        if edit.inline:
            return any(hole.line == edit.after_line for hole in find_holes(head))
        return edit.after_line <= head.count("\n")


def _last(text: str, characters: int) -> str:
    """The end of a text, from the begin of a line."""
    if len(text) <= characters:
        return text
    cut = text[-characters:]
    return cut[cut.find("\n") + 1 :]


def _read(function: str, answer: str) -> CallText | None:
    """The call of an answer that goes on after its opening parenthesis; None when that never closes."""
    depth, end = 1, None
    for index, character in enumerate(answer):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            end = index
            break
    if end is None:
        return None
    found = read_call(f"{function}({answer[:end]});")
    return replace(found, before="", after="") if found is not None and found.function == function else None
