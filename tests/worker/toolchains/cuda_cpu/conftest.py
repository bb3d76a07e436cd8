"""CUDA programs rewritten, compiled against the runtime and run, without a sandbox: what the runtime itself does."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from worker.toolchains.compilers import Compiler, find_compiler
from worker.toolchains.cuda_cpu.library import NVCC_DEFINES, Libraries, Library
from worker.toolchains.cuda_cpu.rewrite import rewrite_project

_RUN_S = 60


@dataclass(frozen=True)
class CudaRun:
    """How a program ended and what it and the runtime said; ``findings`` leave the summary out."""

    exit_code: int
    stdout: str
    stderr: str
    findings: tuple[dict[str, Any], ...]

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    def kinds(self) -> list[str]:
        return [finding["kind"] for finding in self.findings]


@dataclass(frozen=True)
class CudaProgram:
    """A built program; call it with arguments and settings of the runtime."""

    path: Path

    def __call__(self, *arguments: str, stdin: str = "", **settings: str) -> CudaRun:
        report = self.path.with_suffix(".jsonl")
        report.unlink(missing_ok=True)
        environment = {"PATH": os.environ["PATH"], "CODEPAR_CUDA_REPORT": str(report)}
        environment |= {f"CODEPAR_CUDA_{name.upper()}": value for name, value in settings.items()}
        command = [str(self.path), *arguments]
        done = subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, timeout=_RUN_S, check=False)
        records = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
        findings = tuple(record for record in records if record["kind"] != "summary")
        return CudaRun(done.returncode, done.stdout, done.stderr, findings)


@dataclass(frozen=True)
class CudaBuilds:
    """Builds programs of one file; ``errors`` is for those that must not compile."""

    compiler: Compiler
    library: Library
    folder: Path

    def compile(self, source: str, name: str, flags: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.cu").write_text(rewrite_project({f"{name}.cu": source}).get(f"{name}.cu", source))
        before = [self.compiler.cxx, "-std=c++17", "-O1", *NVCC_DEFINES, *flags, "-isystem", str(self.library.include)]
        after = ["-include", "cuda_runtime.h", "-x", "c++", f"{name}.cu", "-x", "none", str(self.library.archive), "-pthread"]
        return subprocess.run(
            [*before, *after, "-ldl", "-o", name], cwd=folder, capture_output=True, text=True, timeout=_RUN_S * 2, check=False
        )

    def __call__(self, source: str, name: str = "program", flags: tuple[str, ...] = ()) -> CudaProgram:
        done = self.compile(source, name, flags)
        assert done.returncode == 0, done.stderr
        return CudaProgram(self.folder / name / name)

    def errors(self, source: str, name: str = "wrong", flags: tuple[str, ...] = ()) -> str:
        done = self.compile(source, name, flags)
        assert done.returncode != 0
        return done.stderr


@pytest.fixture(scope="session")
def cuda_builds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], CudaBuilds]:
    compiler = find_compiler(os.environ["PATH"])
    libraries = Libraries(tmp_path_factory.mktemp("cuda_cpu"), compiler, os.environ["PATH"])
    library = asyncio.run(libraries.ready("plain", ("-std=c++17", "-O1", *NVCC_DEFINES)))
    return lambda folder: CudaBuilds(compiler, library, folder)


@pytest.fixture(scope="module")
def cuda(cuda_builds: Callable[[Path], CudaBuilds], tmp_path_factory: pytest.TempPathFactory) -> CudaBuilds:
    return cuda_builds(tmp_path_factory.mktemp("programs"))
