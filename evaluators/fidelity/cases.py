"""The prompts whose answers can be executed: generated ones of ``codepp`` that change functions which have tests.

Limits: requests for CUDA are left out, for their answers are judged by ``codepar cuda translate``; so are those that only read or
test code, whose answers no test of the functions judges.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from evaluators.benchmarks.codepp_generated import GeneratedCase, generate

NAME = "codepp-fidelity"
_CUDA = re.compile("CUDA")
_OTHER_SIGNATURE = re.compile("const-correct")


def load_cases(limit: int | None = None, every: int = 1) -> tuple[GeneratedCase, ...]:
    """Each ``every``-th of them, at most ``limit``; without bounds there are 100 with 316 functions."""
    fitting = [case for case in generate() if _fits(case)]
    return tuple(fitting[::every][:limit])


def _fits(case: GeneratedCase) -> bool:
    is_change = case.prompt.kind == "generated change" and bool(case.functions)
    return is_change and not _CUDA.search(case.prompt.text)


def keeps_signatures(case: GeneratedCase) -> bool:
    """Whether the request leaves the functions' declarations as they are."""
    return not _OTHER_SIGNATURE.search(case.prompt.text)


def cases_hash(cases: Sequence[GeneratedCase]) -> str:
    """Twelve hex digits of the prompts, their gold and the tests of their functions."""
    digest = hashlib.sha256()
    for case in cases:
        digest.update(f"{case.prompt.model_dump_json()}\n{case.gold.model_dump_json()}\n".encode())
        digest.update(case.collection.model_dump_json().encode())
    return digest.hexdigest()[:12]
