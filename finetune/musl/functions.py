"""From the C files of a repository to functions that could be made parallel: loops over buffers, no effects of another kind.

Each is cut out with the declarations and helpers that it needs, so that its text stands by itself, and is read once more from
that text (``codepar.cuda.read``); what is refused then is left out with the reason. Limits: C; one file at a time, its own
headers are not read; macros are expanded; files of at most 150 KB, functions of at most 60 lines, 4,000 characters in all.
"""

from __future__ import annotations

import hashlib
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from codepar.cuda.cases.generate import candidates
from codepar.cuda.function import SequentialFunction
from codepar.cuda.gate import forbidden
from codepar.cuda.read import helper_node, read_function, read_functions
from codepar.cuda.refuse import refusal, refusals
from codepar.errors import CodeparError
from codepar.flows.cuda_choice import has_loop
from codepar.flows.cuda_court import RANK_SEED
from codepar.protocols import Record
from codepar.syntax.variables import text_of
from finetune.musl.held_out import Signatures, signatures_of
from finetune.programs import licence_of
from finetune.sources import GitRepository, Source, SourceFile

MAX_BYTES = 150_000
FILE_S = 20
MAX_LINES = 60
MAX_CHARACTERS = 4000
_LOOP = re.compile(rb"\b(?:for|while)\s*\(")
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]*)")
_HEADERS = frozenset(
    f"{name}.h"
    for name in (
        *("assert", "complex", "errno", "float", "inttypes", "limits", "math", "stdbool", "stddef", "stdint"),
        *("stdio", "stdlib", "string", "tgmath"),
    )
)
Split = Literal["train", "development"]


class CFunction(Record):
    """A function of the corpus. ``text`` is a whole file with it and what it needs; ``id`` are 16 digits of the text's SHA-256.

    ``line`` is that of the function in the repository's file.
    """

    id: str
    name: str
    text: str
    repository: str
    commit: str
    path: str
    line: int
    licence_file: str | None
    licence: str
    split: Split = "train"

    def read(self) -> SequentialFunction:
        """The function as the other modules see it."""
        return read_function(self.text, f"{self.name}.c", self.name)


class Extracted(Record):
    """A function with its signatures, as a repository gave it."""

    function: CFunction
    signatures: Signatures


@dataclass
class Collected:
    """What one repository gave, and how many functions with loops were left out for which reason."""

    functions: list[Extracted] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def collect(source: Source, repository: GitRepository) -> Collected:
    """All functions of a repository at its commit that could be made parallel."""
    names = repository.names(source.commit)
    licence = licence_of(source, repository, names)
    found, seen = Collected(), set[str]()
    wanted = [name for name in names if PurePosixPath(name).suffix.lower() == ".c"]
    for file in repository.files(source.commit, wanted):
        for one in _functions(file, found.left_out):
            text = cut_out(one)
            why = _unfit(text, one)
            digest = hashlib.sha256(text.encode()).hexdigest()[:16]
            if why is None and digest in seen:
                why = "the same text twice"
            if why is not None:
                found.left_out[why] += 1
                continue
            seen.add(digest)
            function = CFunction(
                id=digest,
                name=one.name,
                text=text,
                repository=source.repository,
                commit=source.commit,
                path=file.path,
                line=one.line,
                licence_file=licence.file,
                licence=licence.family,
            )
            signatures = signatures_of(one.slice(one.span))
            found.functions.append(Extracted(function=function, signatures=signatures))
    return found


def _functions(file: SourceFile, left_out: Counter[str]) -> Iterator[SequentialFunction]:
    """The functions of a file that have a loop, leave something, and hold nothing that forbids translation."""
    if not _LOOP.search(file.content):
        return
    if len(file.content) > MAX_BYTES:
        left_out[f"in a file longer than {MAX_BYTES} bytes"] += 1
        return
    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        text = file.content.decode("latin-1")
    try:
        with _time_limit(FILE_S):
            functions = read_functions(text, "file.c")
    except (CodeparError, RecursionError):
        left_out["in a file that cannot be read"] += 1
        return
    except TimeoutError:
        left_out[f"in a file that takes longer than {FILE_S} s"] += 1
        return
    for one in functions:
        if not has_loop(one):
            continue
        why = refusal(one)
        if why is not None:
            left_out[why.code] += 1
        elif not _leaves_something(one):
            left_out["without a result or a written buffer"] += 1
        else:
            yield one


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Raises ``TimeoutError`` in what takes longer: some generated code has formulas that are analysed for hours.

    Without effect outside of a process's main thread, where no signal can be heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _leaves_something(function: SequentialFunction) -> bool:
    signature = function.signature
    is_written = any(one.role.is_written for one in signature.buffers)
    return bool(signature.buffers) and (is_written or signature.return_type != "void")


def cut_out(function: SequentialFunction) -> str:
    """The function with the declarations, helpers and headers of the language that it needs, as a file of its own."""
    needs = [function.slice(span).strip() for span in function.needs]
    parts = [text for text in needs if (include := _INCLUDE.match(text)) is None or include[1] in _HEADERS]
    parts += [text_of(node) for name in function.helpers if (node := helper_node(function, name)) is not None]
    parts.append(function.slice(function.span))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _unfit(text: str, function: SequentialFunction) -> str | None:
    """Why a function is not taken: its size, that it is refused by itself, or that no inputs can be made for it."""
    if function.slice(function.span).count("\n") >= MAX_LINES or len(text) > MAX_CHARACTERS:
        return f"longer than {MAX_LINES} lines or {MAX_CHARACTERS} characters"
    try:
        alone = read_function(text, "alone.c", function.name)
    except (CodeparError, RecursionError):
        return "unreadable without its file"
    why = next(iter((*refusals(alone), *forbidden(text, alone.language))), None)
    if why is not None:
        return f"{why.code}, without its file"
    try:
        with _time_limit(FILE_S):
            made = candidates(alone, "rank", RANK_SEED)
    except (CodeparError, TimeoutError):
        return "no test inputs can be made"
    return None if made.cases else "no test inputs can be made"
