"""The CPU runtime in a form that programs can be built with: headers, archives, precompiled headers, made once and kept.

They lie in a folder of the cache that is named by their content and the compiler, and that boxes see read-only. They are
made outside any box, because their source is ours. Limits: the folder is trusted as far as its permissions go; the three
versions used last are kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codepar.errors import EnvironmentFault
from worker.toolchains.compilers import Compiler

Mode = Literal["plain", "checked"]
PRELUDE = "codepar_cuda_prelude.h"

_SOURCES = Path(__file__).parent
_ARCHIVE = "libcodepar_cuda.a"
_FORMAT = "1"
_COMPILE_S = 300
_KEPT_VERSIONS = 3
_KEPT_S = 3600.0
_FLAGS = ("-std=c++17", "-O2", "-g1", "-fPIE", "-pthread", "-fno-strict-aliasing", "-Wall", "-Wextra")
DEFINES: dict[Mode, tuple[str, ...]] = {"plain": (), "checked": ("-DCODEPAR_CUDA_CHECKED",)}
# What nvcc defines for units of CUDA.
NVCC_DEFINES = ("-D__CUDACC__", "-D__NVCC__", "-D__CUDACC_VER_MAJOR__=12", "-D__CUDACC_VER_MINOR__=4", "-D__CUDACC_VER_BUILD__=0")


@dataclass(frozen=True)
class Library:
    """What a program of one mode is built with. ``folder`` holds all of it; ``identity`` changes with its content."""

    folder: Path
    archive: Path
    precompiled: Path | None
    identity: str

    @property
    def include(self) -> Path:
        return self.folder / "include"


class Libraries:
    """The runtime for one compiler, made on first use. Safe for threads; processes share the folder."""

    def __init__(self, cache: Path, compiler: Compiler, path: str) -> None:
        self._compiler = compiler
        self._environment = {"PATH": path, "LC_ALL": "C"}
        # Precompiled headers name the folder they were made in: one name for it, also behind a link.
        self._root = cache.resolve() / "cuda_cpu"
        self._lock = threading.Lock()
        self._ready: dict[tuple[Mode, tuple[str, ...]], Library] = {}

    async def ready(self, mode: Mode, options: Sequence[str]) -> Library:
        """The library of ``mode``, with headers precompiled for units with ``options``. Raises ``EnvironmentFault``."""
        known = self._ready.get((mode, tuple(options)))
        return known if known is not None else await asyncio.to_thread(self._prepare, mode, tuple(options))

    def _prepare(self, mode: Mode, options: tuple[str, ...]) -> Library:
        with self._lock:
            digest = self._digest()
            folder = self._root / digest
            self._install_headers(folder)
            archive = self._archive(folder, mode)
            precompiled = self._precompiled(folder, mode, options)
            with contextlib.suppress(OSError):
                os.utime(folder)
            library = Library(folder, archive, precompiled, digest)
            self._ready[mode, options] = library
            return library

    def _digest(self) -> str:
        digest = hashlib.sha256(f"{_FORMAT} {self._compiler.identity} {_FLAGS} {NVCC_DEFINES}".encode())
        for path in _source_files():
            digest.update(f"{path.relative_to(_SOURCES)}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:24]

    def _install_headers(self, folder: Path) -> None:
        if (folder / "include" / PRELUDE).is_file():
            return
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _forget_old_versions(self._root)
        with _beside(folder) as made:
            shutil.copytree(_SOURCES / "include", made / "include")
            shutil.copytree(_SOURCES / "runtime", made / "runtime")
            (made / "include" / PRELUDE).write_text("#include <cuda_runtime.h>\n")
            made.chmod(0o755)
            _move(made, folder)

    def _archive(self, folder: Path, mode: Mode) -> Path:
        archive = folder / mode / _ARCHIVE
        if not archive.is_file():
            with _beside(folder / mode) as made:
                sources = [path for path in sorted((folder / "runtime").iterdir()) if _belongs(path, mode)]
                with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                    objects = list(pool.map(lambda source: self._object(folder, source, made, mode), sources))
                self._run(["ar", "rcs", str(made / _ARCHIVE), *map(str, objects)])
                made.chmod(0o755)
                _move(made, folder / mode)
        return archive

    def _object(self, folder: Path, source: Path, made: Path, mode: Mode) -> Path:
        target = made / f"{source.name}.o"
        where = (f"-I{folder / 'include'}", f"-I{folder}")
        self._run([self._compiler.cxx, *_FLAGS, *DEFINES[mode], *where, "-c", str(source), "-o", str(target)])
        return target

    def _precompiled(self, folder: Path, mode: Mode, options: tuple[str, ...]) -> Path | None:
        """A folder whose prelude is precompiled for exactly these options; None for a compiler that takes none."""
        if not self._compiler.is_gcc:
            return None
        name = hashlib.sha256(repr((mode, options)).encode()).hexdigest()[:16]
        target = folder / "precompiled" / name
        if not target.is_dir():
            target.parent.mkdir(exist_ok=True)
            with _beside(target) as made:
                made.chmod(0o755)
                where = f"-I{folder / 'include'}"
                command = [self._compiler.cxx, *options, where, "-x", "c++-header", str(folder / "include" / PRELUDE)]
                self._run([*command, "-o", str(made / f"{PRELUDE}.gch")])
                _move(made, target)
        return target

    def _run(self, command: list[str]) -> None:
        try:
            done = subprocess.run(
                command, env=self._environment, capture_output=True, text=True, errors="replace", timeout=_COMPILE_S, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EnvironmentFault(f"the CUDA runtime cannot be built: {error}", remedy="apt-get install g++ binutils") from error
        if done.returncode != 0:
            reason = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:400])
            raise EnvironmentFault(f"the CUDA runtime cannot be built: {reason}", remedy="apt-get install g++ (12 or later)")


def is_built(cache: Path) -> bool:
    """Whether some version of the runtime lies in the cache: whoever asks first waits for it to be compiled."""
    return any((cache / "cuda_cpu").glob(f"*/*/{_ARCHIVE}"))


def _source_files() -> list[Path]:
    folders = (_SOURCES / "include", _SOURCES / "runtime")
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def _belongs(source: Path, mode: Mode) -> bool:
    return source.suffix in {".cc", ".S"} and (mode == "checked" or not source.name.startswith("check_"))


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder in which ``target`` is made; gone afterwards, whatever happened."""
    try:
        made = Path(tempfile.mkdtemp(prefix=f".new-{target.name[:8]}-", dir=target.parent))
    except OSError as error:
        raise EnvironmentFault(f"{target.parent}: {error.strerror}", remedy="free some disk space") from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _move(made: Path, target: Path) -> None:
    """Put the finished folder in its place; where another process was quicker, its folder stays."""
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _forget_old_versions(root: Path) -> None:
    versions = sorted((path for path in root.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in versions[_KEPT_VERSIONS:]:
        if time.time() - path.stat().st_mtime > _KEPT_S:
            shutil.rmtree(path, ignore_errors=True)
