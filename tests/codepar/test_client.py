"""What a client says of a service that is not there, and of one that is busy."""

import socket

import httpx
import pytest

from codepar import client
from codepar.client import ServiceClient, ServiceUnreachable


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_service_that_is_late_is_not_called_absent(listener, monkeypatch):
    monkeypatch.setattr(client, "TIMEOUT", httpx.Timeout(0.2))
    with ServiceClient(f"http://127.0.0.1:{listener.getsockname()[1]}") as service, pytest.raises(ServiceUnreachable) as told:
        service.jobs()
    assert "has not answered GET" in str(told.value)
    assert "codepar serve" not in str(told.value)


def test_a_service_that_is_absent_is_to_be_started(listener):
    port = listener.getsockname()[1]
    listener.close()
    with ServiceClient(f"http://127.0.0.1:{port}") as service, pytest.raises(ServiceUnreachable, match="codepar serve"):
        service.job("1")
