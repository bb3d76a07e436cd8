"""The bound on waiting jobs, in an application whose broker is away, so that every job waits."""

import pytest
from fastapi.testclient import TestClient

from codepar.api.app import create_app
from codepar.jobs import new_id

BODY = {"source": "int main(void) { return 0; }\n"}


@pytest.fixture
def client(service_settings):
    with TestClient(create_app(service_settings.model_copy(update={"max_queued_jobs": 2}))) as client:
        yield client


def test_one_job_too_many_is_refused_and_nothing_is_stored(client):
    key = {"Idempotency-Key": new_id()}
    first = client.post("/v1/executions", json=BODY, headers=key).json()
    second = client.post("/v1/executions", json=BODY).json()
    refused = client.post("/v1/executions", json=BODY)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    error = refused.json()["error"]
    assert (error["type"], error["code"], error["param"]) == ("rate_limit_error", "too_many_requests", None)
    assert "2 jobs wait" in error["message"]
    assert [job["id"] for job in client.get("/v1/jobs").json()["jobs"]] == [second["id"], first["id"]]
    # What was accepted before is answered, not refused; and a place that becomes free is given away.
    assert client.post("/v1/executions", json=BODY, headers=key).json()["id"] == first["id"]
    assert client.post(f"/v1/jobs/{second['id']}/cancel").json()["state"] == "cancelled"
    assert client.post("/v1/executions", json=BODY).status_code == 202


def test_the_refusal_is_documented_with_its_header(client):
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/v1/executions", "/v1/mpi/completions"):
        assert "Retry-After" in paths[path]["post"]["responses"]["429"]["headers"]
