"""Order that the emulated device does not show: there every launch and copy is done when the call returns, on a GPU it is not.

Streams of their own are refused, and memory that host and kernels share where the statement after a launch or an asynchronous
copy does not wait for it. Limits: by text; what is right may be refused (host code between a launch and the wait for it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.cuda.function import Refusal
from codepar.syntax.lexis import Lexis

_STREAMS = re.compile(rb"\b(?:cudaStreamCreate\w*|cudaStreamPerThread|cudaStreamNonBlocking)\b")
_SHARED = re.compile(rb"\b(?:cudaMallocManaged|__managed__|cudaMallocHost|cudaHostAlloc|cudaHostRegister)\b")
_BEGUN = re.compile(rb">>>\s*\(|\bcudaMem(?:cpy|set)\w*Async\s*\(")
_WAITS = re.compile(rb"\bcuda(?:Device|Stream|Event|Thread)Synchronize\s*\(|>>>\s*\(|\bcudaMemcpy\s*\(")
_HARMLESS = re.compile(rb"\bcuda(?:GetLastError|PeekAtLastError|EventRecord)\s*\(")


def unordered(lexis: Lexis) -> Iterator[Refusal]:
    """Streams, and shared memory without a wait, each by its line."""
    code = lexis.code
    for match in _STREAMS.finditer(code):
        why = f"`{match.group().decode()}`: the order of streams is not checked without a GPU"
        yield Refusal("unordered", why, lexis.line_at(match.start()))
    shared = _SHARED.search(code)
    if shared is None:
        return
    for match in _BEGUN.finditer(code):
        after = (one for one in code[match.start() :].split(b";")[1:] if _HARMLESS.search(one) is None)
        if _WAITS.search(next(after, b"")) is None:
            why = f"nothing waits for what is begun here, and `{shared.group().decode()}` shares memory with the host"
            yield Refusal("unordered", why, lexis.line_at(match.start()))
