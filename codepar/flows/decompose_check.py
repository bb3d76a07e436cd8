"""Compiles what an answer makes of a file: C, C++, CUDA (by the emulator), Fortran; of Python the syntax alone.

Only errors that the file did not have before count, for what came with a request may be a part of something larger. Nothing of an
answer is run. Limits: one file at a time; a missing tool or header of somebody else's library leaves the matter open.
"""

from __future__ import annotations

import ast
import asyncio
import shlex
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from codepar.errors import EnvironmentFault
from codepar.project import C_SUFFIXES, CUDA_SUFFIXES, CXX_SUFFIXES, FIXED_FORTRAN_SUFFIXES, HEADER_SUFFIXES, Project
from codepar.prompts.blocks import code_language
from codepar.prompts.code import read_code
from codepar.prompts.splice import BYTE_ORDER_MARK
from codepar.protocols import Execution, ExecutionResult, Executor, Limits, Status
from codepar.syntax.language import Language

_COMPILE_S = 60.0
_NOTHING = "codepar_nothing.sh"
_NOTHING_TEXT = "#!/bin/sh\nexit 0\n"
_DRIVER = "codepar_driver"
_OWN_MAIN = "codepar_own_main"
_STANDARDS = {Language.C: "-x c -std=gnu17", Language.CXX: "-x c++ -std=gnu++20"}
_MISSING = ("No such file or directory", "command not found", "not found", "Cannot open module file")
_MAX_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Compiled:
    """Whether a file compiles: ``ok`` None where nobody can say, ``errors`` what the compiler says that it did not say before."""

    ok: bool | None
    errors: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The errors as a model and a person are told them."""
        more = len(self.errors) - _MAX_SHOWN
        shown = "\n".join(self.errors[:_MAX_SHOWN]) + (f"\nand {more} more" if more > 0 else "")
        return f"it does not compile:\n{shown}"


@dataclass
class FileCompiler:
    """Compiles files beside those that came (``texts``, by path). ``slots`` bounds how many at once. ``notes`` say why not."""

    executor: Executor | None
    texts: Mapping[str, str]
    slots: asyncio.Semaphore
    notes: list[str] = field(default_factory=list)
    _before: dict[str, asyncio.Task[frozenset[str]]] = field(default_factory=dict)

    async def compiles(self, files: Mapping[str, str], path: str) -> Compiled:
        """Whether ``path`` of the changed or new ``files`` compiles."""
        language = code_language(path, files[path])
        if language is Language.PYTHON:
            return self._python_compiles(path, files[path])
        errors = await self._errors({**self.texts, **files}, path, language)
        if errors is None:
            return Compiled(None)
        known = await self._known(path, language)
        fresh = tuple(shown for message, shown in errors.items() if message not in known)
        if any(sign in one for one in fresh for sign in _MISSING):
            return Compiled(None, fresh)
        return Compiled(not fresh, fresh)

    def _python_compiles(self, path: str, text: str) -> Compiled:
        outcome = _python(path, text)
        if outcome.ok is False and _python(path, self.texts.get(path, "")).ok is False:
            # Another version's syntax, or a fragment: the parser tells only the first error, which is none of the answer's.
            return Compiled(None, outcome.errors)
        return outcome

    async def _known(self, path: str, language: Language) -> frozenset[str]:
        """The errors that the file had; of a new one those of the file it was made from do not count."""
        if path not in self.texts:
            return frozenset()
        if path not in self._before:
            self._before[path] = asyncio.ensure_future(self._errors_before(path, language))
        return await self._before[path]

    async def _errors_before(self, path: str, language: Language) -> frozenset[str]:
        return frozenset(await self._errors(self.texts, path, language) or ())

    async def _errors(self, texts: Mapping[str, str], path: str, language: Language) -> dict[str, str] | None:
        """What the compiler says, each message with the line it is about; None where it cannot be asked."""
        if self.executor is None:
            return None
        execution = _emulated(texts, path) if language is Language.CUDA else _syntax_only(texts, path, language)
        try:
            async with self.slots:
                result = await self.executor.execute(execution)
        except EnvironmentFault as fault:
            self.note(f"nothing was compiled: {fault}")
            return None
        if result.status is Status.COMPILE_ERROR:
            return _messages(result, texts)
        return None if result.status in {Status.UNSUPPORTED, Status.REFUSED, Status.INFRA_ERROR} else {}

    def note(self, text: str) -> None:
        """Remember it once."""
        if text not in self.notes:
            self.notes.append(text)


def _messages(result: ExecutionResult, texts: Mapping[str, str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for one in result.diagnostics:
        if one.kind != "error":
            continue
        lines = texts.get(one.file or "", "").split("\n")
        line = lines[one.line - 1].strip() if one.line and one.line <= len(lines) else ""
        said.setdefault(one.message, f"{one.message}: `{line}`" if line else one.message)
    reason = result.stderr.strip()[:400] or "the compiler gave no reason"
    return said or {reason: reason}


def _python(path: str, text: str) -> Compiled:
    if read_code(text, Language.PYTHON).is_too_deep:
        return Compiled(None, ("it is nested too deep to be read",))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text.removeprefix(BYTE_ORDER_MARK), path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
        return Compiled(False, (f"{getattr(error, 'msg', None) or error}{line}",))
    return Compiled(True)


def _syntax_only(texts: Mapping[str, str], path: str, language: Language) -> Execution:
    """The front end of the compiler alone: what links, and what would run, does not matter."""
    quoted = shlex.quote(f"./{path}")
    if language is Language.FORTRAN:
        form = "fixed" if PurePosixPath(path).suffix in FIXED_FORTRAN_SUFFIXES else "free"
        build = f"gfortran -fsyntax-only -fopenmp -f{form}-form -J/tmp {quoted}"
    else:
        driver = "$CXX" if language is Language.CXX else "$CC"
        strict = "-Werror=implicit-function-declaration " if language is Language.C else ""
        build = f"{driver} {_STANDARDS[language]} {strict}-fsyntax-only -fopenmp -I. {quoted}"
    files = {name: text for name, text in texts.items() if _is_readable(name)}
    project = Project(files={**files, _NOTHING: _NOTHING_TEXT}, build=build, run=_NOTHING)
    return Execution(project=project, limits=Limits(compile_s=_COMPILE_S))


def _emulated(texts: Mapping[str, str], path: str) -> Execution:
    """CUDA needs its own compiler, which links too; a ``main`` of the file is renamed, so that nothing of it runs."""
    text = f"#define main {_OWN_MAIN}\n#line 1\n{texts[path]}\n#undef main\nint main() {{ return 0; }}\n"
    headers = {name: one for name, one in texts.items() if PurePosixPath(name).suffix in HEADER_SUFFIXES}
    folder = PurePosixPath(path).parent
    project = Project(files={**headers, (folder / f"{_DRIVER}.cu").as_posix(): text})
    return Execution(project=project, emulate=True, limits=Limits(compile_s=2 * _COMPILE_S))


def _is_readable(name: str) -> bool:
    """What a compiler may be led to by an include; others could only mislead the choice of the toolchain."""
    return PurePosixPath(name).suffix not in CUDA_SUFFIXES and name != _NOTHING


def tested_together(tests: str, path: str, original: str) -> str:
    """A file of tests in C with the source that it tests above it, whose ``main`` is renamed."""
    return f'#define main {_OWN_MAIN}\n#include "{PurePosixPath(original).name}"\n#undef main\n#line 1 "{path}"\n{tests}'


def is_c(path: str) -> bool:
    """Whether a file is C or C++ by its name."""
    return PurePosixPath(path).suffix in C_SUFFIXES | CXX_SUFFIXES
