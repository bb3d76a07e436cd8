"""`codepar eval run codepp` from the shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("codepar")


def codepar(folder, *arguments):
    run = subprocess.run(
        [COMMAND, "eval", *arguments],
        cwd=folder,
        env={**os.environ, "CODEPAR_DATA_DIR": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in run.stderr
    return run


def test_it_runs_resumes_and_scores_again(tmp_path):
    arguments = ("run", "codepp", "--system", "lists", "-o", "s.jsonl", "--json")
    first = codepar(tmp_path, *arguments, "--limit", "3")
    assert json.loads(first.stdout)["prompts"] == 3
    second = codepar(tmp_path, *arguments)
    assert "3 were there" in second.stderr
    report = json.loads(second.stdout)
    assert (report["benchmark"], report["model"], report["part"]) == ("codepp", "lists", "development")
    assert set(report["metrics"]["split_precision"]) == {"value", "low", "high", "n"}
    again = json.loads(codepar(tmp_path, "score", "s.jsonl", "--json").stdout)
    assert again["metrics"] == report["metrics"]
    assert "items exact" in codepar(tmp_path, "score", "s.jsonl").stdout


def test_wrong_use_is_told(tmp_path):
    unknown = codepar(tmp_path, "run", "codepp", "--system", "nobody")
    assert unknown.returncode == 2
    assert "there is no system 'nobody'" in unknown.stderr
    assert codepar(tmp_path, "run", "codepp", "--part", "secret").returncode == 2
    assert "needs --data" in codepar(tmp_path, "run", "hpcorpusmpi").stderr


def test_it_is_listed(tmp_path):
    assert "codepp" in codepar(tmp_path, "list").stdout
