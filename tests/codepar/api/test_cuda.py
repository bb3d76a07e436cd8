"""Translation over REST: a job whose result holds the verdict, refusals that come at once, and those that are verdicts."""

import subprocess

import pytest

from codepar.api.cuda import EXAMPLES

PATH = "/v1/cuda/translations"
SAXPY = "void saxpy(int n, float a, const float *x, float *y) {\n    for (int i = 0; i < n; i++) y[i] = a * x[i] + y[i];\n}\n"
SHOWS = '#include <stdio.h>\nvoid show(int n) {\n    for (int i = 0; i < n; i++)\n        printf("%d", i);\n}\n'


def translate(served, source, options, **arguments):
    return served.http.post(PATH, json={"source": source, "options": options}, **arguments)


def finished(served, job):
    while job["state"] in {"queued", "running"}:
        job = served.http.get(f"/v1/jobs/{job['id']}", params={"wait": 30}).json()
    return job


# The first job of a session builds the CUDA runtime in several modes.
@pytest.mark.timeout(900)
def test_a_translation_by_rule_is_verified_and_its_patch_applies(served, tmp_path):
    answer = translate(served, SAXPY, {"model": False, "seed": 5})
    assert answer.status_code == 202, answer.text
    job = finished(served, answer.json())
    assert job["kind"] == "cuda_translation"
    assert job["state"] == "succeeded", job["error"]
    result = job["result"]
    assert result["verified"] is True, result["reason"]
    assert {"source", "entry", "function", "target", "origin", "verdict", "tests", "candidates", "patch"} <= set(result)
    assert (result["entry"], result["origin"], result["verdict"]["status"]) == ("saxpy_cuda", "rules", "ok")
    assert all(check["passed"] for check in result["verdict"]["checks"])
    assert result["tests"]["cases"]
    (tmp_path / "main.c").write_text(SAXPY)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=result["patch"], text=True, check=True)
    assert "__global__" in (tmp_path / "main_cuda.cu").read_text()


def test_what_cannot_be_translated_is_a_verdict_with_its_line(served):
    job = finished(served, translate(served, SHOWS, {"model": False}, params={"wait": 60}).json())
    assert job["state"] == "succeeded", job["error"]
    assert job["result"]["verdict"]["status"] == "refused"
    assert job["result"]["refusal"]["line"] == 4


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("", {}, "no function"),
        ("int main(void) { return 0; }\n", {}, "besides main"),
        (SAXPY, {"function": "daxpy"}, "there are `saxpy`"),
        (SAXPY + SAXPY, {"function": "saxpy"}, "2 times"),
        (SAXPY, {"rules": False, "model": False}, "nothing would be tried"),
        (SAXPY, {"target": "fortran"}, "cuda"),
        (SAXPY, {"function": "1x"}, "function"),
    ],
)
def test_bad_requests_are_refused_at_once(served, source, options, said):
    answer = translate(served, source, options)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert said in f"{error['message']} {error['param']}"


def test_the_model_alone_needs_a_model(served):
    answer = translate(served, SAXPY, {"rules": False})
    assert answer.status_code == 503
    assert "language model" in answer.json()["error"]["message"]


def test_the_documented_examples_are_accepted(served):
    documented = served.http.get("/openapi.json").json()["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]
    assert set(documented["examples"]) == set(EXAMPLES)
    for example in EXAMPLES.values():
        answer = served.http.post(PATH, json=example["value"])
        assert answer.status_code == 202, answer.text
        served.http.post(f"/v1/jobs/{answer.json()['id']}/cancel")
