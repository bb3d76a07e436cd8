"""Builds the sandbox's C programs once a machine and version: ``launch.c``, ``init.c`` and ``probe.c``.

Limits: needs a C compiler, which a worker has anyway. Linked statically where the static libc is installed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from codepar.errors import SandboxUnavailable
from codepar.settings import Settings

_FLAGS = ("-O2", "-Wall")


def _compiler() -> str:
    for name in ("cc", "gcc", "clang"):
        found = shutil.which(name)
        if found:
            return found
    raise SandboxUnavailable(
        "no C compiler is installed, and the sandbox builds a small program of its own", remedy="install gcc"
    )


def _compile(source: Path, target: Path) -> None:
    """Statically, else dynamically; moved into place whole, so that two workers may build at once."""
    errors = ""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        built = Path(scratch, "built")
        attempts: Sequence[Sequence[str]] = (("-static",), ())
        for extra in attempts:
            line = [_compiler(), *_FLAGS, *extra, "-o", str(built), str(source)]
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)
            if done.returncode == 0:
                built.chmod(0o755)
                built.replace(target)
                return
            errors = done.stderr
    raise SandboxUnavailable(f"{source.name} does not compile: {errors[-400:]}", remedy="install gcc and the C library's headers")


def build(settings: Settings, name: str) -> Path:
    """The compiled program of that source, from the cache when it is there. Raises ``SandboxUnavailable``."""
    source = Path(__file__).with_name(name)
    sources = b"".join(path.read_bytes() for path in (source, *sorted(source.parent.glob("*.h"))))
    key = hashlib.sha256(sources + platform.machine().encode() + " ".join(_FLAGS).encode()).hexdigest()[:16]
    folder = settings.cache_dir / "sandbox"
    target = folder / f"{source.stem}-{key}"
    if not os.access(target, os.X_OK):
        folder.mkdir(parents=True, exist_ok=True)
        _compile(source, target)
    return target
