"""Real programs of test cases, run by a trusted executor that the whole session shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from codepar.cuda.cases import CaseOutput, CaseProgram, TestSet, new_nonce, read_dump
from codepar.protocols import Execution, ExecutionResult, Executor
from codepar.settings import Settings
from worker.executor import open_executor


@pytest.fixture(scope="session")
def executor(tmp_path_factory: pytest.TempPathFactory, shared_cache: Callable[[Path], Path]) -> Executor:
    return open_executor(Settings(data_dir=shared_cache(tmp_path_factory.mktemp("cases") / "data")), trusted=True)


@pytest.fixture(scope="session")
def execute(executor: Executor) -> Callable[[Execution], ExecutionResult]:
    return lambda execution: asyncio.run(executor.execute(execution))


@pytest.fixture(scope="session")
def outputs(execute) -> Callable[..., list[CaseOutput]]:
    """What a program leaves, case by case; ``sanitized`` runs them apart under the sanitizers."""

    def run(program: CaseProgram, tests: TestSet, *, sanitized: bool = False, **fields) -> list[CaseOutput]:
        nonce = new_nonce()
        make = program.sanitized if sanitized else program.execution
        result = execute(make(tests, nonce, **fields))
        assert result.status != "compile_error", result.stderr
        return read_dump(result.stdout, nonce)

    return run
