"""The name that others see."""

import subprocess
import sys

import pytest

CODE = """
import subprocess, sys
from worker.title import rename
rename(sys.argv[1])
import os
print(repr(open("/proc/self/cmdline", "rb").read().rstrip(b"\\0").decode()))
print(open("/proc/self/comm").read().strip())
print(os.environ["AFTER"], sys.argv[1])
"""


@pytest.mark.parametrize("title", ["codepar keeper", "x" * 5000])
def test_a_process_shows_its_title_and_keeps_its_environment(title):
    command = [sys.executable, "-c", CODE, title]
    lines = subprocess.run(command, env={"AFTER": "environment"}, capture_output=True, text=True, check=True).stdout.splitlines()
    room = sum(len(word) + 1 for word in command) - 1
    assert lines == [repr(title[:room]), title.replace(" ", "-")[:15], f"environment {title}"]
