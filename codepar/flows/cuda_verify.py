"""Verify a translation that somebody else wrote: `codepar cuda verify original.c translation.cu`.

Limits: one function and one file on either side; what the checks observe is told, nothing is proved.
"""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from pydantic import Field

from codepar.cuda.entry import find_entry
from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import read_function
from codepar.cuda.translation import Origin, Target, Translation
from codepar.cuda.verdict import CudaVerdict
from codepar.errors import InvalidInput
from codepar.flows.cuda_court import open_court
from codepar.project import C_SUFFIXES, CUDA_SUFFIXES, CXX_SUFFIXES, MAX_FILE_BYTES
from codepar.protocols import Executor, Progress, Record
from codepar.settings import Settings


class CudaVerifyRequest(Record):
    """Two files. ``function`` names the original where its file has several, ``entry`` the host function that stands for it.

    Without ``seed`` a fresh one makes the tests.
    """

    original: str = Field(max_length=MAX_FILE_BYTES)
    original_path: str = "original.c"
    translation: str = Field(max_length=MAX_FILE_BYTES)
    translation_path: str = "translation.cu"
    function: str | None = None
    entry: str | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    accept_same_value: bool = False


class CudaVerification(Record):
    """The verdict, and what it is of."""

    function: str
    entry: str
    target: Target
    verdict: CudaVerdict


async def verify(request: CudaVerifyRequest, executor: Executor, progress: Progress, settings: Settings) -> CudaVerification:
    """The whole ladder. Raises ``InvalidInput`` for a file without such a function or entry."""
    target = target_of(request.translation_path, request.translation)
    function = read_function(request.original, request.original_path, request.function)
    entry = find_entry(function, request.translation, request.translation_path, entry=request.entry, target=target)
    translation = Translation(source=request.translation, entry=entry, function=function.name, target=target, origin=Origin.USER)
    verdict = await verify_translation(
        function, translation, executor, progress, settings, seed=request.seed, accept_same_value=request.accept_same_value
    )
    command = reproduce(function, translation, verdict.seed, request.original_path, request.translation_path)
    if request.accept_same_value:
        command += " --accept-same-value"
    verdict = verdict.model_copy(update={"reproduce": command})
    return CudaVerification(function=function.name, entry=entry, target=target, verdict=verdict)


async def verify_translation(
    function: SequentialFunction,
    translation: Translation,
    executor: Executor,
    progress: Progress,
    settings: Settings,
    *,
    seed: int | None = None,
    accept_same_value: bool = False,
    shrinks: bool = True,
) -> CudaVerdict:
    """The final verdict on one translation, with a fresh seed unless one is given, and the smallest case on which it fails."""
    court = await open_court(function, executor, settings, seed=seed, progress=progress, accept_same_value=accept_same_value)
    verdict = await court.judge(translation)
    return await court.with_least(translation, verdict) if shrinks else verdict


def reproduce(
    function: SequentialFunction, translation: Translation, seed: int, original_path: str, translation_path: str
) -> str:
    """The command that judges again with the same tests."""
    words = ["codepar", "cuda", "verify", original_path, translation_path]
    return shlex.join([*words, "--function", function.name, "--entry", translation.entry, "--seed", str(seed)])


def target_of(path: str, text: str) -> Target:
    """CUDA by the suffix ``.cu`` or by its words, else OpenMP by its pragmas. Raises ``InvalidInput``."""
    suffix = PurePosixPath(path).suffix
    if suffix in CUDA_SUFFIXES or "__global__" in text or "<<<" in text:
        return Target.CUDA
    if suffix in C_SUFFIXES | CXX_SUFFIXES and "#pragma omp" in " ".join(text.split(" ")):
        return Target.OPENMP
    if suffix in C_SUFFIXES | CXX_SUFFIXES:
        raise InvalidInput(
            f"{path} holds neither a kernel nor an OpenMP pragma", remedy="give a translation: CUDA C++ (.cu) or OpenMP"
        )
    raise InvalidInput(f"{path} is neither CUDA C++ (.cu) nor C or C++ with OpenMP", remedy="name the file by its language")
