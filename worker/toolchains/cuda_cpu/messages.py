"""What the host compiler says of rewritten CUDA, put in terms of the user's files.

An error inside the runtime's headers is reported at the line of the user that led there, and says so. CUDA that the runtime
does not offer is told from wrong code by the names of NVIDIA's libraries and calls. Limits: gcc's and clang's English text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from codepar.protocols import Diagnostic
from worker.toolchains import diagnostics

_PLACED = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)?\s+(?P<kind>fatal error|error|warning|note|required|  )")
_CONTEXT = re.compile(
    r"^(?:In file included from|\s+from) (?P<included>[^:\n]+):(?P<included_line>\d+)"
    r"|^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)?\s+(?:required|note:)"
    r"|^\s+inlined from .* at (?P<inlined>[^:\n]+):(?P<inlined_line>\d+)"
)
_ERROR = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? (?:fatal )?error: (?P<message>.*)$")
_NEW_CONTEXT = re.compile(r"^(?:In file included from|[^\s:][^:\n]*: (?:In |At ))")
_MARK = re.compile(r"(?:#error )?[\"]?codepar: unsupported: (?P<what>[^\"]*)")
_LIBRARIES = (
    r"thrust|cub|cublas\w*|cufft\w*|cusparse\w*|cusolver\w*|cudnn\w*|cutensor\w*|cutlass|nccl|nvrtc|nvml|nvToolsExt\w*|nvtx3?|npp\w*"
    r"|optix\w*|cupti\w*|nvjpeg\w*|cufile\w*|cuda/\w+|cudaGL|cuda_gl_interop|cudaProfiler|mma|cuda_fp8|cuda_pipeline\w*"
    r"|texture_\w+|surface_\w+|cub/.*|cudla|curand"
)
_MISSING_HEADER = re.compile(
    rf"^(?P<what>(?:{_LIBRARIES})(?:[./][\w./+-]*)?): No such file or directory"
    rf"|'(?P<clang>(?:{_LIBRARIES})[\w./]*)' file not found"
)
_CALLS = (
    r"tex(?:1D|2D|3D|Cubemap)\w*|surf(?:1D|2D|3D|Cubemap)\w*|texture(?:Reference)?|surface(?:Reference)?"
    r"|cuda(?:Texture|Surface|Array|Mipmapped|Graph|Ipc|External|Import|MemPool|GL|Graphics|EGL|VDPAU|User|Bind|Unbind)\w*"
    r"|cuda(?:Create|Destroy|Get)(?:Texture|Surface|Channel)\w*|cudaMallocArray|cudaMalloc3DArray|cudaMemcpy\w*Array\w*|cudaFreeArray"
    r"|cu(?:blas|fft|sparse|solver|dnn|rand|tensor)[A-Z]\w*|nvrtc[A-Z]\w*|nvml[A-Z]\w*|nvtx[A-Z]\w*|nccl[A-Z]\w*|npp[a-z]\w*"
    r"|cu[A-Z]\w+|CU(?:device|context|module|function|stream|event|array|texref)|thrust|cub|wmma|nvcuda|cutlass"
    r"|__(?:dp[24]a|vadd|vsub|vabs|vmax|vmin|vset|vcmp|vavg|vsad|vsat|vneg|viadd|vibmax|vimax)\w*|__pipeline\w*|__nv\w+|__prof_trigger"
)
_UNKNOWN_NAME = re.compile(
    rf"(?:'(?:[\w:]*::)?(?P<name>{_CALLS})'?(?:[<(].*)? (?:was not declared|does not name|has not been declared|is not a)"
    rf"|(?:use of undeclared identifier|unknown type name|no template named) '(?P<clang>{_CALLS})"
    rf"|undefined reference to [`'](?P<linked>{_CALLS}))"
)


def parse(text: str, files: Collection[str], runtime: str) -> tuple[Diagnostic, ...]:
    """Errors and warnings with places in ``files``; ``runtime`` is the folder of the runtime's own headers."""
    found = diagnostics.parse(text, files)
    borrowed = _places_of_errors(text, files, runtime)
    placed = [_in_user_terms(diagnostic, borrowed, files) for diagnostic in found if not _is_runtime_warning(diagnostic, runtime)]
    return tuple(dict.fromkeys(placed))


def shorten(text: str, runtime: str) -> str:
    """``text`` without the place of the cache on this machine."""
    return text.replace(f"{runtime}/include", "<codepar>").replace(runtime, "<codepar>")


def _is_runtime_warning(diagnostic: Diagnostic, runtime: str) -> bool:
    return diagnostic.kind == "warning" and (diagnostic.file or "").startswith(runtime)


_Places = dict[tuple[str, int, str], Diagnostic]


def _places_of_errors(text: str, files: Collection[str], runtime: str) -> _Places:
    """For each error in the runtime's headers, by its own place, the same error at the user's line that led there."""
    places: _Places = {}
    context: tuple[str, int] | None = None
    pending: tuple[str, int, str] | None = None
    for line in text.splitlines():
        if _NEW_CONTEXT.match(line):
            context, pending = None, None
        context = _user_place(line, files) or context
        error = _ERROR.match(line)
        if error is not None and error["file"].startswith(runtime):
            pending = (error["file"], int(error["line"]), error["message"])
        if pending is not None and context is not None:
            header = pending[0].removeprefix(runtime).removeprefix("/include/")
            message = f"{pending[2]} (found in the runtime's {header}, used here)"
            places.setdefault(pending, Diagnostic(kind="error", message=message, file=context[0], line=context[1]))
            pending = None
    return places


def _user_place(line: str, files: Collection[str]) -> tuple[str, int] | None:
    match = _CONTEXT.match(line)
    if match is None:
        return None
    for name, number in (("included", "included_line"), ("file", "line"), ("inlined", "inlined_line")):
        if match[name]:
            path = diagnostics.project_name(match[name], files)
            return (path, int(match[number])) if path in files else None
    return None


def _in_user_terms(diagnostic: Diagnostic, borrowed: _Places, files: Collection[str]) -> Diagnostic:
    if diagnostic.file is not None and diagnostic.line is not None and diagnostic.file not in files:
        diagnostic = borrowed.get((diagnostic.file, diagnostic.line, diagnostic.message), diagnostic)
    if diagnostic.kind != "error":
        return diagnostic
    what = _unsupported(diagnostic.message)
    if what is None:
        return diagnostic
    return diagnostic.model_copy(update={"kind": "unsupported", "message": f"the CPU runtime does not offer {what}"})


def _unsupported(message: str) -> str | None:
    """What the runtime lacks, when that is what the message says."""
    if match := _MARK.search(message):
        return match["what"].split(" (found in")[0].strip()
    if match := _MISSING_HEADER.search(message):
        return match["what"] or match["clang"]
    if match := _UNKNOWN_NAME.search(message):
        return match["name"] or match["clang"] or match["linked"]
    return None
