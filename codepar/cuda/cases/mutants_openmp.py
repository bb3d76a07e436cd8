"""Wrong versions of a right OpenMP text: what is shared that must not be, what is not summed, not protected, not divided.

Faults of the directives; those of loops and expressions are planted as in device code. Limits: those of ``mutants.py``; a dropped
``private`` or ``reduction`` may go unnoticed by values on few threads, a dropped directive always does: it is no longer parallel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.cuda.cases.mutants import Fault, Mutant, body_faults, planted
from codepar.cuda.source import Source
from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis

_PRAGMA = re.compile(rb"^[ \t]*#[ \t]*pragma[ \t]+omp[ \t]+(?:[^\n\\]|\\\n|\\.)*", re.MULTILINE)
_CLAUSE = re.compile(rb"\b(reduction|private|firstprivate|lastprivate|nowait|ordered)\b(?:\s*\((?:[^()]|\([^()]*\))*\))?")
_PROTECTION = re.compile(rb"\bomp[ \t]+(atomic|critical|ordered|barrier|single|master)\b")


def openmp_mutants(text: str, language: Language, functions: tuple[str, ...] = ()) -> tuple[Mutant, ...]:
    """All faults that the text has places for; ``functions`` names those whose bodies get faults (none: all)."""
    return planted(text, _faults(text, language, functions))


def _faults(text: str, language: Language, functions: tuple[str, ...]) -> Iterator[Fault]:
    data = text.encode()
    comments = Lexis(data, language).code
    for pragma in _PRAGMA.finditer(data):
        if not comments[pragma.start() : pragma.end()].strip():
            continue
        protection = _PROTECTION.search(pragma.group())
        kind = "directive" if protection is None else protection[1].decode()
        yield Fault(f"{kind}_dropped", *pragma.span(), "")
        for clause in _CLAUSE.finditer(pragma.group()):
            start = pragma.start() + clause.start()
            yield Fault(f"{clause[1].decode()}_dropped", start, start + len(clause.group()), "")
    for name, nodes in Source(text, language).function_nodes.items():
        for node in nodes:
            body = node.child_by_field_name("body")
            if body is not None and (not functions or name in functions):
                yield from body_faults(body)
