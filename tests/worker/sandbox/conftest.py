"""A runner of each kind: memory and processes counted by control groups where they can be made, and by pid 1 of the box."""

import asyncio
import os
from pathlib import Path

import pytest

from codepar.errors import SandboxUnavailable
from codepar.settings import Settings
from worker.sandbox import SandboxedRunner, cgroups


def _missing(reason):
    """A laptop may lack a service; the build machine may not."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    return Settings(data_dir=tmp_path_factory.mktemp("sandbox-data"))


@pytest.fixture(scope="session")
def runners(settings):
    made = {kind: SandboxedRunner(settings, control_groups=kind == "groups") for kind in ("groups", "pid1")}
    try:
        report = asyncio.run(made["pid1"].probe())
    except SandboxUnavailable as error:
        _missing(str(error))
    assert report.holds, report.broken
    return made


@pytest.fixture(params=["groups", "pid1"])
def runner(request, runners):
    if request.param == "groups" and cgroups.find() is None:
        pytest.skip("control groups are not writable here, so pid 1 of the box counts; the other half of this test covers that")
    return runners[request.param]


@pytest.fixture
def alive():
    """The processes of this host with that token in their command line."""

    def look(token):
        raw = token.encode()
        return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and raw in _command_line(entry)]

    return look


@pytest.fixture
def gone(alive):
    """Fails when a process with that token in its command line, or a control group of this process, is left."""

    def check(token):
        assert alive(token) == []
        assert _left_groups() == []

    return check


def _command_line(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _left_groups():
    hierarchy = cgroups.find()
    if hierarchy is None:
        return []
    return [folder for parent in hierarchy.parents.values() for folder in parent.glob(f"codepar-{os.getpid()}-*")]
