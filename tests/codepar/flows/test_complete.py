import asyncio
import subprocess

import pytest
from pydantic import ValidationError

from codepar.engine.factory import open_generator
from codepar.errors import EngineUnavailable, EnvironmentFault, InvalidInput, Unsupported
from codepar.flows.complete import complete
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.flows.registry import FLOWS
from codepar.jobs import JobKind
from codepar.mpi.encode import labels_of
from codepar.mpi.remove import strip
from codepar.project import Project
from codepar.protocols import SilentProgress, Status
from codepar.settings import Settings

ORIGINAL = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank, size, n;
    double part = 0.0, whole;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    double start = MPI_Wtime();
    if (rank == 0) {
        n = 1000;
    }
    MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
    for (int i = rank; i < n; i += size)
        part += i * 0.5;
    MPI_Reduce(&part, &whole, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d ranks: %.3f in %f s\\n", size, whole, MPI_Wtime() - start);
    MPI_Finalize();
    return 0;
}
"""
STRIPPED = strip(ORIGINAL, "main.c").source


def asked(source=STRIPPED, **options):
    return MpiCompletionRequest.model_validate({"source": source, "options": {"ranks": [1, 3], **options}})


def run(request, generator=None, executor=None, settings=None):
    return asyncio.run(complete(request, generator, executor, SilentProgress(), settings))


def with_engine(request, parrot, flow_settings, executor):
    async def _run():
        generator = await open_generator(flow_settings.model_copy(update={"engine_url": parrot.url, "model": "parrot"}))
        try:
            return await complete(request, generator, executor, SilentProgress(), flow_settings)
        finally:
            await generator.close()

    return asyncio.run(_run())


def test_a_stripped_program_comes_back_verified(executor, flow_settings, tmp_path):
    answer = run(asked(reference=ORIGINAL), executor=executor, settings=flow_settings)
    assert answer.verified, answer.reason
    assert [(v.ranks, v.status, v.agrees) for v in answer.verification] == [(1, Status.OK, True), (3, Status.OK, True)]
    assert answer.reason is None
    assert answer.baseline.verified is False
    assert any("no language model" in note for note in answer.notes)
    (tmp_path / "main.c").write_text(STRIPPED)
    subprocess.run(["git", "apply", "-"], input=answer.diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "main.c").read_text() == answer.source == answer.files["main.c"]


def test_a_program_without_the_header_gets_it_with_its_calls(executor, flow_settings, tmp_path):
    bare = STRIPPED.replace("#include <mpi.h>\n", "")
    answer = run(asked(bare, reference=ORIGINAL), executor=executor, settings=flow_settings)
    assert answer.verified, answer.reason
    first = answer.edits[0]
    assert (first.kind, first.text, first.after_line) == ("declaration", "#include <mpi.h>", 1)
    (tmp_path / "main.c").write_text(bare)
    subprocess.run(["git", "apply", "-"], input=answer.diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "main.c").read_text() == answer.source
    assert "#include <mpi.h>" not in run(asked(bare, verify=False, level="calls"), settings=flow_settings).source


def test_a_whole_program_stays_as_it_is(flow_settings):
    answer = run(asked(ORIGINAL, verify=False), settings=flow_settings)
    assert (answer.source, answer.edits, answer.diff) == (ORIGINAL, (), "")
    assert any("started and ended already" in note for note in answer.notes)


def test_nothing_is_put_around_a_function_of_one_line(flow_settings):
    program = "#include <mpi.h>\nint main(void) { return 0; }\n"
    answer = run(asked(program, verify=False), settings=flow_settings)
    assert (answer.source, answer.edits, answer.baseline.edits) == (program, (), ())


def test_without_an_oracle_it_is_unverified_and_says_why(executor, flow_settings):
    answer = run(asked(), executor=executor, settings=flow_settings)
    assert not answer.verified
    assert [v.agrees for v in answer.verification] == [None, None]
    assert "oracle" in answer.reason


def test_with_nothing_to_run_it_still_proposes(flow_settings):
    answer = run(asked(verify=False), settings=flow_settings)
    assert not answer.verified
    assert answer.verification == ()
    assert {"MPI_Init", "MPI_Reduce", "MPI_Finalize"} <= {edit.function for edit in answer.edits}


def test_what_prints_right_and_sends_nothing_is_not_verified(executor, flow_settings):
    loop = ORIGINAL[ORIGINAL.index("    double start") : ORIGINAL.index("    MPI_Finalize")]
    handing = "    if (rank > 0)\n        MPI_Send(&n, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);\n    else\n"
    handing += "        for (n = 1; n < size; n++)\n"
    handing += "            MPI_Recv(&part, 1, MPI_INT, n, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\n"
    reference = ORIGINAL.replace(loop, handing + '    printf("%d of %d done\\n", rank, size);\n')
    answer = run(asked(strip(reference, "main.c").source, reference=reference), executor=executor, settings=flow_settings)
    assert answer.baseline.verified is False
    assert [(v.ranks, v.status, v.agrees) for v in answer.baseline.verification] == [(3, Status.NOT_PARALLEL, True)]
    assert answer.verified == all(v.traffic.is_seen for v in answer.verification if v.ranks > 1)


def test_a_wrong_reference_is_not_agreed_with(executor, flow_settings):
    answer = run(asked(reference=ORIGINAL.replace("0.5", "0.25")), executor=executor, settings=flow_settings)
    assert not answer.verified
    assert {v.status for v in answer.verification} == {Status.WRONG_OUTPUT}
    assert answer.reason


def test_a_reference_that_does_not_compile_leaves_it_unverified(executor, flow_settings):
    answer = run(asked(reference="int main(void) { return undeclared; }\n"), executor=executor, settings=flow_settings)
    assert not answer.verified
    assert "reference" in answer.reason
    assert all(v.agrees is None for v in answer.verification)


def test_a_project_of_several_files_is_patched_in_its_root(executor, flow_settings, tmp_path):
    files = {
        "src/main.c": '#include "part.h"\n#include <mpi.h>\n#include <stdio.h>\nint main(int argc, char **argv)\n{\n'
        "    int rank, size;\n    if (rank == 0)\n"
        '        printf("%d of %d\\n", rank, size);\n    show();\n    return 0;\n}\n',
        "src/part.h": "void show(void);\n",
        "src/part.c": '#include "part.h"\n#include <mpi.h>\n#include <stdio.h>\nvoid show(void)\n{\n    int my_rank;\n'
        '    printf("here %d\\n", my_rank);\n}\n',
    }
    lines = {
        "src/main.c": (6, "MPI_Init(&argc, &argv);MPI_Comm_rank(MPI_COMM_WORLD, &rank);MPI_Comm_size(MPI_COMM_WORLD, &size);")
    }
    original = dict(files)
    for path, (line, text) in lines.items():
        split = original[path].split("\n")
        original[path] = "\n".join([*split[:line], text, *split[line:]]).replace(
            "    return 0;", "    MPI_Finalize();\n    return 0;"
        )
    original["src/part.c"] = original["src/part.c"].replace("my_rank;\n", "my_rank; MPI_Comm_rank(MPI_COMM_WORLD, &my_rank);\n")
    body = {"project": {"files": files}, "options": {"ranks": [2], "reference": {"files": original}}}
    answer = run(MpiCompletionRequest.model_validate(body), executor=executor, settings=flow_settings)
    assert answer.verified, (answer.reason, answer.diff)
    assert set(answer.files) == {"src/main.c", "src/part.c"}
    assert {edit.file for edit in answer.edits} == set(answer.files)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    subprocess.run(["git", "apply", "--check", "-"], input=answer.diff.encode(), cwd=tmp_path, check=True)


@pytest.mark.parametrize("text", ["", "I am sorry.", "parallel (1 1, MPI_Teleport();) (7 1, MPI_Ini", "((((((" * 20])
def test_a_model_without_sense_costs_nothing_but_a_remark(parrot, executor, flow_settings, text):
    parrot.answer = text
    answer = with_engine(asked(reference=ORIGINAL), parrot, flow_settings, executor)
    assert answer.verified, answer.reason
    assert not any("not used" in note for note in answer.notes)
    assert answer.notes or answer.dropped


def test_an_engine_that_fails_is_said(parrot, executor, flow_settings):
    parrot.answer = None
    answer = with_engine(asked(reference=ORIGINAL), parrot, flow_settings, executor)
    assert answer.verified, answer.reason
    assert any("not used" in note for note in answer.notes)
    assert answer.provenance.model is None


def test_what_only_the_model_knows_is_taken_when_it_verifies(parrot, executor, flow_settings):
    """A barrier-free exchange that no rule infers: the answer stands or falls with the model's call."""
    original = (
        "#include <mpi.h>\n#include <stdio.h>\nint main(int argc, char **argv)\n{\n    int rank, size, left;\n"
        "    MPI_Init(&argc, &argv);\n    MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n    MPI_Comm_size(MPI_COMM_WORLD, &size);\n"
        "    left = rank;\n"
        "    MPI_Exscan(&rank, &left, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);\n"
        '    printf("%d of %d: %d\\n", rank, size, left);\n    MPI_Finalize();\n    return 0;\n}\n'
    )
    parrot.answer = "parallel (6 1, MPI_Exscan(&rank, &left, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);)"
    answer = with_engine(asked(strip(original, "a.c").source, reference=original), parrot, flow_settings, executor)
    assert answer.verified, answer.reason
    assert answer.candidate == "model and rules"
    assert [edit.function for edit in answer.edits if edit.origin == "model"] == ["MPI_Exscan"]
    assert answer.provenance.model == "parrot"


@pytest.mark.model
def test_the_default_model_answers(executor, flow_settings, model_or_skip):
    async def _run():
        try:
            generator = await open_generator(Settings(engine_url=None))
        except EngineUnavailable as missing:
            return str(missing)
        try:
            return await complete(asked(reference=ORIGINAL), generator, executor, SilentProgress(), flow_settings)
        finally:
            await generator.close()

    answer = asyncio.run(_run())
    if isinstance(answer, str):
        model_or_skip(answer)
    assert answer.verified, answer.reason
    assert answer.provenance.model
    assert answer.provenance.backend == "openvino"


def test_one_call_at_the_cursor_is_ranked_without_running(flow_settings):
    line = STRIPPED.split("\n").index("        part += i * 0.5;") + 2
    answer = run(asked(line=line, model=False), settings=flow_settings)
    assert answer.suggestions[0].function == "MPI_Reduce"
    assert [edit.function for edit in answer.edits] == ["MPI_Reduce"]
    confidences = [edit.confidence for edit in answer.suggestions]
    assert confidences == sorted(confidences, reverse=True)


def test_a_word_at_the_cursor_narrows_the_calls_and_is_replaced(flow_settings):
    line = STRIPPED.split("\n").index("        part += i * 0.5;") + 2
    lines = STRIPPED.split("\n")
    lines.insert(line - 1, "    MPI_Com")
    answer = run(asked("\n".join(lines), line=line, column=12, model=False), settings=flow_settings)
    assert {edit.function for edit in answer.suggestions} <= {"MPI_Comm_rank", "MPI_Comm_size"}
    assert "MPI_Com\n" not in answer.source


@pytest.mark.parametrize("source", ["", "   \n", "def f(x):\n    return x\n", "int main() {\n", "int a\0;\n", "#define X 1\n"])
def test_bad_input_is_refused_with_a_reason(flow_settings, source):
    with pytest.raises(InvalidInput) as refused:
        run(asked(source, verify=False), settings=flow_settings)
    assert refused.value.message


@pytest.mark.parametrize(
    "options",
    [
        {"ranks": [0]},
        {"ranks": [10_000]},
        {"ranks": []},
        {"ranks": [2, 2]},
        {"ranks": "many"},
        {"rank": [1]},
        {"file": "other.c"},
        {"line": 0},
        {"column": 3},
        {"reference": {"files": {"../a.c": ""}}},
    ],
)
def test_options_out_of_bounds_are_refused(options):
    with pytest.raises(ValidationError):
        MpiCompletionRequest.model_validate({"source": STRIPPED, "options": options})


def test_a_command_of_the_users_own_is_for_the_shell_only(executor, flow_settings):
    with pytest.raises(Unsupported):
        run(asked(oracle="true"), executor=executor, settings=flow_settings)


def test_verification_without_an_executor_is_an_environment_fault(flow_settings):
    with pytest.raises(EnvironmentFault):
        run(asked(), settings=flow_settings)


def test_the_registry_runs_the_flow(flow_settings):
    flow = FLOWS[JobKind.MPI_COMPLETION]
    request = flow.request_model.model_validate({"project": {"source": STRIPPED}, "options": {"verify": False}})
    answer = asyncio.run(flow.run(request, None, None, SilentProgress(), flow_settings))
    assert answer.edits
    assert isinstance(request.project, Project)


WITH_STATUS = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank, size, token = 0;
    MPI_Status status;
    MPI_Request request;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    token = rank * 10;
    MPI_Isend(&token, 1, MPI_INT, (rank + 1) % size, 3, MPI_COMM_WORLD, &request);
    int got = -1;
    MPI_Recv(&got, 1, MPI_INT, (rank + size - 1) % size, 3, MPI_COMM_WORLD, &status);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    printf("%d got %d\\n", rank, got);
    MPI_Finalize();
    return 0;
}
"""


def test_declarations_that_calls_need_are_put_in_too(executor, flow_settings, scripted, tmp_path):
    stripped = strip(WITH_STATUS, "main.c", level="declarations")
    assert "MPI_Status" not in stripped.source
    answer = " parallel " + " ".join(f"({one.line} {one.ordinal}, {one.text})" for one in labels_of(stripped))
    request = asked(stripped.source, reference=WITH_STATUS)
    found = run(request, scripted(answer), executor, flow_settings)
    assert found.verified, found.reason
    declared = {edit.text for edit in found.edits if edit.kind == "declaration"}
    assert declared == {"MPI_Status status;", "MPI_Request request;"}
    (tmp_path / "main.c").write_text(stripped.source)
    subprocess.run(["git", "apply", "-"], input=found.diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "main.c").read_text() == found.source
    bare = run(asked(stripped.source, level="calls", verify=False), scripted(answer))
    assert all(edit.kind == "call" for edit in bare.edits)
    assert any("`request` is not in scope" in drop.rule for drop in bare.dropped)
