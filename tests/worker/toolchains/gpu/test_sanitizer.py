"""Where compute-sanitizer is found, and its command lines. The last test asks a real one, where this machine has one."""

from __future__ import annotations

import subprocess

import pytest

from codepar.errors import ToolMissing
from codepar.settings import Settings
from worker.toolchains.gpu.sanitizer import REPORT, ComputeSanitizer, find_sanitizer

PATH = "/usr/local/bin:/usr/bin:/bin"
OPTIONS = frozenset(
    {"strip-paths", "print-limit", "show-backtrace", "check-exit-code", "report-api-errors", "racecheck-report", "padding"}
)


def _tool(folder, version="2025.1.0.0", options=("--tool", "--log-file", "--print-limit")):
    folder.mkdir(parents=True)
    program = folder / "compute-sanitizer"
    listed = "\n".join(options)
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Version {version} (build 1)" || echo "{listed}"\n')
    program.chmod(0o755)
    return program


def test_each_check_has_its_tool_and_the_program_stands_last(tmp_path):
    tool = ComputeSanitizer(tmp_path / "cs", tmp_path, "2025.1", OPTIONS)
    lines = {check: tool.command(check, ("./a.out", "--tool", "x")) for check in ("memory", "race", "sync", "init")}
    assert {check: line[2] for check, line in lines.items()} == {
        "memory": "memcheck",
        "race": "racecheck",
        "sync": "synccheck",
        "init": "initcheck",
    }
    for line in lines.values():
        assert line[:2] == (str(tmp_path / "cs"), "--tool")
        assert line[3:5] == ("--log-file", REPORT)
        assert line[-3:] == ("./a.out", "--tool", "x")
        assert line[line.index("--strip-paths") + 1] == "no"
    assert "--report-api-errors" in lines["memory"]
    assert "--padding" in lines["memory"]
    assert "--racecheck-report" in lines["race"]
    assert "--initcheck-address-space" not in lines["init"]


def test_options_that_a_version_does_not_know_are_left_out(tmp_path):
    found = find_sanitizer(PATH, _tool(tmp_path / "old"))
    assert found.command("race", ("./a.out",)) == (
        *(str(found.program), "--tool", "racecheck", "--log-file", REPORT),
        *("--print-limit", "200", "./a.out"),
    )


def test_the_script_of_a_toolkit_leads_to_the_program_and_all_beside_it(tmp_path):
    script = _tool(tmp_path / "toolkit" / "bin")
    program = _tool(tmp_path / "toolkit" / "compute-sanitizer")
    found = find_sanitizer(PATH, script)
    assert (found.program, found.root) == (program, tmp_path / "toolkit")
    assert found.read_only() == (tmp_path / "toolkit",)
    assert find_sanitizer(str(tmp_path), None, tmp_path / "toolkit").version


def test_a_missing_one_names_what_installs_it(tmp_path):
    with pytest.raises(ToolMissing, match="CODEPAR_COMPUTE_SANITIZER"):
        find_sanitizer(PATH, tmp_path / "absent")
    with pytest.raises(ToolMissing, match="no compute-sanitizer that starts"):
        find_sanitizer(PATH, _tool(tmp_path / "other", version="", options=()))


def test_a_real_one_takes_our_command_lines(tmp_path):
    try:
        found = find_sanitizer(PATH, Settings().compute_sanitizer)
    except ToolMissing as error:
        pytest.skip(str(error))
    for check in ("memory", "race", "sync", "init"):
        done = subprocess.run(found.command(check, ("/bin/true",)), cwd=tmp_path, capture_output=True, text=True, check=False)
        report = (tmp_path / REPORT).read_text()
        assert "unrecognised" not in done.stdout + done.stderr
        assert report.startswith("========= COMPUTE-SANITIZER")
        (tmp_path / REPORT).unlink()
