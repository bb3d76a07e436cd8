"""Hosts that lack what a wall is made of: nothing is executed; the reason, the mending setting and exit code 3 are said."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = Path(__file__).with_name("hostile") / "without.py"
CODEPAR = Path(sys.executable).with_name("codepar")
NO_NAMESPACES_LEFT = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'

LACKING = {
    "seccomp": ([sys.executable, WITHOUT, "seccomp"], "seccomp", "CONFIG_SECCOMP_FILTER"),
    "user namespaces, refused": ([sys.executable, WITHOUT, "namespaces"], "namespace", "--trust"),
    "user namespaces, none left": (
        ["unshare", "--user", "--map-root-user", "sh", "-c", NO_NAMESPACES_LEFT, "sh"],
        "namespace",
        "sysctl user.max_user_namespaces=15000",
    ),
}


@pytest.fixture(params=LACKING)
def lacking(request, runners, settings):
    """Starts ``codepar`` on such a host; the caches are those of this session, so nothing has to be built there."""
    del runners
    start, reason, setting = LACKING[request.param]

    def run(*arguments, stdin=""):
        environment = {**os.environ, "CODEPAR_DATA_DIR": str(settings.data_dir)}
        done = subprocess.run(
            [*start, CODEPAR, *arguments], input=stdin, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert "Traceback" not in done.stderr
        return done

    return run, reason, setting


SOURCE = '#include <stdio.h>\nint main(void) { puts("executed"); return 0; }\n'


def test_nothing_is_executed_and_the_reason_is_said(lacking):
    run, reason, setting = lacking
    done = run("run", "-", stdin=SOURCE)
    assert (done.returncode, done.stdout) == (3, "")
    assert reason in done.stderr.lower()
    assert setting in done.stderr
    assert "--trust" in done.stderr


def test_doctor_names_the_wall_and_what_mends_it(lacking):
    run, reason, setting = lacking
    done = run("doctor", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["works"]) == (3, False)
    sandbox = next(check for check in report["checks"] if check["name"] == "sandbox")
    assert sandbox["state"] == "missing"
    assert reason in sandbox["detail"].lower()
    assert setting in sandbox["remedy"]


def test_ones_own_code_runs_all_the_same(lacking):
    run, _, _ = lacking
    done = run("run", "--trust", "-", stdin=SOURCE)
    assert done.returncode == 0, done.stderr
    assert "executed" in done.stdout
