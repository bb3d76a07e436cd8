"""Server-sent events: order, resumption, the end."""

import json

from codepar.jobs import new_id

SOURCE = "int main(void) { return 0; }\n"


def frames(served, job_id, last=None):
    headers = {} if last is None else {"Last-Event-ID": last}
    with served.http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = "".join(answer.iter_text())
    blocks = [block for block in text.split("\n\n") if block.startswith("id: ")]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def finished_job(served):
    body = {"source": SOURCE, "options": {"ranks": None}}
    return served.http.post("/v1/executions", params={"wait": 60}, json=body).json()


def test_the_stream_ends_after_the_terminal_event(served):
    job = served.http.post("/v1/executions", json={"source": SOURCE}).json()
    heard = frames(served, job["id"])
    assert heard[0]["event"] == "started"
    assert [frame["event"] for frame in heard].count("finished") == 1
    assert heard[-1]["event"] == "finished"
    last = json.loads(heard[-1]["data"])
    assert last["id"] == heard[-1]["id"]
    assert last["data"]["state"] == "succeeded"
    assert last["attempt"] == 1


def test_a_stream_goes_on_after_the_last_event_heard(served):
    job = finished_job(served)
    whole = frames(served, job["id"])
    assert len(whole) >= 3
    for place, frame in enumerate(whole):
        assert frames(served, job["id"], frame["id"]) == whole[place + 1 :]


def test_what_is_no_job_or_no_event_id_is_refused(served):
    job = finished_job(served)
    unknown = served.http.get(f"/v1/jobs/{new_id()}/events")
    assert unknown.status_code == 404
    bad = served.http.get(f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": "yesterday"})
    assert bad.status_code == 422
    assert bad.json()["error"]["param"] == "Last-Event-ID"
