"""Translation with the rules and with prepared answers, compiled and run for real behind walls; nothing wrong is verified."""

import asyncio
import subprocess

import pytest
from pydantic import ValidationError

from codepar.cuda.translation import Origin, Target
from codepar.cuda.verdict import CheckName
from codepar.errors import EngineUnavailable, EnvironmentFault, InvalidInput
from codepar.flows.cuda_request import CudaTranslationRequest
from codepar.flows.registry import FLOWS
from codepar.flows.translate import translate
from codepar.jobs import JobKind
from codepar.project import Project
from codepar.protocols import SilentProgress, Status

HEADER = """#ifndef POINT_H
#define POINT_H
#define EPS 0.5f
struct point { float x, y; };
#endif
"""
TWO = """#include <math.h>
#include "point.h"
static float length(struct point p) { return sqrtf(p.x * p.x + p.y * p.y) + EPS; }

void lengths(const struct point *p, float *out, int n) {
    for (int i = 0; i < n; i++)
        out[i] = length(p[i]);
}

void scaled(const struct point *p, float *out, int n, float a) {
    for (int i = 0; i < n; i++)
        out[i] = a * length(p[i]);
}

void show(float a) {
    for (int i = 0; i < 3; i++)
        printf("%f", a);
}

int main(void) { return 0; }
"""
SCALE = (
    "void scale(int n, float a, const float *x, float *y) {\n    for (int i = 0; i < n; i++)\n        y[i] = a * x[i] + 1;\n}\n"
)
KERNEL = """__global__ void scale_kernel(int n, float a, const float *x, float *y)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        y[i] = a * x[i] + 1;
}
"""

# The first run of a session builds the CUDA runtime in several modes.
pytestmark = pytest.mark.timeout(900)


def fenced(code):
    return f"```cuda\n{code}```"


def asked(source, **options):
    return CudaTranslationRequest.model_validate({"source": source, "options": {"seed": 11, **options}})


def run(request, generator=None, executor=None):
    return asyncio.run(translate(request, generator, executor, SilentProgress()))


def test_the_rules_translate_two_functions_that_share_a_helper_and_a_struct_of_a_header(boxed, tmp_path):
    project = Project(files={"src/main.c": TWO, "src/point.h": HEADER})
    answer = run(CudaTranslationRequest(project=project, options={"model": False, "seed": 11}), None, boxed)
    assert answer.verified, answer.reason
    assert [one.entry for one in answer.translations] == ["lengths_cuda", "scaled_cuda"]
    assert all(one.origin is Origin.RULES and one.verdict.status is Status.OK for one in answer.translations)
    assert sorted(answer.files) == ["src/main_cuda.cu", "src/main_cuda.h"]
    assert answer.files["src/main_cuda.cu"].count("struct point {") == 1
    assert any("src/main.c:17: `show` was passed over" in note for note in answer.notes)
    assert answer.cost.executions > 10
    (tmp_path / "src").mkdir()
    for path, text in project.files.items():
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=answer.patch, text=True, check=True)
    assert (tmp_path / "src/main_cuda.cu").read_text() == answer.files["src/main_cuda.cu"]
    # What C callers include is C.
    (tmp_path / "src/caller.c").write_text('#include "point.h"\n#include "main_cuda.h"\nint main(void) { return 0; }\n')
    subprocess.run(["cc", "-fsyntax-only", "-Wall", "-Werror", "src/caller.c"], cwd=tmp_path, check=True)
    command = answer.translations[1].verdict.reproduce
    assert command == "codepar cuda verify src/main.c src/main_cuda.cu --function scaled --entry scaled_cuda --seed 11"


def test_a_wrong_answer_is_repaired_by_what_the_tests_say(scripted, boxed):
    wrong = KERNEL.replace("+ 1", "- 1")
    generator = scripted(fenced(wrong), fenced(KERNEL))
    answer = run(asked(SCALE, rules=False, candidates=1, repair=2), generator, boxed)
    assert answer.verified, answer.reason
    assert answer.origin is Origin.REPAIR
    assert [one.status for one in answer.candidates] == [Status.OK, Status.WRONG_OUTPUT]
    told = generator.asked[1].messages[-1].content
    assert "other values than the original" in told
    assert "n = " in told
    assert answer.cost.generations == 2
    assert answer.provenance.model == "scripted"


def test_what_only_cheats_is_never_verified(scripted, boxed):
    idle = KERNEL.replace("        y[i] = a * x[i] + 1;", "        return;")
    alone = KERNEL.replace("    if (i < n)\n        y[i] =", "    if (i == 0 && i < n)\n        for (i = 0; i < n; i++) y[i] =")
    raced = KERNEL.replace("y[i] = a * x[i] + 1;", "{ y[i] = a * x[i] + 1; y[0] = a * x[0] + 1; }")
    generator = scripted(*map(fenced, (idle, alone, raced)))
    answer = run(asked(SCALE, rules=False, candidates=3, repair=0), generator, boxed)
    assert not answer.verified
    assert answer.reason
    statuses = {one.candidate: one.judged or one.status for one in answer.candidates}
    assert statuses[1] is Status.WRONG_OUTPUT
    assert statuses[2] is Status.NOT_PARALLEL
    assert statuses[3] is Status.RACE


def test_answers_that_are_no_code_are_told_so_and_end_unverified(scripted, boxed):
    generator = scripted("I would rather not.", "```\nvoid scale_kernel() { }\n```")
    answer = run(asked(SCALE, rules=False, candidates=1, repair=1), generator, boxed)
    assert not answer.verified
    assert answer.source == ""
    assert answer.patch == ""
    assert "holds no code" in generator.asked[1].messages[-1].content
    assert {one.problem for one in answer.candidates} == {"the answer holds no code", "the answer has no __global__ kernel"}


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        (
            '#include <stdio.h>\nvoid f(int n) {\n    for (int i = 0; i < n; i++)\n        printf("%d", i);\n}\n',
            "input_output",
            4,
        ),
        ("int f(int n) {\n    return n < 2 ? 1 : f(n - 1) + f(n - 2);\n}\n", "recursion", 1),
        (
            "int total;\nvoid f(const int *a, int n) {\n    for (int i = 0; i < n; i++)\n        total += a[i];\n}\n",
            "global_state",
            4,
        ),
    ],
)
def test_refusals_say_why_and_where(executor, source, code, line):
    answer = run(asked(source, model=False), None, executor)
    assert not answer.verified
    assert answer.verdict.status is Status.REFUSED
    assert answer.refusal is not None
    assert (answer.refusal.code, answer.refusal.line) == (code, line)
    assert f"main.c:{line}" in (answer.reason or "")
    assert answer.verdict.check(CheckName.PARSED).line == line


def test_the_named_function_is_translated_and_a_name_that_is_not_there_is_said(executor):
    with pytest.raises(InvalidInput, match=r"no function `lengthy`; there are `length`, `lengths`"):
        run(asked(TWO, function="lengthy"), None, executor)
    with pytest.raises(InvalidInput, match="defined 2 times"):
        run(asked(SCALE + SCALE, function="scale"), None, executor)
    with pytest.raises(InvalidInput, match="no function besides main"):
        run(asked("int main(void) { return 0; }\n"), None, executor)
    with pytest.raises(InvalidInput, match="no C or C\\+\\+ source"):
        run(CudaTranslationRequest(project=Project(files={"a.txt": "x"})), None, executor)


def test_what_is_missing_is_said(executor):
    with pytest.raises(EnvironmentFault, match="nothing here can run"):
        run(asked(SCALE))
    with pytest.raises(EngineUnavailable, match="no language model"):
        run(asked(SCALE, rules=False), None, executor)
    with pytest.raises(ValidationError, match="nothing would be tried"):
        asked(SCALE, rules=False, model=False)
    with pytest.raises(ValidationError, match="`entry` names one"):
        asked(SCALE, entry="x")


def test_the_flow_is_a_kind_of_job():
    flow = FLOWS[JobKind.CUDA_TRANSLATION]
    assert flow.request_model is CudaTranslationRequest
    assert flow.needs_engine


def test_openmp_is_a_target_for_the_model(scripted, boxed):
    body = SCALE.replace("scale(", "scale_openmp(").replace("    for", "    #pragma omp parallel for\n    for")
    answer = run(asked(SCALE, rules=False, candidates=1, repair=0, target=Target.OPENMP), scripted(fenced(body)), boxed)
    assert answer.verified, answer.reason
    assert sorted(answer.files) == ["main_openmp.c", "main_openmp.h"]
