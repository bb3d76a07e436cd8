import os
import subprocess
import sys

import pytest

from worker.runner import MEBIBYTE, Bounds
from worker.sandbox import cgroups


@pytest.fixture
def hierarchy():
    found = cgroups.find()
    if found is None:
        pytest.skip("control groups are not writable here")
    return found


def test_limits_are_written_and_everything_is_removed(hierarchy):
    group = hierarchy.group(Bounds(memory_bytes=64 * MEBIBYTE, processes=10))
    folders = [folder for parent in hierarchy.parents.values() for folder in parent.glob(f"codepar-{os.getpid()}-*")]
    assert folders
    assert (group.usage().oom_kills, group.usage().refused_forks) == (0, 0)
    group.close()
    assert not any(folder.exists() for folder in folders)


def test_close_kills_what_is_still_inside(hierarchy):
    group = hierarchy.group(Bounds())
    entrances = list(group.entrances())
    with subprocess.Popen(["sleep", "100"]) as sleeper:
        for entrance in entrances:
            os.write(entrance, str(sleeper.pid).encode())
            os.close(entrance)
        group.close()
        assert sleeper.wait(10) == -9


def test_groups_of_a_killed_worker_are_swept(hierarchy):
    code = "from worker.runner import Bounds; from worker.sandbox import cgroups; cgroups.find().group(Bounds())"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert hierarchy.leftovers()
    hierarchy.sweep()
    assert hierarchy.leftovers() == []
