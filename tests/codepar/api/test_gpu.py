"""Executions that ask for a GPU: refused at once without a worker that has one, queued apart from the others with one."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from codepar.api.app import create_app
from codepar.presence import Announcer, workers_present
from codepar.queue import JobQueue, QueueName

KERNEL = "__global__ void k(int *p) { *p = 1; }\nint main() { k<<<1, 1>>>(nullptr); }\n"
BODY = {"project": {"files": {"k.cu": KERNEL}}, "options": {"gpu": True, "checks": ["memory", "init"]}}


@pytest.fixture
def client(broker, service_settings):
    with TestClient(create_app(service_settings)) as client:
        yield client


@contextmanager
def gpu_worker(settings, fault=None):
    """What a worker of the queue says of itself, without a device behind it."""
    announcer = Announcer(settings, [QueueName.GPU], lambda: fault)
    announcer.start()
    while not workers_present(settings, QueueName.GPU):
        time.sleep(0.01)
    try:
        yield
    finally:
        announcer.stop()


def test_without_a_gpu_worker_nothing_is_queued_and_the_remedy_is_said(client):
    answer = client.post("/v1/executions", params={"wait": 60}, json=BODY)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "gpu_unavailable")
    assert "no GPU worker" in error["message"]
    assert "python -m worker --queues gpu" in error["message"]
    assert client.get("/v1/jobs").json()["jobs"] == []


def test_a_gpu_worker_that_cannot_work_is_none(client, service_settings):
    with gpu_worker(service_settings, fault="driver too old"):
        answer = client.post("/v1/executions", json=BODY)
        assert answer.status_code == 503
        assert "no GPU worker can work: driver too old" in answer.json()["error"]["message"]
        assert client.get("/ready").json()["parts"]["workers-gpu"]["status"] == "absent"


def test_with_a_gpu_worker_the_job_waits_in_its_queue(client, service_settings):
    with gpu_worker(service_settings):
        answer = client.post("/v1/executions", json=BODY)
        assert answer.status_code == 202
        assert (answer.json()["kind"], answer.json()["state"]) == ("gpu_execution", "queued")
        assert client.get("/ready").json()["parts"]["workers-gpu"] == {"status": "ok", "detail": "1 at work"}
    queue = JobQueue(service_settings)
    assert queue.depths() == {QueueName.JOBS: 0, QueueName.EXECUTE: 0, QueueName.GPU: 1}
    queue.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"gpu": True, "emulate": True}, "ask for one of them"),
        ({"gpu": True, "checks": ["schedule"]}, "not one of a run on a GPU"),
        ({"emulate": True, "checks": ["sync"]}, "`sync` is not one of emulated CUDA: memory, race, schedule"),
        ({"checks": ["init"]}, "ask for `emulate` or `gpu` too"),
        ({"gpu": True, "ranks": 2}, "leave `ranks` out"),
    ],
)
def test_what_does_not_go_together_is_bad_input(client, options, said):
    answer = client.post("/v1/executions", json={**BODY, "options": options})
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (422, True), answer.text
