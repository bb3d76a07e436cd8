"""The model as Tester: test inputs of a function as JSON under a schema of its signature, read and made to fit.

What it names joins the tests that rank and never those that judge; the rules' tests stand beside it. Limits: whether the original
is clean on a case is for the court to say; an engine that takes no JSON schema proposes nothing.
"""

from __future__ import annotations

from codepar.cuda.cases.spec import TestCase
from codepar.cuda.function import SequentialFunction
from codepar.cuda.tester import inputs_grammar, inputs_question, read_inputs
from codepar.flows.asking import LIVELY, Asked, Asking
from codepar.protocols import Sampling

_TOKENS = 900
_SEEDS_AN_ANSWER = 100


async def proposed_cases(asking: Asking, function: SequentialFunction, seed: int, answers: int = 1) -> tuple[TestCase, ...]:
    """The cases of so many answers, the first one greedy, the others asked beside it; each fits the function, none comes twice.

    Raises what the engine raises at its first answer.
    """
    capabilities = await asking.generator.capabilities()
    if "json_schema" not in capabilities.grammar:
        asking.note("the engine takes no JSON schema: the model proposed no tests")
        return ()
    question, grammar = inputs_question(function), inputs_grammar(function)
    questions = {
        turn: Asked(question, Sampling(max_tokens=_TOKENS, grammar=grammar, temperature=LIVELY if turn else 0.0, seed=1 + turn))
        for turn in range(answers)
    }
    given = await asking.ask(questions, is_first=True)
    found: dict[str, TestCase] = {}
    for turn, answer in given.items():
        for number, case in enumerate(read_inputs(answer.text, function, seed + _SEEDS_AN_ANSWER * turn)):
            content = case.model_copy(update={"name": "case", "seed": 0}).model_dump_json()
            found.setdefault(content, case.model_copy(update={"name": f"model{turn}{number:02d}"}))
    return tuple(found.values())
