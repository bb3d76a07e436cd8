"""The Tester at work: what it is asked, what is read from its answers, and the form in which test cases are learned.

Cases made by rule are put into the same form, so that a model that cannot write any yet has something to learn from. Limits:
inputs alone; what a case is worth is found out elsewhere (``examine.py``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from codepar.cuda.cases.spec import BufferSpec, TestCase
from codepar.cuda.tester import MAX_CASES, inputs_grammar, inputs_question, read_inputs
from codepar.errors import InvalidInput
from codepar.flows.asking import LIVELY
from codepar.protocols import Generator, Sampling
from finetune.musl.functions import CFunction
from finetune.musl.rows import TestProposals

_MAX_TOKENS = 900
_FORMS = frozenset({"uniform", "sorted", "permutation", "ramp"})


async def propose(member: CFunction, generator: Generator, answers: int, seed: int, budget_s: float) -> TestProposals:
    """``answers`` answers of the Tester for one function; the first is greedy. Raises what the engine raises."""
    function = member.read()
    capabilities = await generator.capabilities()
    grammar = inputs_grammar(function) if "json_schema" in capabilities.grammar else None
    prompt = inputs_question(function)
    found: list[tuple[TestCase, ...]] = []
    tokens, begun = 0, time.monotonic()
    for turn in range(answers):
        temperature = LIVELY if turn else 0.0
        stop = () if grammar is not None else ("\n",)
        sampling = Sampling(
            max_tokens=_MAX_TOKENS,
            temperature=temperature,
            seed=seed % 2**31 + turn,
            grammar=grammar,
            budget_s=budget_s,
            stop=stop,
        )
        try:
            said = await generator.complete(prompt, sampling)
        except InvalidInput as fault:
            # The function with the worked example does not fit the context.
            return TestProposals(function=member.id, problem=fault.message)
        tokens += said.completion_tokens
        cases = read_inputs(said.text, function, seed % 2**40 + 100 * turn)
        found.append(tuple(one.model_copy(update={"name": f"t{turn}-{at:02d}"}) for at, one in enumerate(cases)))
    spent = time.monotonic() - begun
    return TestProposals(function=member.id, answers=tuple(found), tokens=tokens, generation_s=spent)


def in_testers_form(member: CFunction, cases: Sequence[TestCase], seed: int) -> tuple[TestCase, ...]:
    """Cases by rule as the Tester would write them, named ``r-00`` and so on; those that its form cannot say are left out."""
    found: list[TestCase] = []
    for case in cases:
        read = read_inputs(answer_text([_plain(case)]), member.read(), seed + len(found))
        found += [one.model_copy(update={"name": f"r-{len(found):02d}"}) for one in read]
    return tuple(found)


def _plain(case: TestCase) -> TestCase:
    """Every buffer with a distribution that the form has."""
    buffers = {name: _plain_buffer(spec) for name, spec in case.buffers.items()}
    return case.model_copy(update={"buffers": buffers})


def _plain_buffer(spec: BufferSpec) -> BufferSpec:
    if spec.distribution in _FORMS:
        return spec
    numbers = [value for value in spec.values if not isinstance(value, str)]
    low, high = (min(numbers), max(numbers)) if numbers else (0, 1)
    return spec.model_copy(update={"distribution": "uniform", "low": low, "high": high})


def answer_text(cases: Sequence[TestCase]) -> str:
    """The answer that proposes these cases, as the worked example of the question writes it."""
    rows = [_row(f"case{at + 1}", case) for at, case in enumerate(cases[:MAX_CASES])]
    return json.dumps({"cases": rows})


def _row(name: str, case: TestCase) -> dict[str, object]:
    buffers = {
        one: {"size": str(spec.size), "distribution": spec.distribution, "low": spec.low, "high": spec.high}
        for one, spec in case.buffers.items()
    }
    return {"name": name, "scalars": case.scalars, "buffers": buffers}
