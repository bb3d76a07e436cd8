from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from codepar.cli.late_model import LateModel
from codepar.errors import EngineUnavailable
from codepar.protocols import Generator, Prompt, Sampling
from codepar.settings import Settings


def test_what_is_never_asked_is_never_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = LateModel(Settings(data_dir=tmp_path), 1.0)
    assert isinstance(model, Generator)
    asyncio.run(model.close())
    assert capsys.readouterr().err == ""


def test_a_model_that_is_not_there_is_looked_for_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def ask_twice() -> None:
        model = LateModel(Settings(data_dir=tmp_path), 1.0)
        for _ in range(2):
            with pytest.raises(EngineUnavailable, match="codepar models pull"):
                await model.complete(Prompt(text="a"), Sampling())
        await model.close()

    asyncio.run(ask_twice())
    assert capsys.readouterr().err.count("no language model") == 1
