"""Which parts a service has: a worker for the GPU is one where a device can be used, and only there."""

from __future__ import annotations

import socket

import pytest

from codepar.cli import serve_parts
from codepar.cli.serve_log import ServeLog
from codepar.cli.supervisor import Supervisor
from codepar.errors import GpuUnavailable, ToolMissing


@pytest.fixture
def parts_of(service_settings, monkeypatch):
    """The parts of a service on a machine where the question for a GPU is answered by ``fault``; None: there is one."""

    def make(fault, *, node=True):
        def require_gpu(settings):
            if fault is not None:
                raise fault

        monkeypatch.setattr(serve_parts, "require_gpu", require_gpu)
        monkeypatch.setattr(serve_parts, "has_device", lambda: node)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            supervisor = Supervisor(ServeLog(as_json=False))
            return {part.name: part for part in serve_parts.make_parts(service_settings, supervisor, listener, engine=False)}

    return make


def test_a_usable_device_has_a_worker_for_one_run_at_a_time(parts_of):
    parts = parts_of(None)
    assert set(parts) == {"broker", "keepers", "worker-execute", "worker-jobs", "worker-gpu", "api"}
    argv = parts["worker-gpu"]._spec.argv
    assert argv[argv.index("--queues") + 1] == "gpu"
    assert argv[argv.index("--concurrency") + 1] == "1"


@pytest.mark.parametrize("node", [True, False])
@pytest.mark.parametrize("fault", [GpuUnavailable("libcuda.so.1 not found"), ToolMissing("nvcc is not installed")])
def test_without_one_the_service_has_none_and_says_why_where_a_device_is(parts_of, capfd, fault, node):
    assert "worker-gpu" not in parts_of(fault, node=node)
    assert (f"not started: {fault.message}" in capfd.readouterr().err) is node
