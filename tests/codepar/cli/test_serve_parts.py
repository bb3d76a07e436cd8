"""Which parts a service has: a worker for the GPU is one where a device can be used, and only there."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from codepar.cli import serve_parts
from codepar.cli.serve_log import ServeLog
from codepar.cli.supervisor import Supervisor
from codepar.errors import GpuUnavailable
from worker.toolchains.gpu.device import Device, Gpu, Version


@pytest.fixture
def names(service_settings, monkeypatch):
    """The parts of a service on a machine whose probe answers ``answer``, and the command line of the GPU's worker."""

    def make(answer, *, node=True):
        def find_gpu():
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(serve_parts, "find_gpu", find_gpu)
        monkeypatch.setattr(serve_parts, "has_device", lambda: node)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            supervisor = Supervisor(ServeLog(as_json=False))
            return {part.name: part for part in serve_parts.make_parts(service_settings, supervisor, listener, engine=False)}

    return make


def _gpu(node="nvidia0"):
    return Gpu((Device("A GPU", 9, 0, 1),), Version(13, 0), Path("/usr/lib/libcuda.so.1"), (Path("/dev", node),))


def test_a_usable_device_has_a_worker_for_one_run_at_a_time(names):
    parts = names(_gpu())
    assert set(parts) == {"broker", "keepers", "worker-execute", "worker-jobs", "worker-gpu", "api"}
    argv = parts["worker-gpu"]._spec.argv
    assert argv[argv.index("--queues") + 1] == "gpu"
    assert argv[argv.index("--concurrency") + 1] == "1"


@pytest.mark.parametrize("node", [True, False])
def test_without_one_the_service_has_none_and_says_why_where_a_device_is(names, capfd, node):
    parts = names(GpuUnavailable("libcuda.so.1 not found"), node=node)
    assert "worker-gpu" not in parts
    assert ("not started: libcuda.so.1 not found" in capfd.readouterr().err) is node


def test_windows_device_which_no_box_can_show_has_none(names):
    assert "worker-gpu" not in names(_gpu("dxg"))
