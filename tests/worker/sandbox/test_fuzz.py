"""Requests that the front door lets in, executed: whatever they hold, a status comes back, and it is not our fault."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from codepar.protocols import Execution, ExecutionResult, Status
from worker.executor import LocalExecutor

text = st.text(max_size=20) | st.sampled_from(
    ["\ud800", "$(id)", "`id`", "'", '"', "-rf", "@x", "--", "%s%n", "\x1b[2J", "é" * 60]
)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(
    ["main.c", "a/b.cc", "-o.c", "x y.c", "$x.c"]
)
PIECES = [
    "int main(void) {",
    "return 0;",
    "}",
    "#include <stdio.h>",
    "#define X",
    "while (1) ",
    "\0",
    '"',
    "'",
    "/*",
    "\\\n",
    "__asm__",
    "é",
    "%:",
]
source = st.lists(st.sampled_from(PIECES), max_size=8).map("\n".join) | text
FLAGS = [
    "-O0",
    "-O3",
    "-fopenmp",
    "-DX=1",
    "-DX=`id`",
    "-Wall",
    "-std=c11",
    "-std=nonsense",
    "-I.",
    "-lm",
    "-lnone",
    "-march=none",
    "-fsanitize=address",
]
executions = st.fixed_dictionaries(
    {
        "project": st.fixed_dictionaries(
            {"files": st.dictionaries(names, source, min_size=1, max_size=3)},
            optional={
                "compile_commands": st.lists(
                    st.fixed_dictionaries({"file": names}, optional={"command": text, "arguments": st.lists(text, max_size=3)}),
                    max_size=2,
                ),
                "run": text,
                "build": st.sampled_from(["gcc *.c -o x", "make", "exit 3", "'", "true"]) | text,
            },
        ),
        "limits": st.fixed_dictionaries(
            {"wall_s": st.floats(0.05, 0.3), "compile_s": st.floats(0.1, 1)},
            optional={
                "memory_bytes": st.integers(2**24, 2**27),
                "processes": st.integers(1, 40),
                "file_bytes": st.integers(0, 2**20),
            },
        ),
    },
    optional={
        "arguments": st.lists(text, max_size=3),
        "stdin": text,
        "flags": st.lists(st.sampled_from(FLAGS) | text, max_size=3),
        "openmp": st.booleans(),
        "ranks": st.integers(1, 2),
    },
)


@pytest.fixture(scope="module")
def executor(settings, runners):
    return LocalExecutor(settings, runners["pid1"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(request=executions)
def test_what_is_let_in_gets_a_status(executor, request):
    try:
        execution = Execution.model_validate(request)
    except ValidationError:
        return
    result = asyncio.run(executor.execute(execution))
    assert result.status is not Status.INFRA_ERROR
    assert ExecutionResult.model_validate_json(result.model_dump_json()) == result
