"""Checks of ``codepar doctor`` for optional tools: compilers, mpi4py, Fortran, nvcc, a GPU. Limits: the main flow needs none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import get_args

from codepar.cli.doctor_check import Check
from codepar.errors import EnvironmentFault, GpuUnavailable, ToolMissing
from codepar.protocols import Sanitizer
from codepar.settings import Settings
from worker.toolchains import compilers, fortran, mpi, nvcc, python
from worker.toolchains.compilers import Compiler
from worker.toolchains.gpu.compiler import require_fit
from worker.toolchains.gpu.device import Gpu, find_gpu
from worker.toolchains.gpu.sanitizer import find_sanitizer


def optional_tools(settings: Settings, path: str) -> Iterator[Check]:
    """One line a tool; what is missing comes with the command that installs it. ``path`` is where boxes look."""
    try:
        yield from _with(compilers.find_compiler(path, "gcc"))
    except ToolMissing as error:
        yield _missing("gcc", error)
    yield _gcov(path)
    try:
        clang = compilers.find_compiler(path, "clang")
        yield Check(name="clang", state="ok", detail=f"version {clang.major} at {clang.cc}", needed=False)
        yield from _with(clang)
    except ToolMissing as error:
        yield _missing("clang", error)
    yield _mpi4py(path)
    yield _fortran(path)
    yield _nvcc(settings, path)
    yield _device(settings, path)
    yield _compute_sanitizer(settings, path)


def _with(compiler: Compiler) -> Iterator[Check]:
    """OpenMP and the sanitizers of one compiler."""
    try:
        compilers.require_openmp(compiler)
        races = compiler.is_gcc or compiler.archer is not None
        detail = "found; races can be looked for" if races else "found, but not libarcher.so: no races can be looked for"
        yield Check(name=f"OpenMP ({compiler.name})", state="ok", detail=detail, needed=False)
    except ToolMissing as error:
        yield _missing(f"OpenMP ({compiler.name})", error)
    try:
        names = get_args(Sanitizer)
        compilers.require_sanitizers(compiler, names)
        yield Check(name=f"sanitizers ({compiler.name})", state="ok", detail=", ".join(names), needed=False)
    except ToolMissing as error:
        yield _missing(f"sanitizers ({compiler.name})", error)


def _gcov(path: str) -> Check:
    found = shutil.which("gcov", path=path)
    if found is None:
        return Check(name="gcov", state="missing", detail="no coverage without it", remedy="apt-get install gcc", needed=False)
    return Check(name="gcov", state="ok", detail=found, needed=False)


def _mpi4py(path: str) -> Check:
    try:
        found = python.find_interpreter(path, needs_mpi=True)
    except ToolMissing as error:
        return _missing("Python (mpi4py)", error)
    return Check(name="Python (mpi4py)", state="ok", detail=f"{found.version.split()[0]} at {found.program}", needed=False)


def _fortran(path: str) -> Check:
    """gfortran, and whether an MPI here has Fortran."""
    try:
        compiler = fortran.find_compiler(path)
        launcher = fortran.choose_launcher(mpi.find_launchers(path), "auto")
    except ToolMissing as error:
        return _missing("Fortran (MPI)", error)
    return Check(name="Fortran (MPI)", state="ok", detail=f"{compiler.program}, {launcher.version}", needed=False)


def _nvcc(settings: Settings, path: str) -> Check:
    try:
        found = nvcc.find_nvcc(path, settings.nvcc)
    except ToolMissing as error:
        return _missing("nvcc", error)
    return Check(name="nvcc", state="ok", detail=f"{found.version} at {found.program}", needed=False)


def _device(settings: Settings, path: str) -> Check:
    """The GPU, and whether the nvcc that is here builds for it."""
    try:
        gpu = find_gpu()
        require_fit(nvcc.find_nvcc(path, settings.nvcc), gpu)
    except GpuUnavailable as error:
        return _missing("GPU", error)
    except ToolMissing:
        return Check(name="GPU", state="ok", detail=f"{_names(gpu)}; nothing builds for it without nvcc", needed=False)
    return Check(name="GPU", state="ok", detail=_names(gpu), needed=False)


def _names(gpu: Gpu) -> str:
    shown = ", ".join(f"{device.name} ({device.architecture}, {device.memory_bytes / 1024**3:.0f} GiB)" for device in gpu.devices)
    return f"{shown}, driver of CUDA {gpu.driver}"


def _compute_sanitizer(settings: Settings, path: str) -> Check:
    try:
        found = find_sanitizer(path, settings.compute_sanitizer)
    except ToolMissing as error:
        return _missing("compute-sanitizer", error)
    return Check(name="compute-sanitizer", state="ok", detail=f"{found.version} at {found.program}", needed=False)


def _missing(name: str, error: EnvironmentFault) -> Check:
    return Check(name=name, state="missing", detail=error.message, remedy=error.remedy, needed=False)
