"""Read a translation out of a language model's answer: a device part, or a whole host function where it wrote that.

What an answer repeats (includes, ``main``, the original) is dropped; a launcher that is missing or does not fit is made by rule
from the kernel's guards. Limits: one kernel where the launcher is made by rule; nothing here says whether the code is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.cuda.ask import Task
from codepar.cuda.geometry import kernel_launcher
from codepar.cuda.translation import DevicePart, Target
from codepar.syntax.cuda import CudaSource
from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis
from codepar.syntax.tree import Function

MAX_CHARACTERS = 65_536
_FENCE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})[^\n`]*\n(?P<code>.*?)(?:^[ \t]*(?P=mark)[ \t]*$|\Z)", re.M | re.S)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b[^\n]*\n?", re.M)
_ALLOCATES = re.compile(r"\bcuda(?:Malloc|MallocManaged|MallocAsync)\s*\(")
_CUDA_WORD = re.compile(r"__global__|<<<")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer holds. ``whole`` is the text of a host function with the original's parameters and what it needs.

    ``code`` is what the model is shown again when it is told what was wrong; ``problem`` says why there is nothing to run.
    """

    code: str
    part: DevicePart | None = None
    whole: str | None = None
    problem: str | None = None


def read_text_answer(text: str, opening: str, task: Task, *, is_one_function: bool = True) -> Answer:
    """The answer to a question of the text form: it goes on from ``opening``, which holds the head of a function."""
    code: str | None = opening + text[:MAX_CHARACTERS].replace("\r\n", "\n")
    code = closed_function(code) if is_one_function and code is not None else code
    if code is None:
        return Answer(f"{opening}{text}"[:MAX_CHARACTERS], problem="the answer was cut off before its end")
    if task.target is Target.OPENMP:
        return _openmp(code, task)
    return _cuda(code, task)


def read_chat_answer(text: str, task: Task) -> Answer:
    """The answer to a conversation: its code blocks, or all of it where it is bare code. Never raises for what a model says."""
    text = text[:MAX_CHARACTERS].replace("\r\n", "\n")
    blocks = [match["code"] for match in _FENCE.finditer(text)]
    if blocks:
        code = "\n".join(block for block in blocks if "{" in block)
    else:
        code = text if "{" in text and (task.target is Target.OPENMP or _CUDA_WORD.search(text)) else ""
    code = _INCLUDE.sub("", code).strip()
    if not code:
        return Answer(
            text.strip()[:MAX_CHARACTERS], problem="the answer holds no code" if text.strip() else "the answer is empty"
        )
    return _openmp(code, task) if task.target is Target.OPENMP else _cuda(code, task)


def closed_function(text: str) -> str | None:
    """The text up to the brace that closes its first function; a last brace that the stop took is put back. None: cut off."""
    data = text.encode()
    lexis, depth = Lexis(data, Language.CUDA), 0
    for place, byte in enumerate(data):
        if byte not in b"{}" or lexis.is_opaque(place):
            continue
        depth += 1 if byte == ord("{") else -1
        if depth <= 0:
            return data[: place + 1].decode(errors="replace") + "\n"
    return text.rstrip() + "\n}\n" if depth == 1 else None


def _openmp(code: str, task: Task) -> Answer:
    code = _without(code, {"main", task.function.name} - {task.entry})
    if not re.search(rf"\b{re.escape(task.entry)}\s*\(", code):
        return Answer(code, problem=f"the answer does not define `{task.entry}`")
    if "#pragma omp" not in re.sub(r"#[ \t]*pragma[ \t]+omp", "#pragma omp", code):
        return Answer(code, problem="the answer has no OpenMP pragma")
    return Answer(code, whole=code)


def _cuda(code: str, task: Task) -> Answer:
    signature = task.signature
    code = _without(code, {"main", task.function.name, *task.function.helpers} - {signature.launcher, task.entry})
    view = CudaSource(code)
    kernels = [kernel.name for kernel in view.kernels]
    if not kernels:
        return Answer(code, problem="the answer has no __global__ kernel")
    device = {one.function.name for one in view.device_functions}
    launchers = [one for one in view.tree.functions if one.name not in device and _launches(view, one)]
    whole = next((one for one in launchers if _ALLOCATES.search(_text(code, one))), None)
    named = next((one for one in launchers if one.name == signature.launcher), None)
    if named is None and whole is not None and len(whole.parameters) == len(task.function.signature.parameters):
        return Answer(code, whole=re.sub(rf"\b{re.escape(whole.name)}\b", task.entry, code))
    chosen = named or next((one for one in launchers if len(one.parameters) == len(signature.names)), None)
    if chosen is not None:
        return Answer(code, DevicePart(code, chosen.name))
    launcher = kernel_launcher(code, kernels[0], signature) if len(kernels) == 1 else None
    if task.is_whole:
        return Answer(code, problem=f"the host function `{task.entry_head}` is missing")
    if launcher is None:
        return Answer(code, problem=_without_launcher(kernels, signature.launcher))
    return Answer(code, DevicePart(f"{code.rstrip()}\n\n{launcher}", signature.launcher, ("the launcher was made by rule",)))


def _without_launcher(kernels: list[str], launcher: str) -> str:
    if len(kernels) > 1:
        return f"the answer has {len(kernels)} kernels and no launcher `{launcher}`"
    return (
        f"how many threads `{kernels[0]}` needs is not known: an index such as `int i = blockIdx.x * blockDim.x + threadIdx.x;` "
        "and a guard such as `if (i < n)` in every direction tell it"
    )


def _launches(view: CudaSource, function: Function) -> bool:
    return any(function.span.start <= launch.span.start < function.span.end for launch in view.launches)


def _text(code: str, function: Function) -> str:
    return code.encode()[function.span.start : function.span.end].decode(errors="replace")


def _without(code: str, names: set[str]) -> str:
    """The code without its definitions of these functions, but for one that launches kernels under such a name."""
    data, view = code.encode(), CudaSource(code)
    for function in reversed(view.tree.functions):
        if function.name in names and not (function.name != "main" and _launches(view, function)):
            data = data[: function.span.start] + data[function.span.end :]
    return data.decode(errors="replace").strip() + "\n"
