"""The service as a whole: started, broken, stopped. Nothing may be lost, nothing may stay behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from worker.keeper import SUSPECT_S

SLEEPER = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { sleep(4); puts("slept"); return 0; }\n'
ENDLESS = "int main(void) { for (;;) {} }\n"


def submit(service, source, **options):
    body = {"source": source, "options": options}
    return service.http.post("/v1/executions", json=body).json()["id"]


def wait_running(service, job_id, attempt=1):
    deadline = time.monotonic() + 30
    while service.http.get(f"/v1/jobs/{job_id}").json()["attempt"] < attempt:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)


def finished(service, job_id):
    return service.http.get(f"/v1/jobs/{job_id}", params={"wait": 60}).json()


def gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=10)
    return alive == []


@pytest.mark.parametrize("part", ["worker-execute", "api", "broker"])
def test_kill_9_of_a_part_in_mid_job_loses_nothing(served, part):
    job_id = submit(served, SLEEPER)
    wait_running(served, job_id)
    served.kill_part(part)
    job = finished(served, job_id)
    assert job["state"] == "succeeded"
    assert job["result"]["stdout"] == "slept\n"
    events = served.http.get(f"/v1/jobs/{job_id}/events").text
    assert events.count("event: finished") == 1
    again = finished(served, submit(served, "int main(void) { return 5; }\n"))
    assert again["result"]["exit_code"] == 5


def _hold_until_old(service, job_id):
    """Wait until a death of the worker is not blamed on the job any more."""
    wait_running(service, job_id)
    time.sleep(SUSPECT_S)


def test_kill_9_of_everything_called_worker_costs_a_running_program_nothing(served):
    job_id = submit(served, SLEEPER.replace("sleep(4)", "sleep(8)"))
    _hold_until_old(served, job_id)
    served.kill_named("-m worker")
    job = finished(served, job_id)
    assert (job["state"], job["attempt"], job["result"]["stdout"]) == ("succeeded", 1, "slept\n")
    assert served.http.get(f"/v1/jobs/{job_id}/events").text.count("event: finished") == 1
    served.wait_ready()


def test_a_job_whose_worker_is_killed_each_time_ends_as_infra_error(served):
    job_id = submit(served, SLEEPER.replace("sleep(4)", "sleep(60)"), limits={"wall_s": 90})
    for attempt in range(1, 4):
        wait_running(served, job_id, attempt)
        served.kill_named("--queues execute")
    job = finished(served, job_id)
    assert (job["state"], job["attempt"], job["error"]["code"]) == ("failed", 3, "infra_error")
    assert served.http.get(f"/v1/jobs/{job_id}/events").text.count("event: finished") == 1
    served.wait_ready()


def test_jobs_that_come_while_the_broker_is_down_are_done_when_it_is_back(served):
    broker = served.part("broker")
    broker.suspend()
    try:
        job_id = submit(served, "int main(void) { return 4; }\n")
        assert served.http.get("/ready").status_code == 503
        assert "broker" in served.http.get("/ready").json()["error"]["message"]
    finally:
        broker.resume()
    served.wait_ready()
    assert finished(served, job_id)["result"]["exit_code"] == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_leaves_nothing(serve, number):
    service = serve("--no-engine")
    runtime_dir, processes = service.runtime_dir, service.processes()
    assert runtime_dir.is_dir()
    assert len(processes) > 5
    if number == signal.SIGINT:
        wait_running(service, submit(service, ENDLESS, limits={"wall_s": 60}))
        processes = service.processes()
    assert service.stop(number) == 0
    assert gone(processes)
    assert not runtime_dir.exists()
    assert list(service.data_dir.glob("*.tmp")) == []


def test_a_signal_also_stops_what_outlived_its_worker_and_the_next_service_goes_on(serve):
    service = serve("--no-engine")
    job_id = submit(service, SLEEPER.replace("sleep(4)", "sleep(8)"))
    _hold_until_old(service, job_id)
    service.kill_part("worker-execute")
    processes, runtime_dir = service.processes(), service.runtime_dir
    assert service.stop() == 0
    assert gone(processes)
    assert not runtime_dir.exists()
    following = serve("--no-engine")
    job = finished(following, job_id)
    assert (job["state"], job["attempt"]) == ("succeeded", 1)


def test_a_second_signal_does_not_wait(serve):
    service = serve("--no-engine")
    processes = service.processes()
    worker = service.part("worker-jobs")
    worker.suspend()
    service.process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert service.process.poll() is None
    begun = time.monotonic()
    service.process.send_signal(signal.SIGINT)
    service.process.wait(30)
    assert time.monotonic() - begun < 10
    assert gone(processes)


def test_kill_9_of_the_service_takes_its_processes_along_and_the_next_one_finds_the_jobs(serve, tmp_path):
    service = serve("--no-engine")
    job_id = submit(service, SLEEPER)
    wait_running(service, job_id)
    processes = service.processes()
    service.process.kill()
    assert gone(processes)
    following = serve("--no-engine")
    assert finished(following, job_id)["result"]["stdout"] == "slept\n"


def test_a_second_service_on_the_same_folder_is_refused(served):
    command = [served.process.args[0], "serve", "--port", "0", "--data-dir", served.data_dir]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 3
    assert f"process {served.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_port_in_use_is_said(served, tmp_path):
    port = served.url.rsplit(":", 1)[1]
    command = [served.process.args[0], "serve", "--port", port, "--data-dir", tmp_path]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 3
    assert port in second.stderr
    assert "--port 0" in second.stderr


def test_a_folder_called_worker_does_not_shadow_ours_and_long_paths_work(serve, tmp_path, monkeypatch):
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "__init__.py").write_text("raise SystemExit('shadowed')\n")
    (tmp_path / "codepar.py").write_text("raise SystemExit('shadowed')\n")
    monkeypatch.chdir(tmp_path)
    deep = tmp_path / ("long" * 20) / ("path" * 20)
    service = serve("--no-engine", folder=deep, runtime_dir=str(deep / "run"))
    assert finished(service, submit(service, "int main(void) { return 6; }\n"))["result"]["exit_code"] == 6


@pytest.mark.skipif(os.geteuid() != 0, reason="this is the run of an ordinary user already")
def test_an_ordinary_user_can_serve(served):
    closed = [path for path in (Path(sys.executable).resolve(), Path(served.process.args[0])) if not _readable_by_all(path)]
    if closed:
        pytest.skip(f"{closed[0]} lies in a folder that is closed to other users")
    folder = Path(tempfile.mkdtemp(prefix="codepar-user-"))
    os.chown(folder, 65534, 65534)
    command = [served.process.args[0], "serve", "--port", "0", "--no-engine"]
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    user = {"user": 65534, "group": 65534, "extra_groups": []}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=log, **user)
    try:
        line = process.stdout.readline().decode()
        assert line.startswith("listening on "), (folder / "log").read_text()
        address = f"{line.split()[-1]}/v1/executions"
        answer = served.http.post(address, params={"wait": 60}, json={"source": "int main(void) { return 2; }\n"})
        assert answer.json()["result"]["exit_code"] == 2, answer.text
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        shutil.rmtree(folder)
    assert process.returncode == 0


def _readable_by_all(path):
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in [path, *path.parents])


def test_the_port_is_held_while_the_api_restarts(served):
    host, port = served.url.removeprefix("http://").split(":")
    served.part("api").kill()
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.settimeout(30)
        connection.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    served.wait_ready()
