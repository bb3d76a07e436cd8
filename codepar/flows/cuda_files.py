"""The new files of a translation: a ``NAME_cuda.cu`` for each source, a header of its entries, and the patch that adds them.

Declarations and helpers that several functions share appear once. Limits: nothing that exists is changed; callers call the new
name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from codepar.cuda.as_cxx import as_cxx
from codepar.cuda.function import SequentialFunction
from codepar.cuda.prelude import HEADERS, prelude
from codepar.cuda.source import source_of
from codepar.cuda.translation import DevicePart, Target
from codepar.cuda.wrapper import entry_parameters, host_entry
from codepar.mpi.apply import lines_of, unified_diff
from codepar.project import Project
from codepar.syntax.language import Language


@dataclass(frozen=True)
class Written:
    """A translation as text: ``body`` is all but the declarations of the original's file that it needs."""

    function: SequentialFunction
    entry: str
    target: Target
    body: str
    above: str

    @property
    def source(self) -> str:
        """The whole file."""
        return f"{self.above}\n{self.body}" if self.above else self.body


def write_part(function: SequentialFunction, part: DevicePart, entry: str) -> Written:
    """A device part with the host function around it. Raises ``Unsupported`` where the extent of a buffer is not known."""
    above = prelude(function, part.text)
    body = host_entry(function, part, entry).removeprefix(above).strip("\n") + "\n"
    return Written(function, entry, Target.CUDA, f"{_linkage(function, entry)}{body}", above)


def write_whole(function: SequentialFunction, text: str, entry: str, target: Target) -> Written:
    """A host function that a model wrote whole."""
    if target is Target.CUDA:
        # Another head would be another function beside the declared one.
        has_head = _squeezed(_head(function, entry)) in _squeezed(text)
        linkage = _linkage(function, entry) if has_head else ""
        return Written(function, entry, target, f"{linkage}{text.strip()}\n", prelude(function, text))
    needs = [function.slice(span).strip() for span in function.needs]
    return Written(function, entry, target, text.strip() + "\n", "\n".join([*needs, ""]) if needs else "")


def _linkage(function: SequentialFunction, entry: str) -> str:
    # Callers are C files: the linker must find the plain name.
    if function.language is not Language.C:
        return ""
    return f'extern "C" {_head(function, entry)};\n\n'


def _head(function: SequentialFunction, entry: str) -> str:
    return f"{as_cxx(function.signature.return_type, function.language)} {entry}({entry_parameters(function)})"


def _squeezed(text: str) -> str:
    return "".join(text.split())


def joined(written: Sequence[Written]) -> str:
    """One file of all of them, what they share once."""
    text = ""
    for one in written:
        above = prelude(one.function, text + one.body) if text else one.above
        text += f"{above.removeprefix(HEADERS) if text else above}\n{one.body}\n"
    return text


def new_files(path: str, written: Sequence[Written], text: str | None) -> dict[str, str]:
    """The files for the functions of one source; ``text`` None puts each into a file of its own."""
    pure = PurePosixPath(path)
    stem, target = pure.stem, written[0].target
    tag, suffix = ("cuda", ".cu") if target is Target.CUDA else ("openmp", pure.suffix or ".c")
    folder = pure.parent

    def place(name: str) -> str:
        return (folder / name).as_posix()

    header = {place(f"{stem}_{tag}.h"): _header(f"{stem}_{tag}", written)}
    if text is not None:
        return {place(f"{stem}_{tag}{suffix}"): text, **header}
    return {**{place(f"{stem}_{one.function.name}_{tag}{suffix}"): one.source for one in written}, **header}


def _header(name: str, written: Sequence[Written]) -> str:
    guard = "".join(letter if letter.isalnum() else "_" for letter in name).upper() + "_H"
    is_c = written[0].function.language is Language.C
    returns = [as_cxx(one.function.signature.return_type, one.function.language) for one in written]
    if written[0].target is Target.OPENMP:
        parameters = [", ".join(p.declaration for p in one.function.signature.parameters) or "void" for one in written]
    else:
        parameters = [entry_parameters(one.function).replace("__restrict__", "") for one in written]
    declared = [f"{result} {one.entry}({listed});" for result, one, listed in zip(returns, written, parameters, strict=True)]
    needs_types = any(_takes_types_of_the_file(one.function) for one in written)
    lines = [f"#ifndef {guard}", f"#define {guard}"]
    if needs_types:
        lines.append("/* Include it after the declarations of the types that its functions take. */")
    lines += ["#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>"] if is_c else []
    opening = ["#ifdef __cplusplus", 'extern "C" {', "#endif"] if is_c else []
    closing = ["#ifdef __cplusplus", "}", "#endif"] if is_c else []
    return "\n".join([*lines, *opening, *declared, *closing, "#endif", ""])


def _takes_types_of_the_file(function: SequentialFunction) -> bool:
    source = source_of(function.text, function.language)
    signature = function.signature
    words = {word for text in (signature.return_type, *(one.type for one in signature.parameters)) for word in text.split()}
    return bool(words & (source.records.keys() | source.typedefs.keys()))


def patch_of(project: Project, files: dict[str, str]) -> str:
    """A patch that ``git apply`` takes in the project's root."""
    pieces = []
    for path, text in files.items():
        if path in project.files:
            pieces.append(unified_diff(path, project.files[path], text))
        else:
            lines = lines_of(text)
            head = (
                f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
            )
            ending = "" if text.endswith("\n") else "\n\\ No newline at end of file\n"
            pieces.append(head + "".join(f"+{line}" for line in lines) + ending)
    return "".join(pieces)
