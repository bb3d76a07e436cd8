"""Every error in the common shape, whatever was sent."""

import json
import socket

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.jobs import new_id

JSON = {"Content-Type": "application/json"}
C = "int main(void) { return 0; }\n"


def error_of(answer):
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert "Traceback" not in answer.text
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 422, "project"),
        ({"project": {}}, 422, "project.files"),
        ({"project": {"files": {}}}, 422, "project.files"),
        ({"project": {"files": {"../up.c": C}}}, 422, "project.files"),
        ({"project": {"files": {"/etc/passwd": C}}}, 422, "project.files"),
        ({"project": {"files": {"a\0.c": C}}}, 422, "project.files"),
        ({"project": {"source": 3}}, 422, "project.files.main.c"),
        ({"project": {"source": C, "files": {"a.c": C}}}, 422, "project"),
        ({"source": C, "extra": 1}, 422, "extra"),
        ({"source": C, "options": {"colour": "red"}}, 422, "options.colour"),
        ({"source": C, "options": {"ranks": 0}}, 422, "options.ranks"),
        ({"source": C, "options": {"ranks": [1, 10_000]}}, 422, "options.ranks"),
        ({"source": C, "options": {"ranks": 10**30}}, 422, None),
        ({"source": C, "options": {"ranks": "many"}}, 422, None),
        ({"source": C, "options": {"limits": {"wall_s": -1}}}, 422, "options.limits.wall_s"),
        ({"source": C, "options": {"limits": {"memory_bytes": 1e400}}}, 422, None),
        ([], 422, None),
        ("text", 422, None),
        (None, 422, None),
    ],
)
def test_bad_bodies(served, body, status, param):
    answer = served.http.post("/v1/executions", content=json.dumps(body), headers=JSON)
    assert answer.status_code == status
    error = error_of(answer)
    assert error["type"] == "invalid_request_error"
    if param is not None:
        assert error["param"] == param


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"", 422),
        (b"\xff\xfe", 400),
        (b'{"source": "\xc3\x28"}', 400),
        (b"[" * 200_000, 400),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b'{"source": ' + b"9" * 6000 + b"}", 400),
        (b'{"source": "\\ud800"}', 422),
        (b'{"source": "ok", "options": {"\\udfff": 1}}', 422),
    ],
)
def test_what_is_hardly_json(served, content, status):
    answer = served.http.post("/v1/executions", content=content, headers=JSON)
    assert answer.status_code == status
    error_of(answer)


def test_a_pair_of_surrogates_is_a_character(served):
    content = b'{"source": "int main(void) { return 0; } // \\ud83d\\ude00"}'
    assert served.http.post("/v1/executions", content=content, headers=JSON).status_code == 202


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_another_media_type(served, media_type):
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = served.http.post("/v1/executions", content=b'{"source": "x"}', headers=headers)
    assert answer.status_code == 415
    assert "application/json" in error_of(answer)["message"]


def test_a_body_that_is_too_large_declared_or_streamed(served):
    large = b" " * (21 * 1024**2)
    declared = served.http.post("/v1/executions", content=large, headers=JSON)
    assert declared.status_code == 413
    assert error_of(declared)["code"] == "input_too_large"
    streamed = served.http.post("/v1/executions", content=(large[:65536] for _ in range(400)), headers=JSON)
    assert streamed.status_code == 413
    error_of(streamed)


def test_a_file_that_is_too_large(served):
    answer = served.http.post("/v1/executions", json={"source": "x" * (5 * 1024**2)})
    assert answer.status_code == 422
    assert "main.c" in error_of(answer)["message"]


@pytest.mark.parametrize("path", ["/v1/jobs/none", "/v1/jobs/%00", f"/v1/jobs/{new_id()}", "/v1/nowhere", "/", "/v1/jobs/..%2f"])
def test_what_does_not_exist(served, path):
    answer = served.http.get(path)
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "not_found"


def test_methods_that_are_not_allowed(served):
    for method, path in (("DELETE", "/v1/jobs"), ("GET", "/v1/executions"), ("PUT", "/health")):
        answer = served.http.request(method, path)
        assert answer.status_code == 405
        assert error_of(answer)["code"] == "method_not_allowed"


@pytest.mark.parametrize("query", ["wait=-1", "wait=soon", "wait=nan", "wait=inf"])
def test_bad_waits(served, query):
    answer = served.http.post(f"/v1/executions?{query}", json={"source": C})
    assert answer.status_code == 422
    assert error_of(answer)["param"] == "wait"


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "state=asleep", "kind=none", "before=%00"])
def test_bad_queries(served, query):
    answer = served.http.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert error_of(answer)["param"] == query.split("=")[0]


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "tab\there"])
def test_bad_keys(served, key):
    answer = served.http.post("/v1/executions", json={"source": C}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code in {400, 422}


def test_a_client_that_leaves_in_mid_body_harms_nobody(served):
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /v1/executions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b'{"source": "')
    assert served.http.get("/health").json()["status"] == "ok"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(
    path=st.sampled_from(["/v1/executions", "/v1/mpi/completions"]),
    body=st.fixed_dictionaries({}, optional={"project": values, "source": values, "options": values, "x": values}) | values,
)
def test_no_body_makes_an_internal_error(served, path, body):
    answer = httpx.post(served.url + path, content=json.dumps(body), headers=JSON, trust_env=False, timeout=30)
    assert answer.status_code in {200, 202, 400, 422}
    if answer.status_code >= 400:
        error_of(answer)
