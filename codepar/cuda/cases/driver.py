"""Programs that run test cases: the original with our driver, and a candidate with the same driver.

The function is called through ``codepar_call``, a few lines after its own text, so that names, macros and static functions of its
file keep out of the driver, which is a translation unit of its own. A candidate's program holds neither the original nor an
expected value. Cases come by standard input: one compiled program serves all of them. Limits: other units of a project are not
linked, its headers are.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from codepar.cuda.cases.layout import layout_of
from codepar.cuda.cases.spec import TestSet
from codepar.cuda.cases.wire import render
from codepar.cuda.function import Parameter, SequentialFunction
from codepar.cuda.translation import Target, Translation
from codepar.project import CXX_SUFFIXES, HEADER_SUFFIXES, Project
from codepar.protocols import Execution, Limits
from codepar.syntax.language import Language

DRIVER = "codepar_driver.c"
MAX_OUTPUT_BYTES = 64 * 1024**2
APART_S = 3
"""Seconds of processor time that one case of the original may take before it is left out."""

_C_HEADERS = ("math.h", "float.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h")
_CXX_HEADERS = ("algorithm", "cfloat", "climits", "cmath", "cstdint", "cstdio", "cstdlib", "cstring")
_MAIN = re.compile(r"\bmain\s*\(")
_POINTER = """struct codepar_pointer {
    void *value;
    template <class T> operator T *() const { return static_cast<T *>(value); }
};
"""


@dataclass(frozen=True)
class CaseProgram:
    """A program that runs the cases it is sent. ``unit`` is the path of the file that holds the function."""

    project: Project
    function: SequentialFunction
    unit: str
    emulate: bool = False
    openmp: bool = False
    flags: tuple[str, ...] = ()
    _made: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def execution(
        self,
        tests: TestSet,
        nonce: str,
        *,
        cases: Sequence[int] | None = None,
        fill: int = 0,
        apart_s: int = 0,
        limits: Limits | None = None,
        **fields: Any,
    ) -> Execution:
        """An execution of the cases at the indices ``cases`` (None: all); see ``wire.render`` for ``fill`` and ``apart_s``.

        ``fields`` are those of ``Execution`` (``sanitize``, ``coverage``, ``checks``...).
        """
        bounds = limits or Limits(wall_s=60, compile_s=120)
        return Execution(
            project=self.project,
            stdin=render(self.function, tests, nonce, cases=cases, fill=fill, apart_s=apart_s),
            emulate=self.emulate,
            openmp=self.openmp,
            limits=bounds.model_copy(update={"output_bytes": max(bounds.output_bytes, MAX_OUTPUT_BYTES)}),
            flags=(*self.flags, *fields.pop("flags", ())),
            **fields,
        )

    def sanitized(self, tests: TestSet, nonce: str, **fields: Any) -> Execution:
        """Each case apart under AddressSanitizer and UndefinedBehaviorSanitizer: one that is not clean does not end ``ok``."""
        strict = ("-fsanitize=float-cast-overflow", "-fno-sanitize-recover=undefined,float-cast-overflow")
        return self.execution(
            tests, nonce, **{"apart_s": APART_S, "sanitize": ("address", "undefined"), "flags": strict, **fields}
        )


def new_nonce() -> str:
    """A word that no program under test can know beforehand."""
    return secrets.token_hex(8)


def reference_project(function: SequentialFunction, *, files: Mapping[str, str] | None = None) -> CaseProgram:
    """The original with the driver. ``files`` are the other files of its project; headers among them are taken along.

    Raises ``InvalidInput`` where a parameter has a type that no test values can be made for.
    """
    is_cxx = function.language is not Language.C
    unit = _unit_path(function.path, ".cpp" if is_cxx else ".c")
    text = (
        _prelude(function.text, unit, is_cxx)
        + function.text
        + "\n"
        + _call(function, function.name, is_cxx)
        + _sizes(function, is_cxx)
    )
    return CaseProgram(_project(unit, text, files), function, unit)


def candidate_project(
    translation: Translation, function: SequentialFunction, *, files: Mapping[str, str] | None = None
) -> CaseProgram:
    """A translation with the driver: CUDA C++ for the emulated device, or C/C++ with OpenMP. Raises ``InvalidInput``."""
    if translation.target is Target.CUDA:
        unit, is_cxx, prelude = "translation.cu", True, _without_main(translation.source, "translation.cu")
    else:
        is_cxx = function.language is not Language.C
        unit = "translation.cpp" if is_cxx else "translation.c"
        prelude = _prelude(translation.source, unit, is_cxx)
    text = prelude + translation.source + "\n" + _call(function, translation.entry, is_cxx) + _no_sizes(is_cxx)
    is_cuda = translation.target is Target.CUDA
    return CaseProgram(_project(unit, text, files), function, unit, emulate=is_cuda, openmp=not is_cuda)


@cache
def _driver_text() -> str:
    return resources.files("codepar.cuda.cases").joinpath("case_driver.c").read_text(encoding="utf-8")


def _project(unit: str, text: str, files: Mapping[str, str] | None) -> Project:
    headers = {path: content for path, content in (files or {}).items() if PurePosixPath(path).suffix in HEADER_SUFFIXES}
    return Project(files={**headers, unit: text, DRIVER: _driver_text()})


def _unit_path(path: str, suffix: str) -> str:
    """The path of the original where it fits its language, so that findings name it."""
    pure = PurePosixPath(path)
    fits = pure.suffix == ".c" if suffix == ".c" else pure.suffix in CXX_SUFFIXES
    safe = not pure.is_absolute() and ".." not in pure.parts and str(pure) == path and path not in {DRIVER, "-", "."}
    return path if fits and safe else f"original{suffix}"


def _prelude(text: str, unit: str, is_cxx: bool) -> str:
    """The usual headers, for functions that were cut from their file; lines keep their numbers."""
    headers = "".join(f"#include <{name}>\n" for name in (_CXX_HEADERS if is_cxx else _C_HEADERS))
    return headers + ("using namespace std;\n" if is_cxx else "") + _without_main(text, unit)


def _without_main(text: str, unit: str) -> str:
    """The program's own main must not stand beside ours."""
    renamed = "#define main codepar_other_main\n" if _MAIN.search(text) else ""
    return f'{renamed}#line 1 "{unit}"\n'


def _call(function: SequentialFunction, entry: str, is_cxx: bool) -> str:
    arguments = ", ".join(_argument(function, one, index, is_cxx) for index, one in enumerate(function.signature.parameters))
    call = f"{entry}({arguments});"
    if function.signature.return_type != "void":
        call = f"*({_type(function, function.signature.return_type)} *)result = {call}"
    body = f"void codepar_call(void **arguments, void *result) {{\n    (void)arguments; (void)result;\n    {call}\n}}\n"
    return f'{_POINTER}extern "C" {body}' if is_cxx else body


def _argument(function: SequentialFunction, parameter: Parameter, index: int, is_cxx: bool) -> str:
    if parameter.is_buffer and not _is_referenced_number(parameter):
        return f"codepar_pointer{{arguments[{index}]}}" if is_cxx else f"arguments[{index}]"
    return f"*({_type(function, parameter.type)} *)arguments[{index}]"


def _is_referenced_number(parameter: Parameter) -> bool:
    return parameter.is_reference and not parameter.dimensions and "*" not in parameter.declaration


def _type(function: SequentialFunction, text: str) -> str:
    name = layout_of(text, function).spelling
    return "_Bool" if name == "bool" and function.language is Language.C else name


def _sizes(function: SequentialFunction, is_cxx: bool) -> str:
    """What the compiler of the original says of each type, against our own layouts."""
    cases = [f"    case {index}: return sizeof({one.type});\n" for index, one in enumerate(function.signature.parameters)]
    if function.signature.return_type != "void":
        cases.append(f"    case -1: return sizeof({function.signature.return_type});\n")
    body = f"    switch (parameter) {{\n{''.join(cases)}    default: return 0;\n    }}\n"
    return f"{_size_head(is_cxx)} {{\n{body}}}\n"


def _no_sizes(is_cxx: bool) -> str:
    return f"{_size_head(is_cxx)} {{ return parameter ? 0 : 0; }}\n"


def _size_head(is_cxx: bool) -> str:
    return 'extern "C" unsigned long codepar_size(int parameter)' if is_cxx else "unsigned long codepar_size(int parameter)"
