"""What the roles learn: the prompts are those that are asked, the answers those that were kept."""

import pytest

from codepar.cuda.answer import read_text_answer
from codepar.cuda.ask import Task, text_question
from codepar.cuda.cases.generate import candidates
from codepar.cuda.cases.spec import BufferSpec, TestCase
from codepar.cuda.openings import openings
from codepar.cuda.tester import inputs_question, read_inputs
from codepar.cuda.translation import Target
from codepar.cuda.verdict import CudaVerdict
from codepar.protocols import Status
from finetune.musl.forms import samples_of_pair, samples_of_tests
from finetune.musl.functions import CFunction
from finetune.musl.rows import PairRow, TestsRow
from finetune.musl.testing import answer_text, in_testers_form

TEXT = "void scale(float *a, const float *b, int n)\n{\n    for (int i = 0; i < n; i++)\n        a[i] = 2 * b[i];\n}\n"
MEMBER = CFunction(
    id="f0", name="scale", text=TEXT, repository="a/b", commit="0" * 40, path="f.c", line=1, licence_file=None, licence="MIT"
)
FIELDS = {
    "id": "r0",
    "round": 1,
    "origin": "model",
    "function": MEMBER,
    "judge_seed": 1,
    "rank_seed": 2,
    "verdict": CudaVerdict(status=Status.OK, checks=()),
}


def pair(code):
    return PairRow(**FIELDS, code=code, source=code, entry="scale_cuda")


@pytest.mark.parametrize("number", range(3))
def test_a_model_s_kernel_is_learned_as_it_is_asked_for_and_read(number):
    function = MEMBER.read()
    task = Task(function, Target.CUDA, "scale_cuda")
    opening = openings(function)[number]
    rest = {0: "        a[i] = 2 * b[i];\n    }\n}", 1: "    if (i < n) {\n        a[i] = 2 * b[i];\n    }\n}"}.get(
        number, "    int i = blockIdx.x * blockDim.x + threadIdx.x;\n    if (i < n)\n        a[i] = b[i] * 2;\n}"
    )
    question = text_question(task, opening)
    answer = read_text_answer(f"{rest}\n", question.opening, task)
    back, forward = samples_of_pair(pair(answer.code))
    assert back.prompt.startswith(f"// CUDA:\n{answer.code.strip()}")
    assert "a[i] = 2 * b[i];" in back.answer
    again = read_text_answer(forward.answer, forward.prompt[forward.prompt.rindex("__global__") :], task)
    assert again.code == answer.code
    asked = {text_question(task, one).prompt.text for one in openings(function)}
    assert forward.prompt in asked


def test_cuda_of_another_form_is_learned_from_backwards_alone():
    (back,) = samples_of_pair(pair("__global__ void k(int n) { }\n"))
    assert back.prompt.startswith("// CUDA:\n__global__ void k(int n) { }")


def test_inputs_are_learned_in_the_form_that_is_asked_and_read():
    cases = (
        TestCase(name="t0-00", scalars={"n": 33}, buffers={"a": BufferSpec(size="n"), "b": BufferSpec(size="n", low=-2, high=2)}),
    )
    row = TestsRow(**FIELDS, cases=cases, kills=(), score=1.0, against="r1")
    (sample,) = samples_of_tests(row)
    assert sample.prompt == inputs_question(MEMBER.read()).text
    (read,) = read_inputs(sample.answer, MEMBER.read(), 5)
    assert (read.scalars, read.buffers["b"].low, read.buffers["b"].high) == ({"n": 33}, -2, 2)


def test_cases_by_rule_can_be_said_in_the_testers_form():
    ruled = candidates(MEMBER.read(), "rank", 3).cases
    found = in_testers_form(MEMBER, ruled, 5)
    assert found
    assert [one.name for one in found] == [f"r-{at:02d}" for at in range(len(found))]
    assert {one.scalars["n"] for one in found} <= {one.scalars["n"] for one in ruled}
    assert read_inputs(answer_text(found[:3]), MEMBER.read(), 1)
