"""Which compiler flags code under test may ask for: an allow list.

Everything that can load code into the compiler, read a file outside the project or change what runs (``-wrapper``, ``-fplugin``,
``-specs``, ``@file``, ``-B``, ``-include``, ``-Wl,``) is absent from it. Limits: gcc's and clang's spelling only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_WORD = r"[A-Za-z0-9_+.-]+"
_FEATURES = (
    "openmp|openmp-simd|exceptions|rtti|strict-aliasing|omit-frame-pointer|optimize-sibling-calls|fast-math|finite-math-only|"
    "math-errno|trapping-math|associative-math|reciprocal-math|signed-zeros|rounding-math|unsafe-math-optimizations|"
    "unroll-loops|unroll-all-loops|peel-loops|tree-vectorize|tree-slp-vectorize|vectorize|slp-vectorize|tree-loop-vectorize|"
    "inline|inline-functions|inline-small-functions|wrapv|trapv|strict-overflow|common|builtin|pic|PIC|pie|PIE|lto|"
    "stack-protector|stack-protector-all|stack-protector-strong|signed-char|unsigned-char|short-enums|permissive|"
    "sanitize-recover|sanitize-address-use-after-scope|delete-null-pointer-checks|threadsafe-statics|char8_t|concepts|"
    "coroutines|modules-ts|data-sections|function-sections|asynchronous-unwind-tables|visibility-inlines-hidden|gnu89-inline|"
    "ms-extensions|plan9-extensions|var-tracking|ipa-pta|gcse|ivopts|schedule-insns|schedule-insns2|prefetch-loop-arrays"
)
_ALLOWED = tuple(
    re.compile(pattern)
    for pattern in (
        r"-O([0-3sgz]|fast)?",
        r"-g([0-3]|gdb[0-3]?|dwarf(-[2-5])?|split-dwarf|line-tables-only)?",
        r"-std=[a-z0-9:+]+",
        r"-(ansi|pedantic|pedantic-errors|pthread|pipe|w)",
        r"-W(?![lap],)[a-z0-9+=-]*",
        rf"-f(no-)?({_FEATURES})",
        r"-f(no-)?(sanitize|sanitize-recover)=(address|undefined|leak|thread|bounds|alignment|null|shift|float-cast-overflow|,)+",
        r"-f(ffp-contract|fp-contract|max-errors|template-depth|constexpr-depth|visibility|inline-limit|tls-model|excess-precision)=[a-z0-9-]+",
        r"-m(arch|tune|cpu|fpmath|prefer-vector-width)=[A-Za-z0-9_+.-]+",
        r"-m(no-)?(avx[0-9a-z]*|sse[0-9.a-z]*|fma|fma4|bmi2?|popcnt|lzcnt|f16c|aes|64)",
        rf"-l{_WORD}",
        r"-D[A-Za-z_].*",
        r"-U[A-Za-z_]\w*",
    )
)
_WITH_VALUE = frozenset({"-I", "-D", "-U", "-l", "-isystem", "-iquote"})
_FOLDERS = ("-isystem", "-iquote", "-I")


@dataclass(frozen=True)
class Sorted:
    """The flags that may be used, in order, and those that may not."""

    allowed: tuple[str, ...]
    refused: tuple[str, ...]


def sort_flags(flags: Sequence[str], roots: Iterable[Path] = ()) -> Sorted:
    """Split flags by the allow list. ``roots`` are host folders from which headers may come, besides /usr and the project."""
    allowed: list[str] = []
    refused: list[str] = []
    for flag in joined(flags):
        (allowed if _is_allowed(flag, tuple(roots)) else refused).append(flag)
    return Sorted(tuple(allowed), tuple(refused))


def joined(flags: Sequence[str]) -> list[str]:
    """The flags with ``-I dir`` written as ``-Idir``; a value can then be judged with its flag."""
    whole: list[str] = []
    waiting = ""
    for flag in flags:
        if waiting:
            whole.append(waiting + flag)
            waiting = ""
        elif flag in _WITH_VALUE:
            waiting = flag
        else:
            whole.append(flag)
    return [*whole, waiting] if waiting else whole


def _is_allowed(flag: str, roots: tuple[Path, ...]) -> bool:
    if "\0" in flag or "\n" in flag:
        return False
    for option in _FOLDERS:
        if flag.startswith(option):
            return _is_readable_folder(flag[len(option) :].removeprefix("=") or "..", roots)
    return any(pattern.fullmatch(flag) for pattern in _ALLOWED)


def _is_readable_folder(name: str, roots: tuple[Path, ...]) -> bool:
    path = PurePosixPath(name)
    if ".." in path.parts or name.startswith(("-", "@")):
        return False
    return not path.is_absolute() or any(path.is_relative_to(root) for root in (Path("/usr"), *roots))
