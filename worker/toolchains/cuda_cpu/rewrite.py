"""CUDA C++ to C++17 for the CPU runtime: launches, shared variables, device assembly, the device's heap; the rest stays as it is.

No line moves, so that every message of a compiler or of the runtime names the user's own line. Macro bodies are rewritten
too. In bodies of functions for the device alone ``__CUDA_ARCH__`` becomes ``CODEPAR_CUDA_ARCH`` (800); elsewhere it stays
undefined, as in nvcc's pass for the host. Limits: a launch or a shared variable whose tokens come from several macros is
not seen, and the compiler then refuses it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from codepar.project import C_SUFFIXES, CUDA_SUFFIXES, CXX_SUFFIXES, HEADER_SUFFIXES
from codepar.syntax import brackets
from codepar.syntax.cuda_declarations import KernelSignature, kernel_signatures, shared_declarations
from codepar.syntax.cuda_scan import Aliases, CudaScan, Launch, Macro, find_aliases
from worker.toolchains.cuda_cpu import device_heap, shared
from worker.toolchains.cuda_cpu.edits import Edit, apply
from worker.toolchains.cuda_cpu.kernels import Kernels, collect

_INLINED_SUFFIXES = frozenset({".inl", ".ipp", ".tpp", ".impl", ".kernel", ".cuhpp"})
_SUFFIXES = C_SUFFIXES | CXX_SUFFIXES | CUDA_SUFFIXES | HEADER_SUFFIXES | _INLINED_SUFFIXES
_SHOWS_CUDA = re.compile(r"__global__|__shared__|__device__|<<<|cudaLaunch|\basm\b|\b__asm")
_PTX = re.compile(
    rb"\.(?:[usbf](?:8|16|32|64)|pred|sync|aligned|global|shared|v[24])\b|%%?(?:laneid|warpid|smid|clock|globaltimer)"
)
_ADDRESS_CALLS = re.compile(rb"\b(?:cudaLaunch(?:Cooperative)?Kernel|cudaFunc[SG]et\w+|cudaOccupancy\w+)\s*(?:<[^;{}()]*>\s*)?\(")
_VOID_CAST = re.compile(
    rb"(?<=[(,])(\s*)(\(\s*(?:const\s+)?void\s*(?:const\s*)?\*\s*\)|(?:reinterpret_cast|static_cast)\s*<\s*(?:const\s+)?void\s*(?:const\s*)?\*\s*>)"
    rb"(?=\s*[(&]*\s*(\w+))"
)
_VOID_RESULT = 'static_assert(false, "a __global__ function must have a void return type"); '
_ARCHITECTURE = re.compile(rb"\b__CUDA_ARCH__\b")
_WRONG_RESULT = re.compile(
    r"(?:const )?(?:(?:unsigned|signed|long|short) )*(?:int|float|double|char|bool|long|short|unsigned|size_t)(?: ?\*)*"
)


@dataclass(frozen=True)
class Knowledge:
    """What must be known of all files of a project to rewrite one."""

    kernels: Kernels
    aliases: Aliases


def rewrite_project(files: Mapping[str, str]) -> dict[str, str]:
    """The files in which something changes, with their new text."""
    wanted = {path: text for path, text in files.items() if _is_cuda(path, text)}
    knowledge = learn(wanted)
    rewritten = {path: rewrite(text, path, knowledge) for path, text in wanted.items()}
    return {path: text for path, text in rewritten.items() if text != files[path]}


def _is_cuda(path: str, text: str) -> bool:
    suffix = PurePosixPath(path).suffix
    return suffix in CUDA_SUFFIXES or (suffix in _SUFFIXES and _SHOWS_CUDA.search(text) is not None)


def learn(files: Mapping[str, str]) -> Knowledge:
    """Kernels and qualifier macros of the files together."""
    aliases = find_aliases([CudaScan(_bytes(text)) for text in files.values()])
    signatures: list[KernelSignature] = []
    for text in files.values():
        signatures += kernel_signatures(CudaScan(_bytes(text), aliases), aliases)
    return Knowledge(collect(signatures), aliases)


def rewrite(text: str, path: str, knowledge: Knowledge | None = None) -> str:
    """The text of the file ``path`` for a C++ compiler. Rewriting what was rewritten changes nothing."""
    rewriter = _Rewriter(_bytes(text), path, knowledge or learn({path: text}))
    return apply(rewriter.scan.lexis.data, rewriter.edits()).decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


class _Rewriter:
    """The edits of one file."""

    def __init__(self, data: bytes, path: str, knowledge: Knowledge) -> None:
        self.scan = CudaScan(data, knowledge.aliases)
        self._path = path
        self._kernels = knowledge.kernels
        self._aliases = knowledge.aliases

    def edits(self) -> Iterator[Edit]:
        """All edits of the file, in no order."""
        for launch in self.scan.launches:
            yield from self._launch(launch)
        for declaration in shared_declarations(self.scan, self._aliases):
            yield from shared.edits(declaration, self._location(declaration.start, declaration.macro))
        for start, end in self.scan.assembly:
            if self._is_for_device(start, end):
                where = self._location(start, self.scan.macro_at(start))
                yield Edit(start, end, f'::codepar_cuda::unsupported_here({where}, "inline assembly")')
        for start, end in self._device_ranges:
            for match in _ARCHITECTURE.finditer(self.scan.lexis.code, start, end):
                yield Edit(match.start(), match.end(), "CODEPAR_CUDA_ARCH")
        yield from device_heap.edits(self.scan, self._location)
        yield from self._addresses()
        yield from self._results()

    def _location(self, offset: int, macro: Macro | None) -> str:
        """A macro's line is the one that uses it."""
        if macro is not None:
            return "{__FILE__, __LINE__}"
        return f"{{{json.dumps(self._path)}, {self.scan.lexis.line_at(offset)}}}"

    @cached_property
    def _device_ranges(self) -> list[tuple[int, int]]:
        return [(body.start, body.end) for body in self.scan.bodies if body.is_function and body.is_device_only]

    def _is_for_device(self, start: int, end: int) -> bool:
        if any(low < start < high for low, high in self._device_ranges):
            return True
        return _PTX.search(self.scan.lexis.data, start, end) is not None

    def _launch(self, launch: Launch) -> Iterator[Edit]:
        callee = self._text(*launch.callee)
        where = self._location(launch.callee[0], launch.macro)
        target = self._target(callee, launch.macro)
        head = f"::codepar_cuda::{target.function}({where}, {target.name}, ::codepar_cuda::LaunchConfig("
        if launch.arguments is None:
            yield Edit(launch.callee[0], launch.config[0], f"([&](auto&&... codepar_p) {{ {head}")
            yield Edit(launch.config[1], launch.config[1] + 3, f"), {target.callable}, codepar_p...); }})")
            return
        yield Edit(launch.callee[0], launch.config[0], head)
        opening = launch.arguments[0]
        yield Edit(launch.config[1], opening, f"), {target.callable}{self._separator(*launch.arguments)}")
        yield from self._null_pointers(callee, *launch.arguments)

    def _target(self, callee: str, macro: Macro | None) -> _Target:
        is_parameter = macro is not None and callee in (macro.parameters or ())
        name = f"#{callee}" if is_parameter else json.dumps(callee)
        by_call = self._kernels.any_needs_call if is_parameter else self._kernels.needs_call(callee)
        if by_call:
            return _Target("launch_call", name, f"[=](auto... codepar_p) {{ {callee}(codepar_p...); }}")
        return _Target("launch", name, callee)

    def _separator(self, start: int, end: int) -> str:
        arguments = self._text(start, end)
        if arguments.startswith("__VA_ARGS__"):
            return " __VA_OPT__(,) "
        return ", " if arguments else ""

    def _null_pointers(self, callee: str, start: int, end: int) -> Iterator[Edit]:
        """A 0 that is handed on would be a number; where a pointer is wanted it is written as one."""
        text = self.scan.around(start)[0]
        place = start
        pointers = self._kernels.pointers(callee)
        for number, part in enumerate(brackets.split_commas(text[start:end])):
            place = text.index(part, place)
            if number in pointers and part in (b"0", b"NULL"):
                yield Edit(place, place + len(part), "nullptr")
            place += len(part)

    def _addresses(self) -> Iterator[Edit]:
        """``cudaLaunchKernel((void*)k, ...)``: the cast would hide the type of the kernel from the runtime's templates."""
        plain = self.scan.lexis.plain
        for match in _ADDRESS_CALLS.finditer(plain):
            end = brackets.closing(plain, match.end() - 1, len(plain)) or match.end()
            for cast in _VOID_CAST.finditer(plain, match.end() - 1, end):
                is_first = not plain[match.end() : cast.start(2)].strip()
                if is_first or self._kernels.knows(cast[3].decode(errors="replace")):
                    yield Edit(cast.start(2), cast.end(2), "")

    def _results(self) -> Iterator[Edit]:
        """What nvcc refuses and C++ would take."""
        for signature in kernel_signatures(self.scan, self._aliases):
            said = self.scan.lexis.data.endswith(_VOID_RESULT.encode(), 0, signature.start)
            if _WRONG_RESULT.fullmatch(signature.result) and not said:
                yield Edit(signature.start, signature.start, _VOID_RESULT)

    def _text(self, start: int, end: int) -> str:
        text = self.scan.around(start)[0]
        return re.sub(r"\s+", " ", text[start:end].decode(errors="replace")).strip()


@dataclass(frozen=True, slots=True)
class _Target:
    """The runtime's function, the kernel's name as C++ text, and what is handed over to be run."""

    function: str
    name: str
    callable: str
