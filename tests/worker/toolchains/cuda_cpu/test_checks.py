"""The corpus of planted and clean kernels in the checked build: each case ends as its label says, at several shapes.

Limits: judged by the most severe finding of a run; lines are asked for only where this file says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codepar.project import Project
from worker.toolchains.compilers import Compiler, find_compiler
from worker.toolchains.cuda_cpu import units
from worker.toolchains.cuda_cpu.library import Libraries, Library
from worker.toolchains.cuda_cpu.rewrite import rewrite_project

CORPUS = Path(__file__).parent / "corpus"
SHAPES = ((64, 4), (256, 5))
SEVERITY = ("memory_error", "barrier_divergence", "race", "race_same_value", "note")
_CASE = re.compile(r'^CASE\((\w+), "([^"]+)", "(\w+)"\)', re.MULTILINE)
_PLACE = re.compile(r"\{pc:(0x[0-9a-f]+)\}")
_PATIENCE_S = 120


@dataclass(frozen=True)
class Case:
    file: str
    name: str
    expected: str


@dataclass(frozen=True)
class Checked:
    """A program of the checked build; ``findings`` of one run, without the runtime's words on time."""

    path: Path

    def __call__(self, *arguments: str, **settings: str) -> list[dict[str, Any]]:
        report = self.path.parent / "report.jsonl"
        report.unlink(missing_ok=True)
        environment = {"PATH": os.environ["PATH"], "CODEPAR_CUDA_REPORT": str(report), **settings}
        subprocess.run([str(self.path), *arguments], env=environment, capture_output=True, timeout=_PATIENCE_S, check=False)
        # A program without a launch and without a finding has nothing to report.
        lines = report.read_text().splitlines() if report.exists() else []
        records = [json.loads(line) for line in lines]
        return [record for record in records if record["kind"] not in {"timeout_site", "summary"}]

    def line_of(self, address: str) -> str:
        command = ["addr2line", "-e", str(self.path), address]
        where = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        return re.sub(r" \(discriminator \d+\)", "", where.rsplit("/", 1)[-1])


@dataclass(frozen=True)
class CheckedBuilds:
    compiler: Compiler
    library: Library
    folder: Path

    def __call__(self, files: dict[str, str], name: str) -> Checked:
        folder = self.folder / name
        (folder / ".codepar").mkdir(parents=True, exist_ok=True)
        project = Project(files={**files, **rewrite_project(files)})
        for path, text in project.files.items():
            (folder / path).write_text(text)
        chosen = units.options("checked", self.compiler, ())
        for path, data in units.compile_files(chosen).items():
            (folder / path).write_bytes(data)
        command = units.compile_command(project, name, self.compiler, self.library, chosen)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr
        return Checked(folder / name)


def cases() -> list[Case]:
    return [
        Case(path.stem, name, expected)
        for path in sorted(CORPUS.glob("*.cu"))
        for name, _, expected in _CASE.findall(path.read_text())
    ]


def worst(findings: list[dict[str, Any]]) -> str:
    kinds = {str(finding["kind"]) for finding in findings}
    known = [kind for kind in SEVERITY if kind in kinds]
    return known[0] if known else next(iter(kinds), "clean")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> CheckedBuilds:
    compiler = find_compiler(os.environ["PATH"])
    libraries = Libraries(tmp_path_factory.mktemp("library"), compiler, os.environ["PATH"])
    chosen = units.options("checked", compiler, ())
    library = asyncio.run(libraries.ready("checked", chosen.precompiled))
    return CheckedBuilds(compiler, library, tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="module")
def corpus(checked: CheckedBuilds) -> dict[str, Checked]:
    header = (CORPUS / "corpus.h").read_text()
    return {
        path.stem: checked({path.name: path.read_text(), "corpus.h": header}, path.stem) for path in sorted(CORPUS.glob("*.cu"))
    }


def test_the_corpus_is_large_enough() -> None:
    planted = [case for case in cases() if case.expected != "clean"]
    clean = [case for case in cases() if case.expected == "clean"]
    assert len(planted) >= 60
    assert len(clean) >= 60
    assert len({case.name for case in cases()}) == len(cases())


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_case_ends_as_labelled(case: Case, corpus: dict[str, Checked]) -> None:
    for threads, blocks in SHAPES:
        findings = corpus[case.file](case.name, str(threads), str(blocks))
        assert worst(findings) == case.expected, findings


@pytest.mark.parametrize("schedule", ["reverse", "random:7"])
@pytest.mark.parametrize(
    "name", ["tree_reduction", "last_block_with_fence", "look_back_with_fence", "lock_with_fences", "ticket_a_thread"]
)
def test_clean_kernels_stay_clean_in_other_orders(name: str, schedule: str, corpus: dict[str, Checked]) -> None:
    file = next(case.file for case in cases() if case.name == name)
    assert corpus[file](name, "64", "6", CODEPAR_CUDA_SCHEDULE=schedule) == []


TWO_LINES = """#include <cstdio>
__global__ void neighbours(int* a) {
    __shared__ int s[64];
    s[threadIdx.x] = a[threadIdx.x];
    a[threadIdx.x] = s[63 - threadIdx.x];
}
int main() {
    int* a;
    cudaMalloc(&a, 256);
    cudaMemset(a, 0, 256);
    neighbours<<<1, 64>>>(a);
    return cudaDeviceSynchronize();
}
"""


def test_a_race_names_both_lines_threads_and_the_variable(checked: CheckedBuilds) -> None:
    program = checked({"pair.cu": TWO_LINES}, "pair")
    races = [finding for finding in program() if finding["kind"].startswith("race")]
    assert races
    for race in races:
        places = {program.line_of(race["pc"]), *map(program.line_of, _PLACE.findall(race["message"]))}
        assert places == {"pair.cu:4", "pair.cu:5"}
        assert "shared variable s (pair.cu:3)" in race["message"]
        assert re.search(r"thread \(\d+,0,0\) block \(0,0,0\) and .* by thread \(\d+,0,0\)", race["message"])


OVERRUN = """#include <cstdio>
__global__ void fill(int* a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= n) a[i] = i;
}
int main() {
    int *a, *b;
    cudaMalloc(&a, 1000 * sizeof(int));
    cudaMalloc(&b, 1000 * sizeof(int));
    fill<<<4, 256>>>(a, 1000);
    std::printf("%d\\n", cudaDeviceSynchronize());
    std::printf("%d\\n", cudaFree(b));
}
"""


def test_an_overrun_names_its_line_the_allocation_and_the_thread(checked: CheckedBuilds) -> None:
    program = checked({"overrun.cu": OVERRUN}, "overrun")
    (finding,) = [finding for finding in program() if finding["kind"] == "memory_error"]
    assert program.line_of(finding["pc"]) == "overrun.cu:4"
    assert "just past the end of the 4000-byte cudaMalloc at overrun.cu:8" in finding["message"]
    assert (finding["thread"], finding["block"]) == ([232, 0, 0], [3, 0, 0])
    output = subprocess.run([str(program.path)], capture_output=True, text=True, check=False).stdout.split()
    assert output == ["700", "700"]  # sticky, as on hardware


def test_only_the_check_that_was_asked_for_speaks(corpus: dict[str, Checked]) -> None:
    assert worst(corpus["barriers"]("reverse_without_barrier", "64", "4", CODEPAR_CUDA_CHECKS="memory")) == "clean"
    assert worst(corpus["memory"]("read_of_fresh_memory", "64", "4", CODEPAR_CUDA_CHECKS="race")) == "clean"
