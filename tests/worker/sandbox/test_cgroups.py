import os
import subprocess
import sys
import time

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


@pytest.fixture
def unified():
    """A new group of version 2, where this machine has that hierarchy and we may write to it; it need not have controllers."""
    for kind, _, place, _ in cgroups._mounts():
        if kind == "cgroup2" and os.access(place, os.W_OK):
            folder = place / f"codepar-test-{os.getpid()}"
            try:
                folder.mkdir()
            except OSError:
                break
            yield folder
            if folder.exists():
                cgroups._remove(folder)
            return
    pytest.skip("no control group of version 2 can be made here")


def test_a_group_of_version_2_is_killed_at_one_stroke(unified):
    group = cgroups.Group({"memory": unified, "cpuacct": unified}, 2)
    line = "read go; for i in 1 2 3; do setsid sleep 100 & done; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; wait"
    (entrance,) = group.entrances()
    with subprocess.Popen(["sh", "-c", line], stdin=subprocess.PIPE) as shell:
        os.write(entrance, str(shell.pid).encode())
        os.close(entrance)
        shell.stdin.write(b"go\n")
        shell.stdin.flush()
        deadline = time.monotonic() + 20
        while len(cgroups._members(unified)) < 4 or not group.cpu_s():
            assert time.monotonic() < deadline, cgroups._members(unified)
            time.sleep(0.01)
        group.close()
        assert shell.wait(10) == -9
    assert not unified.exists()


def _folder(path, **files):
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name.replace("_", ".", 1)).write_text(text)
    return path


def test_limits_of_version_2(tmp_path):
    """On plain files: which words go where. That the kernel heeds them is for the probe, on a machine that has them."""
    folder = _folder(
        tmp_path / "group", memory_max="", memory_events="low 0\noom 3\noom_kill 2\n", pids_max="", pids_events="max 7\n"
    )
    _ = [(folder / name).write_text("") for name in ("memory.swap.max", "memory.oom.group")]
    group = cgroups.Group({"memory": folder, "pids": folder}, 2)
    group.limit(Bounds(memory_bytes=64 * MEBIBYTE, processes=10))
    written = {name: (folder / name).read_text() for name in ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max")}
    assert written == {"memory.max": str(72 * MEBIBYTE), "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "13"}
    assert group.alarms() == cgroups.Usage(oom_kills=2, refused_forks=7)
    assert group.usage().peak_memory_bytes == 0  # Linux before 5.19 has no memory.peak
    (folder / "memory.peak").write_text("4096\n")
    assert group.usage().peak_memory_bytes == 4096


def test_a_group_in_our_hands_is_divided_after_we_have_moved_aside(tmp_path):
    files = {"cgroup_controllers": "cpuset cpu io memory pids", "cgroup_subtree_control": "", "cgroup_procs": "7\n9\n"}
    topmost = _folder(tmp_path / "topmost", **files)
    cgroups._settle(topmost)
    assert (topmost / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert not (topmost / "codepar-service").exists()
    own = _folder(tmp_path / "own", **files, cgroup_type="domain")
    cgroups._settle(own)
    assert (own / "codepar-service" / "cgroup.procs").read_text() == "9"  # the last that was moved
    poor = _folder(tmp_path / "poor", **{**files, "cgroup_controllers": "cpu hugetlb"})
    cgroups._settle(poor)
    assert (poor / "cgroup.subtree_control").read_text() == ""
