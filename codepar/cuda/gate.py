"""What a translation may not hold: ways around the verdict, and things that a pure function has no use for.

The checks run in the process of the translation, which could switch them off, write their report or read the driver's input.
Generated code has no reason to: files, processes, other programs' memory, loaders, compiler switches and names of the checks
are refused by name, each with its line. Library functions that go through memory for the host are refused, too, because the
count of what host code does cannot see into them. Limits: names alone, comments and strings aside; it narrows what a program can
forge, the sandbox bounds what it can do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.cuda.function import Refusal
from codepar.cuda.gate_order import unordered
from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis

_OWN = re.compile(rb"\b(?:_*codepar\w*|CODEPAR\w*|__[tamlu]san_\w*|__sanitizer_\w*|AnnotateH\w*)")
_SWITCHES = re.compile(
    rb"\b(?:no_sanitize\w*|disable_sanitizer_instrumentation|no_instrument_function|constructor|destructor|ifunc|weakref)\b"
    rb"|\b(?:optimize|__optimize__|target|section|alias|weak)(?=\s*\(\s*\")|\b_Pragma\b"
)
_CALLS = re.compile(
    rb"(?<![\w.>])(?:(?:std)?\s*::\s*)?(?P<name>system|popen|p?v?fork|clone3?|exec[lv]p?e?|posix_spawnp?|syscall|ptrace|kill|tgkill|raise|sigaction|signal"
    rb"|dlopen|dlm?sym|dlvsym|mmap|mprotect|munmap|mremap|f?open(?:at)?(?:64)?|freopen|fdopen|creat|p?read(?:v|64)?|p?write(?:v|64)?|dup[23]?|pipe2?|socket"
    rb"|memfd_create|process_vm_\w+|getenv|secure_getenv|[sp]u?t?env|setenv|_[eE]xit|quick_exit|at_?e?_?quick_exit|atexit|on_exit|_?longjmp|_?setjmp"
    rb"|sigsetjmp|siglongjmp|pthread_\w+|thrd_create|getpid|alarm|usleep|nanosleep|sleep|scanf|fscanf|fgets|getchar|getline|fread|fseek|ftruncate)\s*\("
)
_UNSEEN = re.compile(
    rb"(?<![\w.>])(?:(?:std)?\s*::\s*)?(?P<name>(?:__builtin_)?(?:qsort(?:_r)?|bsearch|lfind|lsearch|mem(?:r?chr|mem|cmp)|rawmemchr|bcmp"
    rb"|str(?:n?cmp|n?casecmp|r?chr|chrnul|(?:case)?str|c?spn|pbrk|coll)|wmem(?:chr|cmp)|wcs\w+))\s*\("
    rb"|\bstd\s*::\s*(?P<template>string(?:_view)?|basic_string(?:_view)?|char_traits|equal|lexicographical_compare)\b"
)
_NAMES = re.compile(
    rb"\b(?:stdin|environ|__environ|i?o?fstream|filebuf|jthread|sigjmp_buf|program_invocation_name|_dl_\w+|__libc_\w+|_IO_\w+)\b"
    rb"|\bstd\s*::\s*(?:thread|async|cin|filesystem|atexit)\b"
)
_ASSEMBLY = re.compile(rb"\b(?:asm|__asm__|__asm)\b")
_PASTE = re.compile(rb"##")
_HEADER = re.compile(r"[<\"](?P<path>[^>\"]*)[>\"]")
_BAD_HEADER = re.compile(
    r"^/|\.\.|^sys/|^dlfcn|^pthread|^thread$|^fstream$|^filesystem$|codepar|^unistd|^link\.h|^signal|^csignal|^setjmp|^csetjmp|^proc|^linux/"
)
_PRAGMAS = re.compile(r"\b(?:unroll|nounroll|omp|once|nv_\w+|diag_suppress|hd_warning_disable|nv_exec_check_disable)\b")


def forbidden(source: str, language: Language = Language.CUDA) -> tuple[Refusal, ...]:
    """Everything of the list that stands in ``source``, by line."""
    lexis = Lexis(source.encode(errors="surrogateescape"), language)
    found = [*_of_names(lexis), *_of_directives(lexis), *unordered(lexis)]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: one.line or 0))


def _of_names(lexis: Lexis) -> Iterator[Refusal]:
    code = lexis.code
    for pattern, code_word, why in (
        (_OWN, "own_names", "`{}` is a name of the checks themselves"),
        (_SWITCHES, "compiler_switch", "`{}` switches checks off or runs code outside of the call"),
        (_NAMES, "input_output", "`{}` reaches outside of the function"),
        (_ASSEMBLY, "inline_assembly", "`{}`: the checks cannot see inline assembly"),
        (_PASTE, "token_paste", "`{}` makes names that cannot be read here"),
    ):
        for match in pattern.finditer(code):
            yield Refusal(code_word, why.format(match.group().decode(errors="replace")), lexis.line_at(match.start()))
    for match in _UNSEEN.finditer(code):
        name = match["name"] or match["template"]
        if not _is_its_own(code, name):
            why = f"it calls `{name.decode()}`: what the library does with memory on the host cannot be counted"
            yield Refusal("unseen_work", why, lexis.line_at(match.start()))
    for match in _CALLS.finditer(code):
        if _is_its_own(code, match["name"]):
            continue
        called = match["name"].decode()
        yield Refusal(
            "process_or_file", f"it calls `{called}`, for which a pure function has no use", lexis.line_at(match.start("name"))
        )


def _is_its_own(code: bytes, name: bytes) -> bool:
    """Whether the text defines a function of that name itself."""
    return re.search(rb"\b%s\s*\([^;{}]*\)\s*(?:const\s*)?\{" % name, code) is not None


def _of_directives(lexis: Lexis) -> Iterator[Refusal]:
    for directive in lexis.directives:
        line = lexis.line_at(directive.start)
        text = lexis.data[directive.start : directive.end].decode(errors="replace")
        header = _HEADER.search(text)
        if directive.name in {"include", "include_next", "import", "embed"} and (
            header is None or _BAD_HEADER.search(header["path"])
        ):
            yield Refusal("header", f"`{text.strip()}` is not a header that a translation may include", line)
        elif directive.name == "pragma" and not _PRAGMAS.search(directive.argument):
            yield Refusal("compiler_switch", f"`{text.strip()}` changes how the checks see the code", line)
        elif directive.name == "line":
            yield Refusal("compiler_switch", "`#line` hides where findings are", line)
