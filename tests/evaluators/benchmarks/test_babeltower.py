"""Pairs with recorded tests, written here: none of the benchmark's own is part of codepar."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from codepar.errors import InvalidInput, NotFound
from codepar.settings import Settings
from evaluators.benchmarks.babeltower import Pair, RecordedTest, load
from evaluators.recorded_tests import baseline
from worker.executor import open_executor

SOURCE = (
    "void twice ( int * a , unsigned char * c , int n ) { for ( int i = 0 ; i < n ; i ++ ) { a [ i ] *= 2 ; c [ i ] += 1 ; } }"
)
STATEMENTS = "int a1[] = {1, 2};\nunsigned char c1[] = {'x', 64};\nwrapper(twice, a1, c1, 2);\n"
OUTPUT = "Return value: void\nArguments after function call: ([ 2, 4 ], [ y, A ], 2)\n"


def pair(output: str = OUTPUT) -> Pair:
    return Pair("1", SOURCE + "\n", "", (RecordedTest(STATEMENTS, output), RecordedTest(STATEMENTS, output)))


def test_a_file_is_read_and_its_tests_name_the_function(tmp_path: Path) -> None:
    row = {"id": 7, "cpp_code": SOURCE, "cuda_code": "k", "consistent_cpp_inputs": [STATEMENTS], "consistent_outputs": [OUTPUT]}
    (tmp_path / "d.jsonl").write_text(json.dumps(row) + "\n\n")
    (found,) = load(tmp_path / "d.jsonl")
    assert (found.task_id, found.function) == ("7", "twice")
    assert "wrapper(other, a1, c1, 2)" in found.tests[0].calling("other")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load(tmp_path / "nowhere.jsonl")
    (tmp_path / "d.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(InvalidInput, match="line 1"):
        load(tmp_path / "d.jsonl")
    (tmp_path / "d.jsonl").write_text("")
    with pytest.raises(InvalidInput, match="no pair"):
        load(tmp_path / "d.jsonl")


def test_recorded_tests_pass_the_original_and_not_a_function_that_does_nothing(tmp_path: Path) -> None:
    executor = open_executor(Settings(data_dir=tmp_path), trusted=True)
    found = asyncio.run(baseline(pair(), executor))
    assert found.original_passes
    assert not found.empty_passes
    untouched = OUTPUT.replace("2, 4", "1, 2").replace("y, A", "x, @")
    weak = asyncio.run(baseline(pair(untouched), executor))
    assert not weak.original_passes
    assert weak.empty_passes
