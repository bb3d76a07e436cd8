"""The C and C++ compilers of this machine, and what each can do here: OpenMP and sanitizers, asked of the compiler itself.

Limits: gcc and clang by their plain names (``gcc``, ``clang``) on one PATH; another version is chosen by that PATH. Remedies name
Debian's packages.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import ToolMissing
from codepar.protocols import CompilerName, Sanitizer

_PAIRS = {"gcc": ("gcc", "g++"), "clang": ("clang", "clang++")}
_GCC_RUNTIMES: dict[Sanitizer, str] = {
    "address": "libasan.so",
    "undefined": "libubsan.so",
    "thread": "libtsan.so",
    "leak": "liblsan.so",
}
_TRIAL_S = 30
_OPENMP_TRIAL = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
_EMPTY_TRIAL = "int main(void) { return 0; }\n"


@dataclass(frozen=True)
class Compiler:
    """A C compiler and its C++ sibling. ``identity`` changes when they do; ``major`` is 0 where it cannot be read."""

    cc: str
    cxx: str
    identity: str
    is_gcc: bool = True
    major: int = 0

    @property
    def name(self) -> str:
        return "gcc" if self.is_gcc else "clang"

    @property
    def archer(self) -> Path | None:
        """The tool that tells ThreadSanitizer what clang's OpenMP runtime orders; it comes with that runtime."""
        library = Path(self.cc).resolve().parent.parent / "lib" / "libarcher.so"
        return library if not self.is_gcc and library.is_file() else None

    @property
    def symbolizer(self) -> Path | None:
        """What clang's sanitizers name lines with; gcc's do it themselves."""
        program = Path(self.cc).resolve().parent / "llvm-symbolizer"
        return program if not self.is_gcc and program.is_file() else None


@functools.cache
def find_compiler(path: str, wanted: CompilerName = "auto") -> Compiler:
    """The wanted compiler on ``path`` (a PATH string); ``auto`` prefers gcc. Raises ``ToolMissing``."""
    for name in _PAIRS if wanted == "auto" else (wanted,):
        cc, cxx = _PAIRS[name]
        found = shutil.which(cc, path=path)
        if found is not None:
            return _compiler(found, shutil.which(cxx, path=path) or cxx, name == "gcc")
    if wanted == "auto":
        raise ToolMissing("no C compiler is installed", remedy="apt-get install gcc g++")
    packages = "gcc g++" if wanted == "gcc" else "clang libomp-dev libclang-rt-dev"
    raise ToolMissing(f"{wanted} is not installed", remedy=f"apt-get install {packages}")


def _compiler(cc: str, cxx: str, is_gcc: bool) -> Compiler:
    shown = subprocess.run([cc, "--version"], capture_output=True, text=True, check=False).stdout
    first = next(iter(shown.splitlines()), "")
    stat = Path(cc).resolve().stat()
    version = re.search(r"(\d+)\.\d+\.\d+", first)
    return Compiler(cc, cxx, f"{cc} {first} {stat.st_size} {stat.st_mtime_ns}", is_gcc, int(version[1]) if version else 0)


def require_cxx(compiler: Compiler) -> None:
    """Raise ``ToolMissing`` where the C++ half is not installed."""
    if not Path(compiler.cxx).is_file():
        raise ToolMissing(f"{compiler.cxx} is not installed", remedy=f"apt-get install {compiler.cxx}")


def require_openmp(compiler: Compiler) -> None:
    """Raise ``ToolMissing`` where the compiler has no OpenMP runtime or header."""
    if not (_has_file(compiler, "libgomp.spec") if compiler.is_gcc else can_build(compiler, ("-fopenmp",))):
        package = f"libgcc-{compiler.major}-dev" if compiler.is_gcc else _clang_package(compiler, "libomp-{}-dev")
        raise ToolMissing(f"{compiler.name} finds no OpenMP runtime", remedy=f"apt-get install {package}")


def require_sanitizers(compiler: Compiler, names: Sequence[Sanitizer]) -> None:
    """Raise ``ToolMissing`` for the first sanitizer whose runtime is not installed."""
    for name in names:
        if not has_sanitizer(compiler, name):
            package = f"libgcc-{compiler.major}-dev" if compiler.is_gcc else _clang_package(compiler, "libclang-rt-{}-dev")
            raise ToolMissing(f"{compiler.name} finds no runtime of the {name} sanitizer", remedy=f"apt-get install {package}")


def has_sanitizer(compiler: Compiler, name: Sanitizer) -> bool:
    """Whether the runtime is installed."""
    if compiler.is_gcc:
        return _has_file(compiler, _GCC_RUNTIMES[name])
    return can_build(compiler, (f"-fsanitize={name}",))


@functools.cache
def _has_file(compiler: Compiler, name: str) -> bool:
    """Whether gcc knows where that file of its own lies; it prints the bare name otherwise."""
    shown = subprocess.run([compiler.cc, f"-print-file-name={name}"], capture_output=True, text=True, check=False).stdout
    return shown.strip() not in {"", name}


def _clang_package(compiler: Compiler, pattern: str) -> str:
    return pattern.format(compiler.major) if compiler.major else pattern.replace("{}-", "")


@functools.cache
def can_build(compiler: Compiler, flags: tuple[str, ...]) -> bool:
    """Whether a small program of our own compiles and links with ``flags``. Outside the box, once a process."""
    trial = _OPENMP_TRIAL if "-fopenmp" in flags else _EMPTY_TRIAL
    with tempfile.TemporaryDirectory(prefix="codepar-trial-") as folder:
        command = [compiler.cc, *flags, "-x", "c", "-", "-o", str(Path(folder, "trial"))]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": folder}
        try:
            done = subprocess.run(
                command, input=trial.encode(), env=environment, capture_output=True, timeout=_TRIAL_S, check=False
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0
