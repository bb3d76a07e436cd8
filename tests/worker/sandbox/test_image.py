"""The image that boxes start in: the same as a box laid out by itself, used again, and never stale, writable or left behind."""

import asyncio
import contextlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from codepar.errors import SandboxUnavailable
from worker.runner import Command
from worker.sandbox import SandboxedRunner, image
from worker.sandbox.bubblewrap import Bind
from worker.sandbox.descriptors import Descriptors

EVERYTHING = (
    "find / -xdev; find /dev /etc | sort; cat /etc/passwd /etc/hosts; grep -c . /proc/self/mountinfo; id; cat /proc/self/status"
)
VARIES = (b"Pid:", b"PPid:", b"NSpid", b"NStgid", b"NSpgid", b"NSsid", b"Ngid", b"Tgid:", b"Vm", b"Rss", b"Cpus", b"Mems")


@pytest.fixture
def laid_out(runners, settings):
    """A runner of its own whose boxes start in images, and one whose boxes are laid out one by one."""
    del runners
    if not image.possible():
        pytest.skip("root without CAP_SYS_ADMIN joins no image")
    inside, anew = (SandboxedRunner(settings, control_groups=False) for _ in range(2))
    anew._equipment = replace(anew.prepare(), shelf=None)
    shelf = inside.prepare().shelf
    yield inside, anew
    shelf.close()


def _open():
    return len(list(Path("/proc/self/fd").iterdir()))


def run(runner, script, **rest):
    return asyncio.run(runner.run(Command(argv=("/bin/bash", "-c", script), **rest)))


def _lasting(stdout):
    return [
        line
        for line in stdout.splitlines()
        if not line.startswith((*VARIES, b"voluntary_ctxt", b"nonvoluntary_ctxt", b"/proc")) and b"usr/" not in line
    ]


def test_a_box_looks_the_same_in_an_image_and_laid_out_by_itself(laid_out):
    first, second = (run(runner, EVERYTHING) for runner in laid_out)
    assert first.exit_code == second.exit_code
    seen, wanted = _lasting(first.stdout), _lasting(second.stdout)
    assert len(wanted) > 50
    assert [line for line in seen if not line.isdigit()] == [line for line in wanted if not line.isdigit()]


def test_boxes_share_an_image_and_no_file(laid_out):
    inside, _ = laid_out
    write = "for place in /box /tmp /dev/shm; do ls $place; echo mine > $place/mine; done"
    assert [run(inside, write).stdout for _ in range(3)] == [b"", b"", b""]
    assert len(inside.prepare().shelf._images) == 1


def test_nothing_of_an_image_can_be_written_or_mounted_over(laid_out):
    inside, _ = laid_out
    places = "/ /usr /etc /dev /sys /proc/sys/kernel/hostname /etc/passwd /dev/null/x"
    outcome = run(inside, f"for p in {places}; do (echo x > $p/x || echo x > $p) 2>/dev/null && echo ESCAPED $p; done; true")
    assert b"ESCAPED" not in outcome.stdout
    assert run(inside, "ls /image /oldroot /newroot; ls /").stdout.split() == sorted(run(inside, "ls /").stdout.split())


def test_a_folder_made_anew_is_seen_anew(laid_out, tmp_path):
    inside, _ = laid_out
    folder = tmp_path / "folder"
    for text in ("first", "second"):
        if folder.exists():
            (folder / "note").unlink()
            folder.rename(tmp_path / "old")
        folder.mkdir()
        (folder / "note").write_text(text)
        assert run(inside, f"cat {folder}/note", read_only=(folder,)).stdout == text.encode()


def test_a_folder_that_is_gone_is_named(laid_out, tmp_path):
    for runner in laid_out:
        with pytest.raises(SandboxUnavailable, match="missing") as refused:
            run(runner, "true", read_only=(tmp_path / "missing",))
        assert refused.value.remedy


def test_only_the_images_used_last_are_kept(tmp_path, laid_out):
    equipment = laid_out[0].prepare()
    mounts, before = Path("/proc/self/mountinfo").read_text(), _open()
    shelf = image.Shelf()
    for number in range(image._KEPT + 3):
        (tmp_path / str(number)).mkdir()
        with Descriptors() as kept:
            shelf.image(equipment.bubblewrap, equipment.files, [Bind(tmp_path / str(number))], kept)
    assert len(shelf._images) == image._KEPT
    assert Path("/proc/self/mountinfo").read_text() == mounts
    shelf.close()
    assert _open() == before


def test_where_no_image_can_be_joined_boxes_are_laid_out_one_by_one(laid_out, monkeypatch):
    def refuse(*_):
        raise SandboxUnavailable("no image here", remedy="none")

    inside, _ = laid_out
    monkeypatch.setattr(image, "make", refuse)
    assert run(inside, "echo started").stdout == b"started\n"
    assert inside.prepare().shelf is None


def test_a_forked_process_trusts_none_of_its_parents_descriptors(laid_out):
    inside, _ = laid_out
    assert run(inside, "true").exit_code == 0
    child = os.fork()
    if child == 0:
        os.closerange(3, 256)  # as workers that fork ahead do
        with contextlib.suppress(BaseException):
            os._exit(42 if run(inside, "echo forked").stdout == b"forked\n" else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert run(inside, "true").exit_code == 0
