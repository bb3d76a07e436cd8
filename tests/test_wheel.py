"""The built wheel holds what the installed program needs: data files, migrations, shim, the command itself."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_PYTHON = {".c", ".cc", ".h", ".ini", ".mako", ".json", ".typed", ".sh", ".tsv"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A fresh environment that sees our dependencies but has codepar from the wheel, not from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(source)], check=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("codepar-*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    (site,) = environment.glob("lib/python3*/site-packages")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)], check=True)
    (dependencies,) = Path(sys.prefix).glob("lib/python3*/site-packages")
    # Plain lines only: the editable hook of the checkout must not be followed.
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    return environment


def _run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(installed / "bin" / "python"), "-c", "from codepar.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=installed, check=False)


def test_the_command_starts_from_the_wheel(installed):
    result = _run(installed, "--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("codepar ")


def test_every_data_file_of_the_packages_is_in_the_wheel(installed):
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "codepar", "worker", "finetune", "evaluators"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    (site,) = installed.glob("lib/python3*/site-packages")
    missing = [name for name in tracked if not (site / name).is_file()]
    assert missing == []
    assert any(Path(name).suffix in NOT_PYTHON for name in tracked)
