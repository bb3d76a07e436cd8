"""``codepar eval fetch|run|score`` on a small folder; here because the folder's fixture is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codepar.cli.eval_pareval import Asked, fetch_pareval, is_pareval, run_pareval_command, score_pareval
from codepar.errors import EngineUnavailable, EnvironmentFault, InvalidInput
from codepar.settings import Settings
from evaluators.benchmarks.pareval import load

RIGHT = "    for (double &one : x) one *= 2;\n}"


@pytest.fixture
def settings(tmp_path: Path, shared_cache: Callable[[Path], Path]) -> Settings:
    return Settings(data_dir=shared_cache(tmp_path / "data"))


def test_answers_of_others_are_judged_and_shown(
    folder: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers, output = tmp_path / "theirs.jsonl", tmp_path / "judged.jsonl"
    [problem] = load(folder, ("serial",))
    answers.write_text(json.dumps({"task_id": problem.task_id, "answer": RIGHT, "status": "timeout"}) + "\n")
    assert is_pareval(answers)
    assert run_pareval_command(Asked(folder, str(answers), ("serial",), output=output), settings, as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["benchmark"] == "pareval"
    assert shown["metrics"]["serial_solved"]["value"] == 1
    assert shown["statuses"] == {"serial": {"ok": 1}}
    assert score_pareval(output, None, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == shown["metrics"]


def test_an_unknown_system_is_refused(folder: Path, settings: Settings) -> None:
    with pytest.raises(InvalidInput, match="no system 'best'"):
        run_pareval_command(Asked(folder, "best"), settings, as_json=True)


@pytest.mark.parametrize("system", ["model", "default"])
def test_what_asks_the_model_says_that_there_is_none(folder: Path, tmp_path: Path, system: str) -> None:
    empty = Settings(data_dir=tmp_path / "nothing", engine_url=None)
    with pytest.raises(EngineUnavailable, match="no language model"):
        run_pareval_command(Asked(folder, system, ("serial",), output=tmp_path / "s.jsonl"), empty, as_json=True)


def test_a_clone_is_made_at_the_commit(folder: Path, tmp_path: Path) -> None:
    commit = _commit(folder)
    fetch_pareval(tmp_path / "clone", commit, folder.as_uri())
    assert [one.model for one in load(tmp_path / "clone", ("serial", "omp", "cuda"))] == ["serial", "omp", "cuda"]
    with pytest.raises(InvalidInput, match="not empty"):
        fetch_pareval(tmp_path / "clone", commit, folder.as_uri())


def test_a_clone_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="git fetch failed"):
        fetch_pareval(tmp_path / "clone", "0" * 40, (tmp_path / "nowhere").as_uri())
    assert not list(tmp_path.iterdir())
    with pytest.raises(InvalidInput, match="no commit"):
        fetch_pareval(tmp_path / "clone", "--upload-pack=evil")


def _commit(folder: Path) -> str:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
