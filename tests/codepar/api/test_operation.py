"""Health, readiness, metrics, and the description of the API."""

from prometheus_client.parser import text_string_to_metric_families

from codepar import __version__


def test_health(served):
    assert served.http.get("/health").json() == {"status": "ok", "version": __version__}


def test_readiness_names_every_part(served):
    answer = served.http.get("/ready")
    assert answer.status_code == 200
    parts = answer.json()["parts"]
    assert set(parts) == {"store", "broker", "engine", "workers-jobs", "workers-execute", "workers-gpu"}
    assert parts["engine"]["status"] == "absent"
    assert (parts["workers-gpu"]["status"] == "ok") or "no GPU worker" in parts["workers-gpu"]["detail"]
    assert {part["status"] for name, part in parts.items() if name not in {"engine", "workers-gpu"}} == {"ok"}


def test_metrics_count_requests_jobs_and_queues(served):
    served.http.get("/v1/nowhere")
    served.http.post("/v1/executions", params={"wait": 60}, json={"source": "int main(void) { return 0; }"})
    answer = served.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    requests = "codepar_http_requests_total"
    assert samples[(requests, ("method", "POST"), ("route", "/v1/executions"), ("status", "200"))] >= 1
    assert samples[(requests, ("method", "GET"), ("route", "unmatched"), ("status", "404"))] >= 1
    assert samples[("codepar_jobs", ("kind", "execution"), ("state", "succeeded"))] >= 1
    assert samples[("codepar_jobs", ("kind", "mpi_completion"), ("state", "failed"))] >= 0
    assert samples[("codepar_queue_length", ("queue", "execute"))] >= 0
    ups = {sample[1][1]: value for sample, value in samples.items() if sample[0] == "codepar_up"}
    ups.pop("workers-gpu", None)
    assert ups == {"store": 1, "broker": 1, "workers-jobs": 1, "workers-execute": 1}


def test_every_request_body_is_documented_with_examples_that_are_accepted(served):
    description = served.http.get("/openapi.json").json()
    bodies = [
        (path, operation["requestBody"]["content"]["application/json"])
        for path, operations in description["paths"].items()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    assert {"/v1/executions", "/v1/mpi/completions"} <= {path for path, _ in bodies}
    for path, body in bodies:
        assert body.get("examples") or body.get("example")
        if path in {"/v1/mpi/completions", "/v1/executions"}:
            for example in body["examples"].values():
                answer = served.http.post(path, params={"wait": 60}, json=example["value"])
                assert answer.status_code == 200, answer.text
                assert answer.json()["state"] == "succeeded"


def test_every_operation_documents_its_errors(served):
    description = served.http.get("/openapi.json").json()
    for path, operations in description["paths"].items():
        for operation in operations.values():
            if path.startswith("/v1/") and "requestBody" in operation:
                assert {"400", "413", "415", "422"} <= set(operation["responses"]), path
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")):
                    assert response.get("content"), (path, status)
