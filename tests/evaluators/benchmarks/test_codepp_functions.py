"""Every function passes its own test, and the test notices a function that does nothing."""

import re
import shutil
import subprocess
import sys

import pytest

from codepar.syntax.language import Language
from evaluators.benchmarks.codepp_functions import check_program, load_collections

WORD = "k7w2"
CASES = [(collection, function) for collection in load_collections() for function in collection.function]
COMPILERS = {Language.C: ("gcc", "c", "-std=c11"), Language.CXX: ("g++", "cpp", "-std=c++20")}


def run(collection, name, answers, folder):
    """Whether the word came: None where the program does not compile."""
    text = check_program(collection, name, answers, WORD)
    if collection.language == Language.PYTHON:
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
        return WORD in done.stdout and done.returncode == 0
    compiler, suffix, standard = COMPILERS[collection.language]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not there")
    (folder / f"t.{suffix}").write_text(text)
    build = [compiler, standard, "-O0", f"t.{suffix}", "-o", "t", "-lm"]
    built = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=False)
    if built.returncode:
        return None
    done = subprocess.run([folder / "t"], capture_output=True, text=True, check=False)
    return WORD in done.stdout and done.returncode == 0


@pytest.mark.parametrize(("collection", "function"), CASES, ids=[f"{one.name}-{two.name}" for one, two in CASES])
def test_the_original_passes(collection, function, tmp_path):
    assert run(collection, function.name, {}, tmp_path) is True


SAMPLE = [
    (one, two) for one, two in CASES if two.name in {"vec_axpy", "str_trim_right", "lcm_u", "arr_sort", "median_of", "flatten"}
]


@pytest.mark.parametrize(("collection", "function"), SAMPLE, ids=[two.name for _, two in SAMPLE])
def test_an_empty_answer_fails(collection, function, tmp_path):
    if collection.language == Language.PYTHON:
        empty = function.code.split("\n")[0] + "\n    return None"
    else:
        head = function.code[: function.code.index("{")]
        empty = head + ("{ }" if head.startswith("void") else "{ return {}; }")
        empty = empty.replace("return {}", "return 0") if collection.language == Language.C else empty
    assert run(collection, function.name, {function.name: empty}, tmp_path) is False


def test_what_they_call_is_known():
    callees = {two.name: one.callees(two) for one, two in CASES}
    assert callees["vec_norm2"] == ("vec_dot",)
    assert callees["male"] == ("female",)
    assert callees["regroup"] == ("chunks", "flatten")
    assert callees["median_of"] == ()


def test_names_are_told_apart():
    names = [two.name for _, two in CASES]
    assert len(set(names)) == len(names) >= 60
    assert all(re.search(rf"\b{two.name}\s*\(", two.code) for _, two in CASES)
