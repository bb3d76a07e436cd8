"""Propose the missing MPI calls of one file: by rules that read the program, and by a language model held to those rules.

Limits: proposes; nothing is compiled or run here. Confidence is the rule's own estimate, the site scorer's probability, or the
model's mean token probability damped by repairs; what is answered goes through ``calibration``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from codepar.errors import CodeparError
from codepar.mpi.arguments import ArgumentFiller
from codepar.mpi.calibration import unsure
from codepar.mpi.draft import Others, Pack
from codepar.mpi.encode import ask_for_calls
from codepar.mpi.facts import Facts
from codepar.mpi.headers import Signatures
from codepar.mpi.holes import find_holes
from codepar.mpi.labels import Label, decode_labels
from codepar.mpi.outline import outlines
from codepar.mpi.present import Present
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.rules_check import Placed, RuleBroken, Rules
from codepar.mpi.rules_collective import propose_collectives
from codepar.mpi.rules_pairs import propose_for_bodies, propose_gathered, propose_pairs
from codepar.mpi.rules_setup import init_line, propose_for_holes, propose_setup
from codepar.mpi.setup_sites.places import in_order, settle
from codepar.mpi.site_scores import scores_of
from codepar.mpi.sites import BOUND, Located, locate, spare
from codepar.protocols import Generation, Generator, Sampling, SiteScorer
from codepar.syntax.tree import SyntaxTree

_MAX_ANSWER_TOKENS = 640
# A server that ignores the bound on tokens must not occupy us for minutes.
_MAX_ANSWER_CHARACTERS = 16_384
_SETUP = ("MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize")
_HALVES = frozenset({("MPI_Send", "MPI_Recv"), ("MPI_Bcast", "MPI_Bcast")})
_SINGLE = frozenset({"MPI_Init", "MPI_Init_thread", "MPI_Finalize"})


@dataclass
class Proposal:
    """Edits with what was dropped on the way, and remarks for the person (a model that was silent, a cut answer)."""

    edits: list[Edit] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answered: bool = False
    spare: list[Located] = field(default_factory=list)
    others: Others = field(default_factory=dict)


class Completer:
    """Proposals for one file; the model is asked once, the rules are free. Calls less probable than ``least`` are left out."""

    def __init__(
        self,
        tree: SyntaxTree,
        signatures: Signatures,
        path: str = "main.c",
        *,
        declares: bool = False,
        least: float = 0.0,
        present: Present | None = None,
    ) -> None:
        self.path = path
        self.least = least
        self.source = tree.text
        self.facts = Facts(tree)
        self.rules = Rules(self.facts, signatures, declares)
        self.present = present or Present.of(tree)

    @property
    def wants_calls(self) -> bool:
        """Whether the file has to do with MPI: it names it, has holes, or holds ``main``."""
        return "MPI" in self.source or "mpi" in self.source or self.facts.main is not None

    def by_rules(self) -> list[Edit]:
        """What the rules infer from the program; each inference must pass the checks that the model's calls must pass."""
        packs = [edit for pack in self.rule_packs() for edit in pack]
        holes = [edit for edit in propose_for_holes(self.facts) if unsure(edit, self.least) is None]
        return order(self.present.edits([*propose_setup(self.facts), *holes, *packs]))

    def rule_packs(self) -> list[Pack]:
        """What the rules infer beyond setup and holes, both halves of a message together."""
        signatures = self.rules.signatures
        bodies = propose_for_bodies(self.facts, signatures)
        bodies += propose_gathered(self.facts, signatures)
        sent = {edit.arguments[0] for edit in bodies}
        pairs = bodies + [edit for edit in propose_pairs(self.facts, signatures) if edit.arguments[0] not in sent]
        alone = [edit for edit in propose_collectives(self.facts, signatures) if edit.arguments[0] not in sent]
        messages = [message for message in _messages(pairs) if all(map(self._holds, message))]
        packs: list[Pack] = [*messages, *((edit,) for edit in alone if self._holds(edit))]
        packs = [pack for pack in packs if len(self.present.edits(pack)) == len(pack)]
        return [pack for pack in packs if all(unsure(edit, self.least) is None for edit in pack)]

    def _holds(self, edit: Edit) -> bool:
        try:
            placed = self.rules.check(edit.after_line, edit.text, edit.inline)
        except RuleBroken:
            return False
        return placed.after_line == edit.after_line

    def baseline(self) -> list[Edit]:
        """The four calls that every program has, and nothing else."""
        return order(self.present.edits(edit for edit in propose_setup(self.facts) if edit.function in _SETUP))

    async def by_model(self, generator: Generator, budget_s: float) -> Proposal:
        """Ask the model for the whole file. Never raises for what the model or its engine does: that is a note."""
        try:
            capabilities = await generator.capabilities()
            room = min(_MAX_ANSWER_TOKENS, 160 + 3 * self.facts.tree.line_count)
            asked = ask_for_calls(self.source, capabilities, room)
            logprobs = 0 if capabilities.logprobs else None
            sampling = Sampling(max_tokens=room, budget_s=budget_s, logprobs=logprobs)
            generation = await generator.complete(asked.prompt, sampling)
        except Exception as error:
            # Whatever befalls the engine, the rules' answer must not be lost with it.
            return Proposal(notes=[f"the language model was not used: {_said(error)}"])
        proposal = self.read_answer(generation)
        if not asked.whole:
            proposal.notes.append("the file is longer than the model's context; it saw the first part only")
        return proposal

    async def by_sites(self, scorer: SiteScorer, generator: Generator, inferred: Sequence[Edit], budget_s: float) -> Proposal:
        """Ask a site scorer which calls are missing where, then fill in their arguments. Never raises, as ``by_model``.

        ``inferred``: what ``by_rules`` gave.
        """
        try:
            found = outlines(self.facts.tree)
            scores = await scores_of(scorer, found)
            calls = settle(self.facts.tree, found, scores, locate(self.facts.tree, found, scores))
            left = self.present.located(spare(self.facts.tree, found, scores, calls))
            calls = self.present.located(calls)
            backed = self._backed(left)
            calls = in_order([*calls, *backed])
            filler = ArgumentFiller(self.source, self.rules, inferred)
            filled = await filler.fill(calls, generator, budget_s)
        except Exception as error:
            return Proposal(notes=[f"the site scorer was not used: {_said(error)}"])
        taken = {(call.start, call.function) for call in backed}
        kept = [] if self.least else [one for one in left if (one.start, one.function) not in taken]
        return self._sure(Proposal(edits=filled.edits, dropped=filled.dropped, answered=True, spare=kept, others=filled.others))

    def _backed(self, left: Sequence[Located]) -> list[Located]:
        """Calls below the scorer's bound that the rules infer at the same place: neither is sure, both together mostly right."""
        inferred = {(edit.after_line, edit.function) for pack in self.rule_packs() for edit in pack if not edit.inline}
        both = [one for one in left if not one.inline and (one.after_line, one.function) in inferred]
        return [replace(one, probability=max(one.probability, BOUND)) for one in both]

    def _sure(self, proposal: Proposal) -> Proposal:
        """The proposal without the calls that are less probable than asked; those of the setup stay."""
        judged = [(edit, None if edit.function in _SETUP else unsure(edit, self.least)) for edit in proposal.edits]
        proposal.edits = [edit for edit, drop in judged if drop is None]
        proposal.dropped += [drop for _, drop in judged if drop is not None]
        return proposal

    def with_setup(self, edits: Sequence[Edit]) -> list[Edit]:
        """The edits with those calls of the setup that they lack and the rules know: no MPI program runs without."""
        there = {edit.function for edit in edits}
        main = self.facts.main
        begins = max((edit.after_line for edit in edits if edit.function in {"MPI_Init", "MPI_Init_thread"}), default=0)
        added = []
        for edit in self.baseline():
            if edit.function in there or (edit.function == "MPI_Init" and "MPI_Init_thread" in there):
                continue
            in_main = main is not None and main.first_line <= edit.after_line <= main.last_line
            added.append(edit.model_copy(update={"after_line": max(begins, edit.after_line)}) if in_main else edit)
        return order([*edits, *added])

    def read_answer(self, generation: Generation) -> Proposal:
        """Decode an answer and pass each call through the rules."""
        answer = decode_labels(generation.text[:_MAX_ANSWER_CHARACTERS])
        proposal = Proposal(answered=bool(generation.text.strip()))
        if len(generation.text) > _MAX_ANSWER_CHARACTERS:
            proposal.notes.append(f"the language model's answer was read up to character {_MAX_ANSWER_CHARACTERS}")
        if not answer.labels:
            proposal.notes.append(
                "the language model's answer holds no call" if generation.text.strip() else "the language model answered nothing"
            )
        if answer.cut_off:
            proposal.dropped.append(Dropped(text=answer.cut_off[:200], rule="cut off: the answer ends in mid-call"))
        filled: list[int] = []
        for label in answer.labels:
            try:
                line = self._hole_line(label, filled) if label.ordinal == 0 else label.line
                placed = self.rules.check(line, label.text, inline=label.ordinal == 0)
            except RuleBroken as broken:
                proposal.dropped.append(Dropped(text=label.text[:200], rule=str(broken)))
            else:
                proposal.edits.append(_edit(label, placed, confidence_of(generation, label)))
        proposal.edits = self.present.edits(proposal.edits)
        return self._sure(proposal)

    def _hole_line(self, label: Label, filled: list[int]) -> int:
        """The line of the hole that a label with k = 0 means: the one after its line, or its own. Raises ``RuleBroken``."""
        lines = [hole.line for hole in find_holes(self.source)]
        for line in (label.line + 1, label.line):
            if filled.count(line) < lines.count(line):
                filled.append(line)
                return line
        raise RuleBroken(f"hole: nothing is missing in line {label.line + 1}")

    def join(self, rules: Sequence[Edit], model: Sequence[Edit]) -> Proposal:
        """The rules' edits with what the model adds; a call that both propose is the model's at the rules' place."""
        joined = Proposal()
        said = {(edit.function, edit.arguments): edit for edit in model}
        for edit in rules:
            both = said.get((edit.function, edit.arguments))
            joined.edits.append(edit if both is None else agreed(edit, both))
        for edit in model:
            fault = self._conflict(edit, joined.edits)
            if fault is None:
                joined.edits.append(edit)
            elif fault:
                joined.dropped.append(Dropped(text=edit.text, rule=fault))
        joined.edits = order(joined.edits)
        return joined

    def _conflict(self, edit: Edit, others: Sequence[Edit]) -> str | None:
        """Why a model's edit cannot join: empty when the same call is there already, None when it can."""
        if edit.inline:
            return self._hole_conflict(edit, others)
        same = [other for other in others if other.function == edit.function]
        if any(
            other.arguments == edit.arguments for other in same if edit.function in _SETUP or other.after_line == edit.after_line
        ):
            return ""
        if same and edit.function in _SINGLE:
            return f"once: {edit.function} is called once a program path"
        if same and edit.function in _SETUP:
            return f"once: {edit.function} is already called"
        main = self.facts.main
        if main is None or not main.first_line <= edit.after_line <= main.last_line:
            return None
        first = next((other.after_line for other in others if other.function == "MPI_Init"), init_line(self.facts, main))
        last = next((other.after_line for other in others if other.function == "MPI_Finalize"), main.last_line)
        if not first <= edit.after_line <= last:
            return "order: the call is not between MPI_Init and MPI_Finalize"
        return None

    def _hole_conflict(self, edit: Edit, others: Sequence[Edit]) -> str | None:
        holes = sum(hole.line == edit.after_line for hole in find_holes(self.source))
        there = [other for other in others if other.inline and other.after_line == edit.after_line]
        if any(other.text == edit.text for other in there):
            return ""
        return None if len(there) < holes else f"hole: line {edit.after_line} has no hole left"


def _edit(label: Label, placed: Placed, confidence: float) -> Edit:
    call = placed.call
    inline = label.ordinal == 0
    return Edit(
        after_line=placed.after_line,
        text=call.expression if inline else call.statement,
        function=call.function,
        arguments=call.arguments,
        inline=inline,
        confidence=round(confidence * (1.0 if inline or placed.after_line == label.line else 0.7), 4),
        origin="model",
    )


def _messages(edits: Sequence[Edit]) -> Iterator[tuple[Edit, ...]]:
    """The edits by message: a send with its receive, a broadcast in both branches. One half of it would wait for ever."""
    waiting: Edit | None = None
    for edit in edits:
        if waiting is not None and waiting.arguments[0] == edit.arguments[0] and (waiting.function, edit.function) in _HALVES:
            yield (waiting, edit)
            waiting = None
            continue
        if waiting is not None:
            yield (waiting,)
        waiting = edit
    if waiting is not None:
        yield (waiting,)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, CodeparError) else f"{type(error).__name__}: {error}"


def agreed(rule: Edit, model: Edit) -> Edit:
    """The rule's edit when the model proposed the same call: the model's origin, and both confidences joined."""
    joint = 1.0 - (1.0 - rule.confidence) * (1.0 - model.confidence)
    return rule.model_copy(update={"origin": "model", "confidence": round(joint, 4)})


def confidence_of(generation: Generation, label: Label) -> float:
    """Geometric mean of the probabilities of the label's tokens; 0.3 where the engine gives none."""
    if not generation.logprobs:
        return 0.3
    position, inside = 0, list[float]()
    for token in generation.logprobs:
        end = position + len(token.token)
        if position < label.end and end > label.start:
            inside.append(token.logprob)
        position = end
    return min(1.0, math.exp(sum(inside) / len(inside))) if inside else 0.3


_RANK_OF = {"MPI_Init": 0, "MPI_Init_thread": 0, "MPI_Comm_rank": 1, "MPI_Comm_size": 2, "MPI_Finalize": 9}


def order(edits: Iterable[Edit]) -> list[Edit]:
    """In the order of the file; after one line Init comes first and Finalize last."""
    return sorted(edits, key=lambda edit: (edit.after_line, _RANK_OF.get(edit.function, 5)))
