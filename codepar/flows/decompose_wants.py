"""Which items are translations or completions that can be judged, by their words and the code that they are about.

Limits: one capability an item; a wish for two of them, or with a target that none has (OpenCL, HIP, SYCL, OpenACC), is a chat
answer. CUDA and OpenMP are for functions of C and C++, MPI for files that are programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from codepar.flows.decompose_oracle import Companion, companion_of
from codepar.flows.decompose_result import Capability
from codepar.prompts.code import UnitKind
from codepar.prompts.lexicon import Tag
from codepar.prompts.targets import Target, TargetKind, Targets
from codepar.syntax.language import Language

_FOREIGN = re.compile(
    r"\b(?:opencl|hip|rocm|sycl|openacc|kokkos|metal|vulkan|triton|numba|cupy|julia|rust|chapel|halide)\b", re.IGNORECASE
)
_TO = r"(?:to|into|in|for|with|using|via|on|onto|as|by|nach|mit|auf|für|als|a|en|con|para|на|в|под)"
_DEVICE = r"(?:the |a |an |my |die |der |das |la |una )?(?:nvidia |parallel )*"
_CUDA = re.compile(
    rf"\b{_TO}\s+{_DEVICE}(?:cuda|gpus?)\b"
    r"|\bcuda[ -]+(?:c\+\+[ -]+)?(?:kernels?|versions?|implementations?|ports?|translations?|code)\b"
    r"|\bcudaize|[到成为用に へでを]\s*(?:cuda|gpu)|(?:cuda|gpu)\s*(?:版|カーネル|に|へ|化|で|核函数|内核|上|代码|コード)",
    re.IGNORECASE,
)
_FROM_CUDA = re.compile(
    r"\b(?:from|remove|without|no|out of|strip|von|aus|sin|de|из|без|drop)\s+(?:the |all )?cuda\b", re.IGNORECASE
)
_OPENMP = re.compile(r"\b(?:openmp|omp)\b|(?:openmp|omp)", re.IGNORECASE)
_FROM_OPENMP = re.compile(
    r"\b(?:from|remove|without|no|strip|out of|drop|instead of|von|aus|sin|из|без)\s+(?:the |all |any )?(?:openmp|omp)\b",
    re.IGNORECASE,
)
_MPI = re.compile(r"\bmpi\b|(?<![a-z])mpi(?![a-z_])", re.IGNORECASE)
_FROM_MPI = re.compile(
    r"\b(?:from|remove|without|no|strip|out of|drop|instead of|von|aus|sin|из|без)\s+(?:the |all |any )?mpi\b", re.IGNORECASE
)
_READS = re.compile(r"\b(?:explain|describe|review|document|comment|summari[sz]e|test|debug)\b", re.IGNORECASE)
_USES_MPI = re.compile(r"[<\"]mpi\.h[>\"]|^\s*use\s+mpi|mpif\.h|\bmpi4py\b", re.IGNORECASE | re.MULTILINE)
_HAS_MAIN = re.compile(r"\bmain\s*\(")
_WORD = re.compile(r"[A-Za-z_]\w*")
_PROGRAMS = frozenset({Language.C, Language.CXX})


@dataclass(frozen=True, slots=True)
class Want:
    """A capability with what it works on: ``function`` of the file ``path``, or the file as a whole. ``companion`` says what is
    right, where a completion can be judged."""

    capability: Capability
    path: str
    function: str | None = None
    companion: Companion | None = None


def wants_of(targets: Targets) -> Mapping[str, Want]:
    """The items that a capability answers, by id."""
    texts = targets.texts()
    every = {target.item.id: _want(target, targets, texts) for target in targets.all}
    found = {item: want for item, want in every.items() if want is not None}
    completed = frozenset(want.path for want in found.values() if want.capability is Capability.MPI_COMPLETION)
    return {item: _with_companion(want, texts, targets.request.prose, completed) for item, want in found.items()}


def _with_companion(want: Want, texts: Mapping[str, str], words: str, completed: frozenset[str]) -> Want:
    if want.capability is not Capability.MPI_COMPLETION:
        return want
    return replace(want, companion=companion_of(want.path, texts, words, others=completed - {want.path}))


def _want(target: Target, targets: Targets, texts: Mapping[str, str]) -> Want | None:
    if target.act is not Tag.CHANGE:
        return None
    if target.kind is TargetKind.UNIT:
        return _of_function(target, target.wish)
    if target.kind is TargetKind.FILE:
        return _of_file(target, target.wish, texts)
    return _of_words(target, targets, texts)


def _of_words(target: Target, targets: Targets, texts: Mapping[str, str]) -> Want | None:
    """An instruction of its own that names one function, or one file, of the code that came."""
    words = target.item.text
    if _READS.search(words):
        return None
    named = set(_WORD.findall(words))
    functions = [
        Target(target.item, TargetKind.UNIT, target.act, words, source, path, unit)
        for source, path in zip(targets.request.sources, targets.paths, strict=True)
        if source.code is not None
        for unit in source.code.functions
        if unit.name in named
    ]
    if len(functions) == 1:
        return _of_function(functions[0], words)
    files = [
        Target(target.item, TargetKind.FILE, target.act, words, source, path)
        for source, path in zip(targets.request.sources, targets.paths, strict=True)
        if path in words
    ]
    return _of_file(files[0], words, texts) if len(files) == 1 and not functions else None


def _of_function(target: Target, wish: str) -> Want | None:
    unit, path = target.unit, target.path
    if unit is None or path is None or unit.kind is not UnitKind.FUNCTION or target.language not in _PROGRAMS:
        return None
    if _FOREIGN.search(wish) or _MPI.search(wish) or unit.name == "main":
        return None
    cuda = _CUDA.search(wish) is not None and _FROM_CUDA.search(wish) is None
    openmp = _OPENMP.search(wish) is not None and _FROM_OPENMP.search(wish) is None
    if cuda == openmp:
        return None
    return Want(Capability.CUDA if cuda else Capability.OPENMP, path, unit.name)


def _of_file(target: Target, wish: str, texts: Mapping[str, str]) -> Want | None:
    path, language = target.path, target.language
    if path is None or language is None or _MPI.search(wish) is None or _FROM_MPI.search(wish) or _FOREIGN.search(wish):
        return None
    if _CUDA.search(wish) or _OPENMP.search(wish):
        return None
    if _USES_MPI.search(texts[path]):
        return Want(Capability.MPI_COMPLETION, path) if language is not Language.CUDA else None
    is_program = language in _PROGRAMS and _HAS_MAIN.search(texts[path]) is not None
    return Want(Capability.MPI_PARALLELIZATION, path) if is_program else None
