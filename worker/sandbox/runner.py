"""The sandboxed runner: each command in a box of its own, and no command at all where a wall is missing.

Threat model: the command is written by a stranger or a language model and wants out, wants secrets, wants to stay, or wants
the machine. It gets no host account, no host process in sight, no network but its own, no writable host file, no privileges,
and bounded memory, processes, files, output and time; the verdict comes from the host's clock and counters. Limits: the kernel
is shared, so kernel faults and side channels (timing, caches, load) are out of scope; so is what an operator binds into the box.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

from codepar.errors import SandboxUnavailable
from codepar.settings import Settings
from worker.runner import Command, Outcome, Watch
from worker.sandbox import bubblewrap, cgroups, image, launch, probe, program, seccomp
from worker.sandbox.cgroups import Group, Hierarchy
from worker.sandbox.image import Shelf
from worker.sandbox.launch import Equipment
from worker.sandbox.probe import Report
from worker.sandbox.process import Monitor

_FALLBACK_POLL_MS = 10
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/box", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108 - the box's own /tmp
_FILES = {
    "/etc/passwd": b"root:x:0:0::/:/usr/sbin/nologin\nbox:x:1000:1000::/box:/bin/sh\n",
    "/etc/group": b"root:x:0:\nbox:x:1000:\n",
    "/etc/hosts": b"127.0.0.1 localhost box\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}


class SandboxedRunner:
    """Runs commands in boxes. Many ``run`` may be under way at once in one event loop."""

    name: Literal["sandboxed"] = "sandboxed"

    def __init__(self, settings: Settings, *, control_groups: bool = True) -> None:
        """``control_groups`` False leaves memory and processes to pid 1 of the box even where groups are writable."""
        self._settings = settings
        self._control_groups = control_groups
        self._hierarchy: Hierarchy | None = None
        self._equipment: Equipment | None = None
        self._preparing = threading.Lock()
        self._report: Report | None = None
        self._proof: asyncio.Task[None] | None = None
        self._proved_with: set[tuple[Path, ...]] = set()

    def prepare(self) -> Equipment:
        """Find and build what boxes need. Raises ``SandboxUnavailable``. Blocks for a compilation at the first use ever."""
        with self._preparing:
            if self._equipment is None:
                self._equipment = self._equip()
        return self._equipment

    def _equip(self) -> Equipment:
        self._hierarchy = cgroups.find() if self._control_groups else None
        bulk_memory = self._hierarchy is not None
        return Equipment(
            bubblewrap=bubblewrap.find(),
            launch=program.build(self._settings, "launch.c"),
            init=program.build(self._settings, "init.c"),
            files=_FILES,
            filter=seccomp.build_filter(bulk_memory=bulk_memory),
            device_filter=seccomp.build_filter(bulk_memory=bulk_memory, devices=True),
            binds=self._settings.sandbox_binds,
            environment={**_ENVIRONMENT, **self._settings.sandbox_environment},
            poll_ms=0 if self._hierarchy is not None else _FALLBACK_POLL_MS,
            shelf=Shelf() if image.possible() else None,
        )

    async def probe(self) -> Report:
        """Try to break every wall, now. Raises ``SandboxUnavailable`` when no box can be started at all."""
        try:
            report = await self._attempt()
        except SandboxUnavailable:
            if not self._lay_out_anew():
                raise
            report = await self._attempt()
        if report.holds or self._hierarchy is None:
            return report
        self._control_groups, self._equipment = False, None  # groups that do not do what they promise are worth nothing
        return await self._attempt()

    def _lay_out_anew(self) -> bool:
        """For hosts that let no image be joined: each box is laid out by itself. False when that is so already."""
        if self._equipment is None or self._equipment.shelf is None:
            return False
        self._equipment.shelf.close()
        self._equipment = replace(self._equipment, shelf=None)
        return True

    async def _attempt(self, devices: tuple[Path, ...] = ()) -> Report:
        report = await self._examined(devices)
        if not report.holds and self._equipment is not None and self._equipment.shelf is not None:
            self._equipment.shelf.close()  # a box may have left something in what the next would start in
        return report

    async def _examined(self, devices: tuple[Path, ...]) -> Report:
        equipment = await asyncio.to_thread(self.prepare)
        bare = replace(equipment, binds=(), environment=_ENVIRONMENT)  # what operators add is theirs to answer for
        attempts = await asyncio.to_thread(lambda: program.build(self._settings, "probe.c").read_bytes())
        counters = f"control groups, version {self._hierarchy.version}" if self._hierarchy else "pid 1 of the box"
        version = ".".join(map(str, bare.bubblewrap.version))
        return await probe.examine(
            lambda command: self._run(bare, replace(command, devices=devices)),
            attempts,
            counters,
            f"{bare.bubblewrap.program} {version}",
        )

    async def _proved(self) -> Equipment:
        """The equipment, once every wall has held in this process. Raises ``SandboxUnavailable``."""
        if self._report is None:
            loop = asyncio.get_running_loop()
            if self._proof is None or self._proof.done() or self._proof.get_loop() is not loop:
                self._proof = loop.create_task(self._prove())
            await asyncio.shield(self._proof)  # one proof for all who wait; the one who leaves does not end it
        return self.prepare()

    async def _prove_with(self, devices: tuple[Path, ...]) -> None:
        """A box that shows devices has other walls: they are tried too. Raises ``SandboxUnavailable``."""
        if devices not in self._proved_with:
            report = await self._attempt(devices)
            if not report.holds:
                raise probe.refuse(report)
            self._proved_with.add(devices)

    async def _prove(self) -> None:
        report = await self.probe()
        if not report.holds:
            raise probe.refuse(report)
        self._report = report

    async def run(self, command: Command, watch: Watch | None = None) -> Outcome:
        equipment = await self._proved()
        if command.devices:
            await self._prove_with(command.devices)
        return await self._run(equipment, command, watch)

    async def _run(self, equipment: Equipment, command: Command, watch: Watch | None = None) -> Outcome:
        with ExitStack() as stack:
            group = self._group(command)
            if group is not None:
                stack.callback(group.close)
            monitor = Monitor(launch.start(equipment, command, group), command, group)
            await monitor.finish(watch)
            return monitor.outcome()

    def _group(self, command: Command) -> Group | None:
        if self._hierarchy is None:
            return None
        try:
            return self._hierarchy.group(command.bounds)
        except OSError as error:
            raise SandboxUnavailable(f"no control group could be made: {error}", remedy="codepar doctor") from error
