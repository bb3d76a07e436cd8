"""One executor of this account for all tests of this folder."""

from __future__ import annotations

import pytest

from codepar.protocols import Executor
from codepar.settings import Settings
from worker.executor import open_executor


@pytest.fixture(scope="session")
def judging_executor(tmp_path_factory: pytest.TempPathFactory) -> Executor:
    return open_executor(Settings(data_dir=tmp_path_factory.mktemp("fidelity")), trusted=True)
