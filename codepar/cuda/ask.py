"""What a language model is asked for a translation: as a text to go on with, or as a conversation; with what was wrong before.

Small models go on from a kernel's head better than they follow instructions; large ones behind a URL answer a conversation.
Limits: one function at a time with the declarations it needs; what does not fit the context is the asker's to refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codepar.cuda.as_cxx import as_cxx
from codepar.cuda.ask_examples import CUDA_EXAMPLES, OPENMP_EXAMPLES, Example
from codepar.cuda.device_signature import DeviceSignature, device_signature
from codepar.cuda.function import SequentialFunction
from codepar.cuda.layout import laid_out
from codepar.cuda.read import helper_node
from codepar.cuda.translation import Target
from codepar.cuda.wrapper import entry_parameters
from codepar.protocols import Message, Prompt
from codepar.syntax.variables import text_of

MARK = "// Sequential C:"
_CUDA_MARK = "// The same in CUDA, one guarded thread for each independent iteration:"
_OPENMP_MARK = "// The same with OpenMP pragmas:"
_WRONG = "// This attempt is wrong:"
_BETTER = "// The corrected version:"

SYSTEM = """You translate a sequential C or C++ function to CUDA C++. Rules:
- Write kernels and one host function, the launcher, that chooses grid and block and launches them. Every pointer that the
  launcher gets is device memory already: no cudaMalloc or cudaMemcpy for its parameters, no main, no #include.
- Name and parameters of the launcher are given. Where the original returns a value, the launcher has one more parameter, a
  pointer to one element of device memory that holds zero before; store the value there.
- Guard every index against the sizes; sizes need not be multiples of the block. Iterations that depend on each other must not
  race: use atomics, a reduction in shared memory, or several launches.
- Structs, macros and helper functions that are shown exist already, the helpers also on the device; do not repeat them.
Answer with the code in one block."""
WHOLE_SYSTEM = """You translate a sequential C or C++ function to CUDA C++. Rules:
- Write kernels and one host function with the name and parameters that are given. Its pointers are host memory: it finds out how
  many elements each buffer has, allocates device memory, copies in, launches, copies out, frees, and returns what the original
  returns. No main, no #include.
- Guard every index. Iterations that depend on each other must not race.
- Structs, macros and helper functions that are shown exist already, the helpers also on the device; do not repeat them.
Answer with the code in one block."""
OPENMP_SYSTEM = """You make a sequential C or C++ function parallel with OpenMP pragmas. Keep its parameters and results.
Rename it as told. Private variables and reductions must be right: no data race.
Answer with the whole function in one code block."""


@dataclass(frozen=True, slots=True)
class Task:
    """One function to be translated, and what the answer must define."""

    function: SequentialFunction
    target: Target
    entry: str

    @property
    def signature(self) -> DeviceSignature:
        return device_signature(self.function)

    @property
    def is_whole(self) -> bool:
        """Whether the host function must be written, too: the wrapper cannot, where it does not know how large a buffer is."""
        if self.target is not Target.CUDA:
            return True
        extents = self.function.extents
        return not all(one.name in extents and extents[one.name].is_known for one in self.function.signature.buffers)

    @property
    def entry_head(self) -> str:
        """The new function up to its opening brace."""
        if self.target is Target.CUDA:
            returns = as_cxx(self.function.signature.return_type, self.function.language)
            return f"{returns} {self.entry}({entry_parameters(self.function)})"
        parameters = ", ".join(one.declaration for one in self.function.signature.parameters) or "void"
        return f"{self.function.signature.return_type} {self.entry}({parameters})"


@dataclass(frozen=True, slots=True)
class Failure:
    """An earlier answer, as code, and what is wrong with it, a line a finding."""

    code: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt and the text that its answer goes on from (empty in a conversation).

    ``is_one_function``: the answer ends with the function that ``opening`` begins.
    """

    prompt: Prompt
    opening: str
    stop: tuple[str, ...] = ()
    is_one_function: bool = True


def text_question(task: Task, opening: str, failure: Failure | None = None, *, examples: int = 2) -> Question:
    """The text form: worked examples, the function, and the head of what is wanted with the first lines of its body."""
    # What a small model saw last it does again: one index or two.
    ordered = sorted(
        _examples(task.target), key=lambda example: ("threadIdx.y" in example.parallel) is ("threadIdx.y" in opening)
    )
    shown = [_as_text(example, task.target) for example in ordered[len(ordered) - examples :]]
    begun = f"{_head(task)}\n{{\n{opening}"
    said = ""
    if failure is not None:
        findings = "\n".join(f"//   {finding}" for finding in failure.findings)
        said = f"{_WRONG}\n{failure.code.strip()}\n{findings}\n\n{_BETTER}\n"
    mark = _CUDA_MARK if task.target is Target.CUDA else _OPENMP_MARK
    text = "".join(shown) + f"{MARK}\n{shown_code(task.function)}\n\n{mark}\n{said}{begun}"
    if task.target is Target.CUDA and task.is_whole:
        # Kernel and host function: nothing but the next example ends them.
        return Question(Prompt(text=text), begun, (MARK, _WRONG), is_one_function=False)
    return Question(Prompt(text=text), begun, ("\n}", MARK, _WRONG))


def chat_question(task: Task, failure: Failure | None = None, *, examples: int = 1) -> Question:
    """The conversation: the rules, a worked example, the function and, in a repair round, the last answer and its faults."""
    is_cuda = task.target is Target.CUDA
    turns = [Message(role="system", content=_system(task))]
    for example in _examples(task.target)[:examples] if not (is_cuda and task.is_whole) else ():
        wanted = example.launcher_head if is_cuda else example.head
        turns.append(Message(role="user", content=_request(example.sequential, wanted)))
        turns.append(
            Message(role="assistant", content=_fenced(example.parallel + (f"\n\n{example.launcher}" if is_cuda else "")))
        )
    wanted = task.entry_head if task.is_whole else task.signature.launcher_head
    turns.append(Message(role="user", content=_request(shown_code(task.function), wanted)))
    if failure is not None:
        findings = "\n".join(f"- {finding}" for finding in failure.findings)
        turns.append(Message(role="assistant", content=_fenced(failure.code)))
        turns.append(
            Message(role="user", content=f"It is wrong:\n{findings}\nAnswer with the whole corrected code in one block.")
        )
    return Question(Prompt(messages=tuple(turns)), "")


def shown_code(function: SequentialFunction) -> str:
    """The function with the types, constants and helpers of its file that it needs, without includes."""
    needed = [function.slice(span).strip() for span in function.needs]
    parts = [text for text in needed if not text.startswith(("#include", "# include"))]
    parts += [laid_out(text_of(node)) for name in function.helpers if (node := helper_node(function, name)) is not None]
    return as_cxx("\n\n".join([*parts, laid_out(function.slice(function.span))]), function.language)


def _head(task: Task) -> str:
    return task.signature.kernel_head if task.target is Target.CUDA else task.entry_head


def _system(task: Task) -> str:
    if task.target is Target.OPENMP:
        return OPENMP_SYSTEM
    return WHOLE_SYSTEM if task.is_whole else SYSTEM


def _examples(target: Target) -> Sequence[Example]:
    return CUDA_EXAMPLES if target is Target.CUDA else OPENMP_EXAMPLES


def _as_text(example: Example, target: Target) -> str:
    mark = _CUDA_MARK if target is Target.CUDA else _OPENMP_MARK
    return f"{MARK}\n{example.sequential}\n\n{mark}\n{example.parallel}\n\n"


def _request(code: str, wanted: str) -> str:
    return f"{_fenced(code)}\nWrite `{wanted}` and what it needs."


def _fenced(code: str) -> str:
    return f"```cpp\n{code.strip()}\n```"
