"""A system that crashes, hangs or talks nonsense costs one sample, and no process is left."""

import os
import sys

import pytest

from codepar.errors import EnvironmentFault, InvalidInput
from evaluators.isolated import IsolatedSystem

SYSTEM = """
import json, os, signal, sys, time
answers = int(sys.argv[sys.argv.index("--answers") + 1])
def say(value):
    os.write(answers, (value if isinstance(value, str) else json.dumps(value)).encode() + b"\\n")
print("a library prints what it likes")
mode = sys.argv[1]
if mode == "refuses":
    say({"fault": "no model", "remedy": "pull one", "exit_code": 3}); sys.exit()
if mode == "wrong":
    say({"fault": "no such name", "exit_code": 2}); sys.exit()
if mode == "dies":
    os.abort()
say({"ready": {"model": "tiny", "mode": os.environ.get("SPEAKS", "")}})
for line in sys.stdin:
    source = json.loads(line)["source"]
    if source == "crash": os.kill(os.getpid(), signal.SIGSEGV)
    if source == "leave": sys.exit(7)
    if source == "hang": time.sleep(600)
    if source == "babble": say("this is no JSON")
    else: say({"status": "ok", "edits": [], "pid": os.getpid()})
"""


@pytest.fixture
def system(tmp_path):
    script = tmp_path / "system.py"
    script.write_text(SYSTEM)

    def build(mode="works", limit_s=30.0):
        return IsolatedSystem([sys.executable, str(script), mode], {"SPEAKS": "yes"}, limit_s)

    return build


def test_it_answers_and_keeps_its_process(system):
    with system() as one:
        assert one.start() == {"model": "tiny", "mode": "yes"}
        assert one.ask({"source": "a"})["pid"] == one.ask({"source": "b"})["pid"] == one.pid


@pytest.mark.parametrize(("source", "message"), [("crash", "SIGSEGV"), ("leave", "exit code 7"), ("babble", "")])
def test_a_crash_costs_one_sample(system, source, message):
    with system() as one:
        one.start()
        fault = one.ask({"source": source})
        assert fault["status"] == "runtime_error"
        assert message in fault["message"]
        assert one.ask({"source": "next"})["status"] == "ok"


def test_a_hang_is_a_timeout_and_leaves_nothing_behind(system):
    with system(limit_s=0.5) as one:
        one.start()
        pid = one.pid
        assert one.ask({"source": "hang"})["status"] == "timeout"
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert one.ask({"source": "next"})["status"] == "ok"


def test_what_it_says_at_the_start_is_passed_on(system):
    with system("refuses") as one, pytest.raises(EnvironmentFault, match=r"no model \(pull one\)"):
        one.start()
    with system("wrong") as one, pytest.raises(InvalidInput, match="no such name"):
        one.start()
    with system("dies") as one, pytest.raises(EnvironmentFault, match="SIGABRT"):
        one.start()


def test_it_ends_with_its_user(system):
    with system() as one:
        one.start()
        pid = one.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
