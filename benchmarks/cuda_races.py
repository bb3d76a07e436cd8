"""Recall and false alarms of the CUDA checks: our corpus by class and number of threads, and Indigo's CUDA codes by planted bug.

Usage: ``python benchmarks/cuda_races.py [--threads 64,128,256,512] [--indigo FOLDER GRAPH.egr [--codes 60]]``; FOLDER holds
Indigo's ``Generators``, GRAPH is one of its inputs with at most 200 vertices. Codes are drawn by the hash of their names. A code
counts as found when a finding of the kind of its bug came: memory_error for boundsBug, else race or barrier_divergence. Limits:
programs are ours or a known suite's and run outside the sandbox; races that write the same value are counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codepar.project import Project
from worker.toolchains.compilers import Compiler, find_compiler
from worker.toolchains.cuda_cpu import units
from worker.toolchains.cuda_cpu.library import Libraries, Library
from worker.toolchains.cuda_cpu.rewrite import rewrite_project

CORPUS = Path(__file__).parents[1] / "tests/worker/toolchains/cuda_cpu/corpus"
BUGS = ("atomicBug", "boundsBug", "guardBug", "raceBug", "syncBug")
_CASE = re.compile(r'^CASE\((\w+), "([^"]+)", "(\w+)"\)', re.MULTILINE)
_BLOCKS = 4
_PATIENCE_S = 120


@dataclass(frozen=True)
class Build:
    """What programs of the checked build are made with."""

    compiler: Compiler
    library: Library

    def program(self, files: dict[str, str], folder: Path) -> Path | None:
        """The program, or None where it does not compile."""
        (folder / ".codepar").mkdir(parents=True)
        project = Project(files={**files, **rewrite_project(files)})
        for path, text in project.files.items():
            (folder / path).write_text(text)
        chosen = units.options("checked", self.compiler, ())
        for path, data in units.compile_files(chosen).items():
            (folder / path).write_bytes(data)
        command = units.compile_command(project, "program", self.compiler, self.library, chosen)
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_PATIENCE_S, check=False)
        return folder / "program" if done.returncode == 0 else None


def prepare(cache: Path) -> Build:
    """The library of the checked build, made in ``cache``."""
    compiler = find_compiler(os.environ["PATH"])
    libraries = Libraries(cache, compiler, os.environ["PATH"])
    chosen = units.options("checked", compiler, ())
    return Build(compiler, asyncio.run(libraries.ready("checked", chosen.precompiled)))


def kinds(program: Path, *arguments: str) -> set[str]:
    """The kinds of the findings of one run; ``timeout`` where it did not end."""
    report = program.with_suffix(".jsonl")
    report.unlink(missing_ok=True)
    environment = {"PATH": os.environ["PATH"], "CODEPAR_CUDA_REPORT": str(report)}
    try:
        subprocess.run([str(program), *arguments], env=environment, capture_output=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return {"timeout"}
    records = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    return {record["kind"] for record in records} - {"summary", "timeout_site"}


@dataclass
class Tally:
    """Planted bugs found, and clean programs accused."""

    planted: int = 0
    found: int = 0
    clean: int = 0
    alarmed: int = 0

    def line(self, name: str) -> str:
        return f"{name:34} {self.found:5}/{self.planted:<5} {self.alarmed:6}/{self.clean:<5}"


HEAD = f"{'class':34} {'found/planted':>11} {'alarms/clean':>12}"


def measure_corpus(build: Build, folder: Path, threads: list[int]) -> None:
    """Print the corpus by class and by threads."""
    by_class: dict[str, Tally] = defaultdict(Tally)
    by_threads: dict[str, Tally] = defaultdict(Tally)
    header = (CORPUS / "corpus.h").read_text()
    for path in sorted(CORPUS.glob("*.cu")):
        program = build.program({path.name: path.read_text(), "corpus.h": header}, folder / path.stem)
        if program is None:
            sys.exit(f"{path.name} does not compile")
        for name, group, expected in _CASE.findall(path.read_text()):
            for count in threads:
                seen = kinds(program, name, str(count), str(_BLOCKS))
                right = not seen if expected == "clean" else expected in seen
                for tally in (by_class[group], by_threads[f"{count} threads a block"], by_threads["all"]):
                    tally.planted += expected != "clean"
                    tally.found += expected != "clean" and right
                    tally.clean += expected == "clean"
                    tally.alarmed += expected == "clean" and not right
                if not right:
                    print(f"wrong: {path.name} {name} at {count} threads: expected {expected}, got {sorted(seen) or 'nothing'}")
    print(HEAD)
    for group, tally in (*sorted(by_class.items()), *by_threads.items()):
        print(tally.line(group))


def indigo_codes(suite: Path, folder: Path) -> Iterator[Path]:
    """Indigo's CUDA codes with data of type int, made by its own script, in the order of the hashes of their names."""
    generators = next(suite.rglob("generate_CUDA_codes.py")).parent
    for pattern in sorted((generators / "CUDA_sources").glob("*.idg")):
        command = [sys.executable, "generate_CUDA_codes.py", str(pattern), "copyright.txt", str(folder)]
        (folder / pattern.stem).mkdir()
        subprocess.run(command, cwd=generators, capture_output=True, check=False)
    yield from sorted(folder.rglob("*.cu"), key=lambda path: hashlib.sha256(path.name.encode()).hexdigest())


def sparse_graph(path: Path) -> Path:
    """A graph in Indigo's format whose first and last vertices have no neighbours, as some bounds bugs need to show."""
    degrees = [0] + [3] * 89 + [0] * 10
    starts = [sum(degrees[:vertex]) for vertex in range(len(degrees) + 1)]
    neighbours = [(7 * edge + 3) % len(degrees) for edge in range(starts[-1])]
    path.write_bytes(array("i", [len(degrees), len(neighbours), *starts, *neighbours]).tobytes())
    return path


def is_found(bugs: list[str], seen: set[str]) -> bool:
    """Whether a finding of the kind of one of the bugs was seen."""
    wanted = {"memory_error"} if bugs == ["boundsBug"] else {"race", "race_same_value", "barrier_divergence"}
    return bool(seen & (wanted | ({"memory_error"} if "boundsBug" in bugs else set())))


def measure_indigo(build: Build, suite: Path, graph: Path, folder: Path, *, limit: int, threads: int) -> None:
    """Print Indigo's codes by the bugs in their names."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    apart: Counter[str] = Counter()
    header = next(suite.rglob("indigo_cuda.h")).read_text()
    graphs = (graph, sparse_graph(folder / "sparse.egr"))
    (folder / "codes").mkdir()
    codes = list(indigo_codes(suite, folder / "codes"))
    print(f"{len(codes)} codes with int data, {min(limit, len(codes))} drawn")
    for number, path in enumerate(codes[:limit]):
        program = build.program({path.name: path.read_text(), "indigo_cuda.h": header}, folder / str(number))
        if program is None:
            apart["did not compile"] += 1
            continue
        seen = {kind for each in graphs for kind in kinds(program, str(each), str(threads), str(_BLOCKS))}
        bugs = [bug for bug in BUGS if bug in path.stem]
        tally = tallies["+".join(bugs) or "no bug"]
        tally.planted += bool(bugs)
        tally.found += bool(bugs) and is_found(bugs, seen)
        tally.clean += not bugs
        alarm = not bugs and bool(seen & {"race", "memory_error", "barrier_divergence", "timeout"})
        tally.alarmed += alarm
        apart["clean code: same value only"] += not bugs and "race_same_value" in seen and not alarm
        if alarm or (bugs and not is_found(bugs, seen)):
            print(f"{'alarm' if alarm else 'missed'}: {path.name}: {sorted(seen) or 'nothing'}")
    print(HEAD)
    for group, tally in sorted(tallies.items()):
        print(tally.line(group))
    print(dict(apart))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default="64,128,256,512")
    parser.add_argument("--indigo", nargs=2, metavar=("FOLDER", "GRAPH"))
    parser.add_argument("--codes", type=int, default=60)
    arguments = parser.parse_args()
    threads = [int(count) for count in arguments.threads.split(",")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build = prepare(folder / "cache")
        if arguments.indigo is None:
            measure_corpus(build, folder, threads)
        else:
            suite, graph = map(Path, arguments.indigo)
            measure_indigo(build, suite.resolve(), graph.resolve(), folder, limit=arguments.codes, threads=threads[0])


if __name__ == "__main__":
    main()
