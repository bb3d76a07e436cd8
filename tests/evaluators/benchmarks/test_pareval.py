"""The list of models is checked, and a folder that is none says how to get one."""

from __future__ import annotations

from pathlib import Path

import pytest

from codepar.errors import InvalidInput, NotFound
from evaluators.benchmarks.pareval import load, models_of


def test_models_are_named() -> None:
    assert models_of("omp, cuda") == ("omp", "cuda")
    with pytest.raises(InvalidInput, match="mpi"):
        models_of("cuda,mpi")


def test_another_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        load(tmp_path)
    assert "eval fetch pareval" in caught.value.remedy
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "generation-prompts.json").write_text("{}")
    with pytest.raises(InvalidInput, match="no list of prompts"):
        load(tmp_path)
