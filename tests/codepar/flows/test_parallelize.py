"""Level `serial` with prepared answers, compiled and run for real behind walls: right ones, wrong ones, and those that cheat."""

import asyncio
import subprocess

import pytest
from pydantic import ValidationError

from codepar.errors import EngineUnavailable, EnvironmentFault, InvalidInput
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.flows.parallelize import parallelize
from codepar.flows.registry import FLOWS
from codepar.jobs import JobKind
from codepar.protocols import SilentProgress, Status

SERIAL = """#include <stdio.h>

#define N 3001

static double term(int i)
{
    return i % 13 * 0.25 + 1.0 / (i + 1.0);
}

int main(void)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum = sum + term(i);
    printf("the sum is %.9f\\n", sum);
    return 0;
}
"""
HEAD = SERIAL.replace("#include <stdio.h>", "#include <mpi.h>\n#include <stdio.h>").split("int main")[0]
SETUP = """int main(int argc, char **argv)
{
    int rank, size;
    double part = 0.0, sum = 0.0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
"""
END = """    if (rank == 0)
        printf("the sum is %.9f\\n", sum);
    MPI_Finalize();
    return 0;
}
"""
REDUCE = "    MPI_Reduce(&part, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);\n"
GOOD = HEAD + SETUP + "    for (int i = rank; i < N; i += size)\n        part += term(i);\n" + REDUCE + END
LOSES_THE_REST = (
    HEAD
    + SETUP
    + ("    for (int i = rank * (N / size); i < (rank + 1) * (N / size); i++)\n        part += term(i);\n" + REDUCE + END)
)
HANGS = GOOD.replace(
    REDUCE,
    "    if (rank == 0 && size > 1)\n        MPI_Recv(&part, 1, MPI_DOUBLE, 1, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\n" + REDUCE,
)
DOES_NOT_COMPILE = GOOD.replace("double part", "doubel part")
NO_DATA = HEAD + SETUP + "    if (rank == 0)\n        for (int i = 0; i < N; i++)\n            sum += term(i);\n" + END
ALL_ON_ROOT = NO_DATA.replace(
    "    if (rank == 0)\n        printf",
    "    MPI_Bcast(&sum, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);\n    if (rank == 0)\n        printf",
)
REPEATED = (
    HEAD
    + SETUP
    + (
        "    for (int i = 0; i < N; i++)\n        part += term(i);\n"
        "    MPI_Reduce(&part, &sum, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);\n" + END
    )
)
PRINTED = HEAD + SETUP + "    sum = 4507.334083112;\n    MPI_Bcast(&sum, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);\n" + END


def fenced(code):
    return f"Here is the parallel program:\n\n```c\n{code}```\nIt shares the loop."


def asked(source=SERIAL, **options):
    options = {"level": "serial", "limits": {"wall_s": 8}, **options}
    return MpiCompletionRequest.model_validate({"source": source, "options": options})


def run(request, generator, executor=None):
    return asyncio.run(parallelize(request, generator, executor, SilentProgress()))


def test_a_good_answer_is_verified_at_one_to_four_ranks(scripted, boxed, tmp_path):
    generator = scripted(fenced(GOOD))
    answer = run(asked(), generator, boxed)
    assert answer.verified, answer.reason
    assert [(v.ranks, v.status, v.agrees) for v in answer.verification] == [(n, Status.OK, True) for n in (1, 2, 3, 4)]
    assert answer.verification[3].traffic.is_seen
    assert (answer.source, answer.level, answer.edits) == (GOOD, "serial", ())
    assert 0.2 < answer.shares.busiest < 0.3
    assert len(generator.asked) == 1
    assert SERIAL in generator.asked[0].messages[-1].content
    (tmp_path / "main.c").write_text(SERIAL)
    subprocess.run(["git", "apply", "-"], input=answer.diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "main.c").read_text() == GOOD


@pytest.mark.parametrize(
    ("wrong", "ranks", "status", "told"),
    [
        (LOSES_THE_REST, 2, Status.WRONG_OUTPUT, "does not print 'the sum is 4507.334083112'"),
        (HANGS, 2, Status.DEADLOCK, "MPI_Recv(source=1, tag=7)"),
        (DOES_NOT_COMPILE, 1, Status.COMPILE_ERROR, "doubel part = 0.0"),
        (NO_DATA, 2, Status.NOT_PARALLEL, "no data passes between the ranks"),
    ],
    ids=["wrong output", "deadlock", "compile error", "no data"],
)
def test_a_failure_is_told_and_repaired(scripted, boxed, wrong, ranks, status, told):
    generator = scripted(fenced(wrong), fenced(GOOD))
    answer = run(asked(), generator, boxed)
    assert answer.verified, answer.reason
    best, first = answer.attempts
    assert (best.round, best.verified, first.round, first.verified) == (1, True, 0, False)
    assert (first.verification[-1].ranks, first.verification[-1].status) == (ranks, status)
    *_, said, feedback = generator.asked[1].messages
    assert (said.role, said.content) == ("assistant", fenced(wrong))
    assert told in feedback.content
    assert "whole corrected program" in feedback.content


@pytest.mark.parametrize(
    ("cheat", "why"),
    [
        (NO_DATA, "no data passes between the ranks"),
        (ALL_ON_ROOT, "rank 0 executes"),
        (REPEATED, "the work is repeated, not shared"),
        (PRINTED, "the result is not computed"),
    ],
    ids=["no data", "all on rank 0", "all on every rank", "printed result"],
)
def test_a_right_output_alone_is_not_parallel(scripted, boxed, cheat, why):
    answer = run(asked(repair=0), scripted(fenced(cheat)), boxed)
    assert not answer.verified
    verdict = next(v for v in answer.verification if v.status is not Status.OK)
    assert (verdict.status, verdict.agrees) == (Status.NOT_PARALLEL, True)
    assert why in verdict.reason
    assert "not_parallel" in answer.reason


def test_a_printed_result_of_a_short_program_is_found_by_its_text(scripted, boxed):
    short = SERIAL.replace("3001", "30")
    cheat = PRINTED.replace("3001", "30").replace("4507.334083112", "44.494987131")
    honest = GOOD.replace("3001", "30")
    assert "holds the result 44.494987131" in run(asked(short, repair=0), scripted(fenced(cheat)), boxed).reason
    assert run(asked(short, repair=0), scripted(fenced(honest)), boxed).verified


def test_an_answer_without_code_is_asked_again(scripted, boxed):
    generator = scripted("You should use MPI for that.", fenced(SERIAL), fenced(GOOD))
    answer = run(asked(ranks=[1, 2]), generator, boxed)
    assert answer.verified
    assert [one.problem for one in answer.attempts] == [
        None,
        "the answer is the serial program as it was",
        "the answer holds no code",
    ] or [one.problem for one in answer.attempts[1:]] == [
        "the answer holds no code",
        "the answer is the serial program as it was",
    ]
    assert "The answer holds no code." in generator.asked[1].messages[-1].content


def test_the_rounds_end_and_the_best_attempt_is_shown(scripted, boxed):
    generator = scripted("no", fenced(LOSES_THE_REST), fenced(DOES_NOT_COMPILE))
    answer = run(asked(ranks=[1, 2], repair=2), generator, boxed)
    assert len(generator.asked) == 3
    assert not answer.verified
    assert answer.source == LOSES_THE_REST
    assert [v.status for v in answer.verification] == [Status.OK, Status.WRONG_OUTPUT]
    assert [one.round for one in answer.attempts] == [1, 2, 0]
    assert answer.reason.startswith("at 2 ranks wrong_output")


def test_several_candidates_are_asked_and_ranked(scripted, boxed):
    generator = scripted(fenced(DOES_NOT_COMPILE), fenced(GOOD), fenced(LOSES_THE_REST))
    answer = run(asked(ranks=[1, 2], candidates=3), generator, boxed)
    assert answer.verified
    assert [one.candidate for one in answer.attempts] == [2, 3, 1]
    assert [summary.chosen for summary in answer.candidates] == [True, False, False]
    assert answer.candidate == "candidate 2, round 0"
    assert len({sampling.seed for sampling in generator.samplings}) == 3
    assert [sampling.temperature == 0 for sampling in generator.samplings] == [True, False, False]


def test_the_same_program_again_is_not_run_again(scripted, boxed):
    class Counting:
        runs = 0

        async def execute(self, execution):
            self.runs += 1
            return await boxed.execute(execution)

    once, thrice = Counting(), Counting()
    run(asked(ranks=[1], repair=0), scripted(fenced(DOES_NOT_COMPILE)), once)
    run(asked(ranks=[1], repair=2), scripted(fenced(DOES_NOT_COMPILE)), thrice)
    assert once.runs == thrice.runs


def test_a_project_of_several_files_with_a_makefile(scripted, boxed):
    files = {
        "term.h": "double term(int i);\n",
        "term.c": '#include "term.h"\ndouble term(int i) { return i % 13 * 0.25 + 1.0 / (i + 1.0); }\n',
        "sum.c": '#include "term.h"\n' + SERIAL.replace(SERIAL[SERIAL.index("static") : SERIAL.index("int main")], ""),
        "Makefile": "CC = cc\nsum: sum.o term.o\n\t$(CC) -o $@ sum.o term.o\n",
    }
    main = '#include "term.h"\n' + GOOD.replace(GOOD[GOOD.index("static") : GOOD.index("int main")], "")
    project = {"files": files, "build": "make", "run": "./sum"}
    body = {"project": project, "options": {"level": "serial", "ranks": [1, 3]}}
    generator = scripted(f"Only one file changes.\n\n**sum.c**\n```c\n{main}```\n")
    answer = run(MpiCompletionRequest.model_validate(body), generator, boxed)
    assert answer.verified, answer.reason
    assert answer.files == {"sum.c": main}
    assert answer.shares.busiest is not None
    assert any('make CC="$CC"' in note for note in answer.notes)
    assert "term.h" in generator.asked[0].messages[-1].content


def test_nothing_is_run_where_nothing_shall_be(scripted):
    answer = run(asked(verify=False), scripted(fenced(GOOD)))
    assert (answer.source, answer.verified, answer.verification) == (GOOD, False, ())
    assert "nothing was run" in answer.reason


def test_a_model_without_chat_gets_one_text(scripted):
    generator = scripted(fenced(GOOD), chat=False)
    assert run(asked(verify=False), generator).source == GOOD
    assert generator.asked[0].messages is None
    assert generator.asked[0].text.endswith("### MPI program\n")


def test_what_does_not_fit_the_context_is_refused(scripted):
    with pytest.raises(InvalidInput, match="context of 300"):
        run(asked(verify=False), scripted(fenced(GOOD), context_tokens=300))
    # Without the example it fits.
    generator = scripted(fenced(GOOD), context_tokens=700)
    assert run(asked(verify=False), generator).source == GOOD
    assert len(generator.asked[0].messages) == 2


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "is empty"),
        ("Dear committee,\nplease find enclosed.\n", "does not look like C"),
        ("double half(double x) { return x / 2; }\n", "holds no main function"),
        (GOOD, "calls MPI already"),
        ("int main(void) { return 0; }\n", "prints nothing"),
        ("#include <stdio.h>\nint main(void) { puts(1); }\nint x = y;\n", "serial program itself ends as compile_error"),
    ],
)
def test_what_is_no_serial_program_is_refused(scripted, boxed, source, message):
    generator = scripted(fenced(GOOD))
    with pytest.raises(InvalidInput, match=message):
        run(asked(source), generator, boxed)
    assert generator.asked == []


def test_a_loop_that_only_sums_up_needs_no_model(boxed, scripted):
    summing = SERIAL.replace("sum = sum +", "sum +=")
    answer = run(asked(summing), None, boxed)
    assert answer.verified, answer.reason
    assert answer.candidate == "rule: the loop in main.c:13 is shared"
    assert [one.origin for one in answer.attempts] == ["rule"]
    assert answer.provenance.model is None
    assert 0.2 < answer.shares.busiest < 0.3
    generator = scripted(fenced(GOOD))
    assert run(asked(summing, ranks=[1, 2]), generator, boxed).verified
    assert generator.asked == []


def test_what_is_needed_is_missing(scripted, boxed):
    with pytest.raises(EngineUnavailable):
        run(asked(), None, boxed)
    with pytest.raises(EnvironmentFault, match="run programs"):
        run(asked(), scripted(fenced(GOOD)))


def test_the_level_decides_the_flow_and_its_defaults(scripted):
    flow = FLOWS[JobKind.MPI_COMPLETION]
    request = flow.request_model.model_validate({"source": SERIAL, "options": {"level": "serial", "verify": False}})
    assert (request.options.ranks, request.options.budget_s) == ((1, 2, 3, 4), 300.0)
    assert flow.request_model.model_validate(request.model_dump(mode="json")) == request
    answer = asyncio.run(flow.run(request, scripted(fenced(GOOD)), None, SilentProgress()))
    assert answer.level == "serial"
    for options in ({"line": 3}, {"repair": 99}, {"candidates": 0}):
        with pytest.raises(ValidationError):
            asked(**options)


def test_an_engine_over_http(parrot, flow_settings, boxed):
    from codepar.engine.factory import open_generator

    parrot.answer = fenced(GOOD)

    async def _run():
        generator = await open_generator(flow_settings.model_copy(update={"engine_url": parrot.url, "model": "parrot"}))
        try:
            return await parallelize(asked(ranks=[1, 2]), generator, boxed, SilentProgress(), flow_settings)
        finally:
            await generator.close()

    answer = asyncio.run(_run())
    assert answer.verified, answer.reason
    assert answer.provenance.model == "parrot"
