"""The embedded broker is private, survives a restart, and does not outlive its parent."""

import os
import signal
import stat
import subprocess
import sys
import time

import psutil
import pytest

from codepar.broker import EmbeddedBroker, find_broker, private_folder
from codepar.errors import BrokerUnavailable, EnvironmentFault
from codepar.queue import JobQueue
from codepar.settings import MAX_SOCKET_PATH_BYTES, Settings


def test_it_answers_on_a_socket_that_only_this_user_can_reach(broker, service_settings):
    queue = JobQueue(service_settings)
    queue.ping()
    queue.close()
    assert stat.S_IMODE(broker.socket.parent.stat().st_mode) == 0o700
    listening = [one for one in psutil.Process(broker.pid).net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert listening == []


def test_what_is_queued_survives_a_kill_and_a_restart(broker, service_settings):
    queue = JobQueue(service_settings)
    queue._redis.set("kept", "yes")
    # The append-only file is synced each second; a process that is killed loses nothing that it has written.
    os.kill(broker.pid, signal.SIGKILL)
    broker.stop()
    broker.start()
    assert queue._redis.get("kept") == b"yes"
    queue.close()


def test_a_stopped_broker_leaves_no_process_and_no_socket(broker):
    process = psutil.Process(broker.pid)
    broker.stop()
    assert broker.pid is None
    assert not process.is_running()
    assert not broker.socket.exists()
    broker.stop()


def test_a_second_broker_at_the_same_place_is_refused(broker, service_settings):
    with pytest.raises(BrokerUnavailable, match="already answers"):
        EmbeddedBroker(service_settings).start()


def test_it_ends_with_the_process_that_started_it(service_settings):
    code = (
        "from codepar.settings import Settings\nfrom codepar.broker import EmbeddedBroker\nimport time\n"
        "broker = EmbeddedBroker(Settings()); broker.start(); print(broker.pid, flush=True); time.sleep(60)\n"
    )
    environment = os.environ | service_settings.environment()
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        process = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    deadline = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # What it left behind does not disturb the next one.
    successor = EmbeddedBroker(service_settings)
    successor.start()
    successor.stop()


@pytest.mark.parametrize("name", ["with space", "x" * 120, "umläut%20"])
def test_any_folder_will_do(tmp_path, name):
    settings = Settings(data_dir=tmp_path / "data", runtime_dir=tmp_path / name)
    assert len(os.fsencode(settings.broker_socket)) <= MAX_SOCKET_PATH_BYTES
    broker = EmbeddedBroker(settings)
    broker.start()
    queue = JobQueue(settings)
    queue.ping()
    queue.depths()
    queue.close()
    broker.stop()
    if name.startswith("x"):
        broker.socket.parent.rmdir()


def test_a_broker_that_cannot_start_says_what_it_said(service_settings):
    folder = service_settings.data_dir / "broker" / "appendonlydir"
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the broker needs a folder")
    with pytest.raises(BrokerUnavailable, match="exit code"):
        EmbeddedBroker(service_settings).start()


def test_a_folder_that_is_a_link_is_not_trusted(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentFault):
        private_folder(tmp_path / "link")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make another user's folder")
def test_a_folder_of_another_user_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(EnvironmentFault, match="another user"):
        private_folder(tmp_path / "theirs")


def test_an_old_server_of_the_system_is_passed_over(tmp_path, monkeypatch):
    for name, version in (("valkey-server", "6.2.0"), ("redis-server", "7.4.1")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho 'Server v={version} sha=0'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_broker() == tmp_path / "redis-server"
    (tmp_path / "redis-server").unlink()
    assert find_broker().parent != tmp_path
