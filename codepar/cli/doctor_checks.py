"""The checks of ``codepar doctor``: each looks at one thing the main flow stands on. Limits: repairs nothing."""

from __future__ import annotations

import asyncio
import importlib.util
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from codepar.broker import find_broker
from codepar.cli.doctor_check import Check
from codepar.cli.doctor_tools import optional_tools
from codepar.engine.factory import open_generator
from codepar.engine.models import find_model
from codepar.errors import CodeparError, ToolMissing
from codepar.flows.calibrate import all_calibrations, place_of
from codepar.queue import JobQueue
from codepar.settings import Settings
from codepar.store import open_store
from worker.sandbox import SandboxedRunner, probe
from worker.sandbox.probe import Report
from worker.toolchains.compilers import find_compiler
from worker.toolchains.mpi import find_launchers

# Where boxes look for compilers; a person's own PATH does not reach them.
BOX_PATH = "/usr/local/bin:/usr/bin:/bin"
WANTED_BYTES = 2 * 1024**3
MPI_REMEDY = "pip install 'codepar[mpi]', or apt-get install mpich"
SANDBOX_TIMEOUT_S = 60.0


def all_checks(settings: Settings) -> Iterator[Check]:
    """Every check in the order of the table; none raises."""
    yield _python()
    yield from _guarded("C and C++ compiler", _compilers)
    yield from _guarded("MPI", _mpi)
    yield from _guarded("sandbox", lambda: _sandbox(settings))
    yield from _guarded("broker", lambda: _broker(settings))
    yield from _guarded("store", lambda: _store(settings))
    yield from _guarded("disk", lambda: _disk(settings))
    yield from _guarded("engine", lambda: _engine(settings), needed=False)
    yield from _guarded("cost model", lambda: _calibration(settings), needed=False)
    yield from _guarded("tools", lambda: optional_tools(settings, BOX_PATH), needed=False)


def _guarded(name: str, check: Callable[[], Iterator[Check]], *, needed: bool = True) -> Iterator[Check]:
    try:
        yield from check()
    except CodeparError as error:
        yield Check(name=name, state="missing", detail=error.message, remedy=error.remedy, needed=needed)
    except OSError as error:
        yield Check(name=name, state="missing", detail=str(error), remedy="free space or permissions", needed=needed)


def _python() -> Check:
    # An older one could not have come this far: the package does not install there.
    return Check(name="python", state="ok", detail=f"{platform.python_version()} at {sys.executable}")


def _compilers() -> Iterator[Check]:
    compiler = find_compiler(BOX_PATH)
    yield Check(name="C compiler", state="ok", detail=compiler.cc)
    if Path(compiler.cxx).is_file():
        yield Check(name="C++ compiler", state="ok", detail=compiler.cxx)
    else:
        yield Check(name="C++ compiler", state="missing", detail="C works without it", remedy="apt-get install g++", needed=False)


def _mpi() -> Iterator[Check]:
    launchers = find_launchers(BOX_PATH)
    if not launchers:
        raise ToolMissing("no MPI is installed", remedy=MPI_REMEDY)
    for launcher in launchers:
        detail = f"{launcher.version} at {launcher.prefix}"
        yield Check(name=f"MPI ({launcher.kind})", state="ok", detail=detail)


def _sandbox(settings: Settings) -> Iterator[Check]:
    """A line for all walls together, then one for each: what was tried on it, and what was seen."""
    report = asyncio.run(_probe(settings))
    detail = f"{len(report.walls)} walls tried, {len(report.broken)} broken, in {report.took_s:.1f} s; {report.bubblewrap}"
    state: Literal["ok", "missing"] = "ok" if report.holds else "missing"
    yield Check(name="sandbox", state=state, detail=detail, remedy=None if report.holds else probe.refuse(report).remedy)
    yield Check(name="limits counted by", state="ok", detail=report.counters)
    for wall in report.walls:
        mends = None if wall.holds else probe.remedy(wall.name)
        yield Check(name=f"wall: {wall.name}", state="ok" if wall.holds else "missing", detail=wall.detail, remedy=mends)


async def _probe(settings: Settings) -> Report:
    try:
        async with asyncio.timeout(SANDBOX_TIMEOUT_S):
            return await SandboxedRunner(settings).probe()
    except TimeoutError:
        raise ToolMissing(f"the proof of the walls did not end within {SANDBOX_TIMEOUT_S:.0f} s") from None


def _broker(settings: Settings) -> Iterator[Check]:
    if settings.redis_url is None:
        yield Check(name="broker", state="ok", detail=f"{find_broker()}, started by `codepar serve`")
        return
    queue = JobQueue(settings)
    try:
        queue.ping()
    finally:
        queue.close()
    yield Check(name="broker", state="ok", detail="CODEPAR_REDIS_URL answers")


def _store(settings: Settings) -> Iterator[Check]:
    if settings.database_url is None and not (settings.data_dir / "codepar.sqlite3").exists():
        yield Check(name="store", state="ok", detail=f"made in {settings.data_dir} by the first `codepar serve`")
        return
    store = open_store(settings)
    try:
        jobs = sum(count.number for count in store.counts())
        yield Check(name="store", state="ok", detail=f"{store.name}, schema up to date, {jobs} jobs")
    finally:
        store.close()


def _disk(settings: Settings) -> Iterator[Check]:
    place = settings.data_dir
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    detail = f"{free / 1024**3:.1f} GiB free at {place}"
    if free >= WANTED_BYTES:
        yield Check(name="disk", state="ok", detail=detail)
    else:
        yield Check(name="disk", state="missing", detail=detail, remedy="free space, or set CODEPAR_DATA_DIR")


def _engine(settings: Settings) -> Iterator[Check]:
    if settings.engine_url is not None:
        detail = asyncio.run(_asked(settings))
        yield Check(name="engine", state="ok", detail=detail, needed=False)
        return
    package = "openvino_genai" if settings.engine_backend == "openvino" else "transformers"
    if importlib.util.find_spec(package) is None:
        extra = "engine" if package == "openvino_genai" else "train"
        raise ToolMissing(f"the package {package} is not installed", remedy=f"pip install 'codepar[{extra}]'")
    yield Check(name="engine", state="ok", detail=package, needed=False)
    yield _model(settings)
    yield _site_model(settings)


def _model(settings: Settings) -> Check:
    found = find_model(settings.models_dir, settings.model)
    if found is not None:
        return Check(name="model", state="ok", detail=f"{settings.model} at {found.path}", needed=False)
    detail = f"{settings.model} is not installed; the rules answer alone"
    return Check(name="model", state="missing", detail=detail, remedy="codepar models pull", needed=False)


def _site_model(settings: Settings) -> Check:
    found = find_model(settings.models_dir, settings.site_model)
    if found is not None:
        return Check(name="site scorer", state="ok", detail=f"{settings.site_model} at {found.path}", needed=False)
    detail = f"{settings.site_model} is not built; the language model is asked for places, too"
    remedy = f"codepar models build {settings.site_model}"
    return Check(name="site scorer", state="missing", detail=detail, remedy=remedy, needed=False)


async def _asked(settings: Settings) -> str:
    generator = await open_generator(settings)
    try:
        return f"{(await generator.capabilities()).model} at {settings.engine_url}"
    finally:
        await generator.close()


def _calibration(settings: Settings) -> Iterator[Check]:
    """What was measured of this engine; a model behind a URL may answer to another name than the default's."""
    known = [one for one in all_calibrations(settings) if one.where == place_of(settings)]
    found = next((one for one in known if one.model == settings.model or one.where), None)
    if found is None:
        detail = "not measured: plans of several requests are judged by assumed speeds"
        yield Check(name="cost model", state="missing", detail=detail, remedy="codepar calibrate", needed=False)
        return
    size, seconds = found.cost.batch[-1]
    alone = found.cost.b_s_per_token
    detail = f"{1 / alone:.0f} tokens/s alone, {size / seconds:.0f} with {size} at once, measured {found.measured_at:%Y-%m-%d}"
    yield Check(name="cost model", state="ok", detail=detail, needed=False)
