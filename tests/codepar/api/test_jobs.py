"""Jobs over REST: submit, wait, list, cancel, keys."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import httpx
import pytest

from codepar.jobs import new_id

HELLO = '#include <stdio.h>\nint main(void) { puts("hello"); return 7; }\n'
ENDLESS = "int main(void) { for (;;) {} }\n"
LONG = {"limits": {"wall_s": 60}}


def submit(served, source=HELLO, options=None, **arguments):
    return served.http.post("/v1/executions", json={"project": {"source": source}, "options": options or {}}, **arguments)


def test_a_submission_is_accepted_at_once_and_found_at_its_location(served):
    answer = submit(served)
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert job["state"] in {"queued", "running"}
    finished = served.http.get(answer.headers["location"], params={"wait": 60})
    assert finished.status_code == 200
    assert finished.json()["state"] == "succeeded"
    assert finished.json()["result"]["stdout"] == "hello\n"
    assert finished.json()["result"]["exit_code"] == 7


def test_waiting_gives_the_finished_job(served):
    answer = submit(served, params={"wait": 60})
    assert answer.status_code == 200
    assert answer.json()["result"]["stdout"] == "hello\n"


def test_a_wait_that_is_too_short_gives_the_job_as_it_is(served):
    begun = time.monotonic()
    answer = submit(served, ENDLESS, LONG, params={"wait": 1})
    assert answer.status_code == 202
    assert time.monotonic() - begun >= 1
    cancelled = served.http.post(f"/v1/jobs/{answer.json()['id']}/cancel")
    assert cancelled.status_code in {200, 202}
    job = served.http.get(f"/v1/jobs/{answer.json()['id']}", params={"wait": 20}).json()
    assert job["state"] == "cancelled"
    assert job["finished_at"] is not None


def test_cancelling_a_finished_job_changes_nothing(served):
    job = submit(served, params={"wait": 60}).json()
    answer = served.http.post(f"/v1/jobs/{job['id']}/cancel")
    assert answer.status_code == 200
    assert answer.json() == job


def test_a_client_that_hangs_up_ends_the_wait_and_not_the_job(served):
    key = new_id()
    with pytest.raises(httpx.ReadTimeout):
        submit(
            served,
            "#include <unistd.h>\nint main(void) { sleep(2); return 0; }\n",
            params={"wait": 60},
            headers={"Idempotency-Key": key},
            timeout=0.5,
        )
    newest = served.http.get("/v1/jobs", params={"limit": 1}).json()["jobs"][0]
    assert served.http.get(f"/v1/jobs/{newest['id']}", params={"wait": 60}).json()["state"] == "succeeded"


def test_the_same_key_and_body_is_one_job_and_another_body_a_conflict(served):
    key = {"Idempotency-Key": new_id()}
    first = submit(served, headers=key).json()
    again = submit(served, headers=key)
    assert again.json()["id"] == first["id"]
    assert again.headers["idempotency-replayed"] == "true"
    other = submit(served, ENDLESS, headers=key)
    assert other.status_code == 409
    assert other.json()["error"]["param"] == "Idempotency-Key"


def test_the_same_key_at_the_same_moment_is_one_job(served):
    key = {"Idempotency-Key": new_id()}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: submit(served, headers=key), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_the_list_is_newest_first_and_pages(served):
    ids = [submit(served).json()["id"] for _ in range(3)]
    page = served.http.get("/v1/jobs", params={"limit": 2}).json()
    assert [job["id"] for job in page["jobs"]] == [ids[2], ids[1]]
    rest = served.http.get("/v1/jobs", params={"limit": 1, "before": page["next_before"]}).json()
    assert rest["jobs"][0]["id"] == ids[0]
    kinds = served.http.get("/v1/jobs", params={"kind": "mpi_completion", "state": "failed"}).json()
    assert kinds["jobs"] == []


def test_concurrent_submissions_are_each_done_once(served):
    answers = {}

    def one(number):
        source = f'#include <stdio.h>\nint main(void) {{ puts("number {number}"); return 0; }}\n'
        with httpx.Client(base_url=served.url, timeout=90, trust_env=False) as client:
            body = {"project": {"source": source}}
            answers[number] = client.post("/v1/executions", params={"wait": 90}, json=body).json()

    threads = [Thread(target=one, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer["result"]["stdout"] for answer in answers.values()} == {f"number {number}\n" for number in range(100)}
    assert len({answer["id"] for answer in answers.values()}) == 100
    assert {answer["attempt"] for answer in answers.values()} == {1}


def test_curl_can_do_it(served):
    body = '{"source": "int main(void) { return 3; }"}'
    command = ["curl", "-sS", f"{served.url}/v1/executions?wait=60", "-H", "Content-Type: application/json", "-d", body]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert '"exit_code":3' in answer.stdout
