"""Decomposition over REST: the plan at once, the parts as a job with an event for each, refusals that come at once."""

import pytest

from codepar.api.decompositions import EXAMPLES, KERNELS

PATH = "/v1/decompositions"


def post(served, prompt, options=None, files=None, **arguments):
    return served.http.post(PATH, json={"prompt": prompt, "files": files or {}, "options": options or {}}, **arguments)


def test_the_plan_comes_at_once_in_the_documented_shape(served):
    answer = post(served, "Write unit tests for scale and add.", files={"kernels.c": KERNELS})
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert (job["kind"], job["state"]) == ("decomposition", "succeeded")
    plan = job["result"]
    assert {"split", "reason", "items", "edges", "template", "context", "category", "tier", "predicted"} <= plan.keys()
    assert [KERNELS.encode()[slice(*item["span"])].decode() for item in plan["items"]] == [item["text"] for item in plan["items"]]
    assert plan["predicted"]["serial_s"] > 0
    assert served.http.get(f"/v1/jobs/{job['id']}").status_code == 404


@pytest.mark.timeout(900)
def test_a_run_is_a_job_whose_items_come_in_order_with_their_verdicts(served):
    body = {"run": True, "seed": 5}
    job = post(served, "Translate these two functions to CUDA", body, {"kernels.c": KERNELS}, params={"wait": 60}).json()
    while job["state"] in {"queued", "running"}:
        job = served.http.get(f"/v1/jobs/{job['id']}", params={"wait": 30}).json()
    assert job["state"] == "succeeded", job["error"]
    result = job["result"]
    assert [(one["capability"], one["verified"]) for one in result["answers"]] == [("cuda_translation", True)] * 2
    assert "__global__" in result["files"]["kernels_cuda.cu"]
    assert result["missing"] == []
    events = served.http.get(f"/v1/jobs/{job['id']}/events").text
    assert 0 < events.index('"title":"scale"') < events.index('"title":"add"') < events.index("event: finished")


@pytest.mark.parametrize(
    ("prompt", "options", "status", "said"),
    [
        ("", {"run": True}, 422, "nothing is asked"),
        ("Explain MPI.", {"run": True}, 503, "language model"),
        ("Explain mutexes, semaphores and barriers.", {"run": True}, 503, "language model"),
        ("a", {"split": "maybe"}, 422, "auto"),
        ("a", {"max_tokens": 0}, 422, "max_tokens"),
    ],
)
def test_bad_requests_are_refused_at_once(served, prompt, options, status, said):
    answer = post(served, prompt, options)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert said in f"{error['message']} {error['param']}"


@pytest.mark.parametrize(
    ("prompt", "refusal"),
    [
        ("", "empty"),
        ("Which is better, MPI or OpenMP?", "comparison"),
        ("Optimize these 3 functions:\n```c\nint f(int a) { return a; }\nint g(int a) { return a; }\n```", "contradiction"),
        ("Explain this\n```c\nint f(int a) { return a; ", "one_task"),
    ],
)
def test_what_stays_whole_says_why(served, prompt, refusal):
    plan = post(served, prompt).json()["result"]
    assert (plan["split"], plan["refusal"]) == (False, refusal)
    assert plan["reason"]


def test_a_prompt_of_a_megabyte_is_answered(served):
    answer = post(served, "Explain this text.\n" + "lorem ipsum dolor\n" * 58_000)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["reason"]


def test_the_documented_examples_are_accepted(served):
    documented = served.http.get("/openapi.json").json()["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]
    assert set(documented["examples"]) == set(EXAMPLES)
    for name, example in EXAMPLES.items():
        answer = served.http.post(PATH, json=example["value"])
        assert answer.status_code == {"plan": 200, "verified": 202, "prose": 503}[name], answer.text
        if answer.status_code == 202:
            served.http.post(f"/v1/jobs/{answer.json()['id']}/cancel")
