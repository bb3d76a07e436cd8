"""What the two roles learn from a kept row, as prompts and answers.

The Translator learns both directions: back from the machine-written CUDA to the human-written C, and from C to the CUDA that was
verified, in the very form in which it is asked. The Tester learns the cases as the worked example of its question writes them.
Limits: CUDA whose text does not begin as the question does (that of the rules) is learned from backwards alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.cuda.ask import Task, shown_code, text_question
from codepar.cuda.openings import openings
from codepar.cuda.tester import inputs_question
from codepar.cuda.translation import Target
from finetune.musl.rows import PairRow, TestsRow
from finetune.musl.testing import answer_text
from finetune.train.tasks import Sample

_CUDA_MARK = "// CUDA:"
_C_MARK = "// The same as sequential C:"


def samples_of_pair(row: PairRow) -> Iterator[Sample]:
    """Back to the human's source, and on to the verified CUDA where it begins as it is asked for."""
    function = row.function.read()
    prompt = f"{_CUDA_MARK}\n{row.code.strip()}\n\n{_C_MARK}\n"
    answer = f"{shown_code(function).strip()}\n"
    yield Sample(prompt=prompt, answer=answer)
    task = Task(function, Target.CUDA, row.entry)
    for opening in openings(function):
        question = text_question(task, opening)
        rest = row.code.removeprefix(question.opening)
        if rest != row.code:
            text = question.prompt.text
            yield Sample(prompt=text, answer=f"{rest.rstrip()}\n")
            return


def samples_of_tests(row: TestsRow) -> Iterator[Sample]:
    """The inputs that were kept."""
    prompt = inputs_question(row.function.read()).text
    yield Sample(prompt=prompt, answer=f"{answer_text(row.cases)}\n")
