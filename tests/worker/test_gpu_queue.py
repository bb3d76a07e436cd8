"""The queue ``gpu`` where no device is: no worker starts, and who asks for one hears it instead of waiting."""

from __future__ import annotations

import asyncio
import time

import pytest

from codepar.errors import GpuUnavailable
from codepar.presence import Announcer, workers_present
from codepar.project import Project
from codepar.protocols import Execution
from codepar.queue import QueueName
from codepar.remote import RemoteExecutor
from worker.toolchains.gpu.device import has_device

EXECUTION = Execution(project=Project(files={"k.cu": "int main() {}\n"}), gpu=True)


@pytest.mark.skipif(has_device(), reason="this machine has a GPU")
def test_a_worker_for_the_gpu_does_not_start_without_one(service):
    worker = service.start_worker(QueueName.GPU)
    assert worker.wait(60) == 3
    assert "worker: no /dev/nvidia0" in service.log.read_text()
    assert workers_present(service.settings, QueueName.GPU) == []


def _execute(settings, meanwhile=None):
    async def main():
        executor = RemoteExecutor(settings)
        try:
            async with asyncio.timeout(60):
                running = asyncio.create_task(executor.execute(EXECUTION))
                if meanwhile is not None:
                    await asyncio.sleep(0)
                    await asyncio.to_thread(meanwhile)
                return await running
        finally:
            await executor.close()

    return asyncio.run(main())


def test_an_execution_that_asks_for_a_gpu_is_refused_at_once(service):
    with pytest.raises(GpuUnavailable, match=r"no GPU worker.*--queues gpu"):
        _execute(service.settings)
    assert service.queue.depths()[QueueName.GPU] == 0


def test_an_execution_whose_gpu_worker_goes_away_is_given_up(service):
    announcer = Announcer(service.settings, [QueueName.GPU], lambda: None)
    announcer.start()
    while not workers_present(service.settings, QueueName.GPU):
        time.sleep(0.01)

    def leave():
        while service.queue.depths()[QueueName.GPU] == 0:
            time.sleep(0.02)
        announcer.stop()

    with pytest.raises(GpuUnavailable, match="no GPU worker"):
        _execute(service.settings, leave)
