"""Benchmarks are scripts: their folder is put on the import path, as Python does when one is started."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_FOLDER = str(Path(__file__).resolve().parents[2] / "benchmarks")
if _FOLDER not in sys.path:
    sys.path.append(_FOLDER)


@pytest.fixture
def make_mirror(tmp_path: Path) -> Callable[[str, dict[str, str]], str]:
    """Writes `owner/name` with these files below `tmp_path/mirrors` and gives its commit."""

    def make(name: str, files: dict[str, str]) -> str:
        folder = tmp_path / "mirrors" / name.replace("/", "+")
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content)
        git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "files"]):
            subprocess.run([*git, *command], check=True)
        done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return make
