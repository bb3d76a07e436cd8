"""``codepar doctor``: the table, its exit code, and the remedies."""

import json
import os
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("codepar")


def doctor(folder, **variables):
    environment = {**os.environ, "CODEPAR_DATA_DIR": str(folder), **variables}
    run = subprocess.run([COMMAND, "doctor", "--json"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in run.stderr
    report = json.loads(run.stdout)
    return run.returncode, report, {check["name"]: check for check in report["checks"]}


def test_the_main_flow_works_here_without_a_model(tmp_path):
    code, report, checks = doctor(tmp_path)
    assert code == 0, report
    assert report["works"] is True
    assert checks["sandbox"]["state"] == "ok"
    assert checks["model"]["state"] == "missing"
    assert checks["model"]["remedy"] == "codepar models pull"


def test_the_other_languages_are_named(tmp_path):
    _, _, checks = doctor(tmp_path)
    for name in ("Python (mpi4py)", "Fortran (MPI)"):
        assert checks[name]["state"] == "ok" or checks[name]["remedy"]


def test_a_broker_that_does_not_answer_is_named(tmp_path):
    code, _, checks = doctor(tmp_path, CODEPAR_REDIS_URL="redis://127.0.0.1:9/0")
    assert code == 3
    assert checks["broker"]["state"] == "missing"
    assert checks["broker"]["remedy"]


def test_a_database_that_does_not_answer_is_named(tmp_path):
    code, _, checks = doctor(tmp_path, CODEPAR_DATABASE_URL="postgresql://127.0.0.1:9/none")
    assert code == 3
    assert checks["store"]["state"] == "missing"


def test_an_engine_that_does_not_answer_is_named_and_is_no_reason_to_fail(tmp_path):
    code, _, checks = doctor(tmp_path, CODEPAR_ENGINE_URL="http://127.0.0.1:9/v1")
    assert code == 0
    assert checks["engine"]["state"] == "missing"


def test_the_table_is_for_people(tmp_path):
    environment = {**os.environ, "CODEPAR_DATA_DIR": str(tmp_path)}
    run = subprocess.run([COMMAND, "doctor"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0
    assert "codepar models pull" in run.stdout


def test_optional_tools_are_shown_and_are_no_reason_to_fail(tmp_path):
    code, _, checks = doctor(tmp_path, CODEPAR_NVCC=str(tmp_path / "nvcc"))
    assert code == 0
    assert checks["sanitizers (gcc)"]["detail"] == "address, undefined, thread, leak"
    assert (checks["gcov"]["state"], checks["OpenMP (gcc)"]["state"]) == ("ok", "ok")
    assert checks["nvcc"]["remedy"] == "mend CODEPAR_NVCC"
    assert checks["compute-sanitizer"]["state"] == "ok" or "codepar[gpu]" in checks["compute-sanitizer"]["remedy"]
    assert checks["GPU"]["state"] == "ok" or "--emulate" in checks["GPU"]["remedy"]
    assert all(check["state"] == "ok" or check["remedy"] for check in checks.values())
