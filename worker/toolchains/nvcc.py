"""nvcc: found on the system or in wheels, and the command lines that check a CUDA program or build it for a GPU.

The wheels (``pip install 'codepar[nvcc]'``) hold a whole toolkit for compiling; a C++ compiler is needed besides. Limits: CUDA 12
and later in the wheels' layout of version 13; options are an allow list, spelled as nvcc does.
"""

from __future__ import annotations

import functools
import importlib.util
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codepar.errors import ToolMissing
from codepar.project import CXX_SUFFIXES, HEADER_SUFFIXES, Project
from worker.toolchains.flags import Sorted, joined, sort_flags

REMEDY = "pip install 'codepar[nvcc]', or name one by CODEPAR_NVCC"
_SYSTEM = Path("/usr/local/cuda/bin/nvcc")
_BOX_ROOTS = (Path("/usr"), Path("/bin"))
_RELEASE = re.compile(r"release (\d+\.\d+)")
# What nvcc takes as it is; other flags that the host compiler knows are handed on to it.
_OWN = re.compile(
    r"-O[0-3]|-g|-G|-lineinfo|-std=c\+\+(11|14|17|20)|-D[A-Za-z_].*|-U[A-Za-z_]\w*|-I.+|-l[A-Za-z0-9_+.-]+|-w|"
    r"-arch=(native|(sm|compute)_\d+[af]?)|-use_fast_math|-rdc=(true|false)|-fmad=(true|false)|-ftz=(true|false)|"
    r"--?(expt-relaxed-constexpr|expt-extended-lambda|extended-lambda)"
)
_HEADER = re.compile(r"-I.+")


@dataclass(frozen=True)
class Nvcc:
    """A CUDA compiler. ``root`` holds its bin, include and nvvm folders; ``version`` is the toolkit's."""

    program: Path
    root: Path
    version: str
    identity: str

    def read_only(self) -> tuple[Path, ...]:
        """Host folders that a box must show besides the system's own."""
        return () if any(self.root.is_relative_to(place) for place in _BOX_ROOTS) else (self.root,)


def find_nvcc(path: str, named: Path | None = None) -> Nvcc:
    """The one that the settings name, else that of the wheels, else on ``path`` (a PATH string). Raises ``ToolMissing``."""
    if named is not None:
        found = _nvcc(named)
        if found is None:
            raise ToolMissing(f"{named} is no nvcc that starts", remedy="mend CODEPAR_NVCC")
        return found
    for program in _candidates(path):
        found = _nvcc(program)
        if found is not None:
            return found
    raise ToolMissing("nvcc is not installed", remedy=REMEDY)


def _candidates(path: str) -> Iterator[Path]:
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        yield from sorted(Path(folder).glob("cu*/bin/nvcc"), reverse=True)
    on_path = shutil.which("nvcc", path=path)
    if on_path is not None:
        yield Path(on_path)
    yield _SYSTEM


@functools.cache
def _nvcc(program: Path) -> Nvcc | None:
    """What lies there; a script that hands on to another place is known by the folder that place tells."""
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
        told = subprocess.run(
            [program, "--dryrun", "-E", "-x", "cu", "/dev/null"], capture_output=True, text=True, timeout=20, check=False
        )
        stat = program.resolve().stat()
    except (OSError, subprocess.SubprocessError):
        return None
    release = _RELEASE.search(shown.stdout)
    top = re.search(r"^#\$ (?:TOP|CUDA_ROOT)=(.+)$", told.stdout + told.stderr, re.MULTILINE)
    if release is None or top is None:
        return None
    identity = f"{program} {shown.stdout.splitlines()[-1]} {stat.st_size} {stat.st_mtime_ns}"
    return Nvcc(program, Path(posixpath.normpath(top[1].strip())), release[1], identity)


def sort_options(flags: Sequence[str], roots: Sequence[Path] = ()) -> Sorted:
    """nvcc's own options as they are, those of the host compiler behind ``-Xcompiler``; the rest is refused."""
    allowed: list[str] = []
    refused: list[str] = []
    for flag in joined(flags):
        known = sort_flags([flag], roots)
        if _OWN.fullmatch(flag) and (not _HEADER.fullmatch(flag) or known.allowed):
            allowed.append(flag)
        elif known.allowed:
            allowed += ["-Xcompiler", flag]
        else:
            refused.append(flag)
    return Sorted(tuple(allowed), tuple(refused))


def check_command(nvcc: Nvcc, project: Project, options: Sequence[str]) -> tuple[str, ...]:
    """The front end for the device on every CUDA unit, all of them whatever one says; leaves ``check_artifacts``."""
    steps = [
        _shell_words((str(nvcc.program), "-ptx", *options, *_headers(project), _safe(unit), "-o", name))
        for unit, name in zip(project.cuda_sources(), check_artifacts(project), strict=True)
    ]
    return ("/bin/sh", "-c", "\n".join(["worst=0", *(f"{step} || worst=$?" for step in steps), "exit $worst"]))


def check_artifacts(project: Project) -> tuple[str, ...]:
    """The PTX text of each CUDA unit."""
    return tuple(f".codepar/{number}.ptx" for number in range(len(project.cuda_sources())))


def build_command(nvcc: Nvcc, project: Project, program: str, options: Sequence[str]) -> tuple[str, ...]:
    """The whole program in one go: CUDA, C++ and C units, linked with the static runtime."""
    units = [*project.cuda_sources(), *project.sources()]
    return (str(nvcc.program), *options, *_headers(project), *(_safe(unit) for unit in units), "-o", program)


def _headers(project: Project) -> tuple[str, ...]:
    suffixes = HEADER_SUFFIXES | CXX_SUFFIXES
    folders = {str(PurePosixPath(path).parent) for path in project.files if PurePosixPath(path).suffix in suffixes}
    return tuple(f"-I{folder}" for folder in sorted(folders))


def _safe(path: str) -> str:
    return f"./{path}" if path.startswith(("-", "@")) else path


def _shell_words(words: Sequence[str]) -> str:
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
