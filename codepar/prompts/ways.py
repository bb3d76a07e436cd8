"""Ways of writing the same code, and angles for the same words: what variants differ by where the request does not say.

Limits: English; they are hints that make answers differ, not promises that each suits.
"""

from __future__ import annotations

from collections.abc import Sequence

from codepar.prompts.request import Request
from codepar.syntax.language import Language

_GPU = (
    "one element for each thread, with a bounds check",
    "a grid-stride loop",
    "four elements for each thread, unrolled",
    "shared memory for what is read more than once",
    "vector loads with a loop for the rest",
    "two-dimensional blocks",
    "read-only loads through __restrict__ and __ldg",
    "64 threads a block and two elements for each thread",
    "256 threads a block, with __launch_bounds__",
    "registers for what a thread reuses",
    "a helper __device__ function for one element",
    "one warp for each row or group of elements",
)
_LOOPS = (
    "a plain loop with its intermediate values in local variables",
    "pointers that move instead of indices",
    "the innermost loop unrolled by 4, with a loop for the rest",
    "the loop run from the end to the beginning",
    "blocks of 64 elements",
    "a helper function for one element",
    "while loops instead of for loops",
    "an OpenMP simd pragma on the innermost loop",
    "no branches inside the loop",
    "an early return for the empty and the trivial case",
    "two halves, one after the other",
    "the innermost loop unrolled by 2",
)
_PYTHON = (
    "a comprehension or a generator expression",
    "a while loop with an index",
    "built-in functions and the standard library",
    "a generator that the function consumes",
    "recursion",
    "enumerate and zip instead of indices",
    "early returns",
    "a small helper function inside",
    "slices",
    "functools.reduce or itertools",
    "a dictionary or a set where it helps",
    "one pass that unpacks what it reads",
)
_ANGLES = (
    "the one that comes to mind first",
    "an unusual one",
    "a practical one",
    "a playful one",
    "a traditional one",
    "a modern one",
    "a minimal one",
    "an ambitious one",
    "one for beginners",
    "one for experts",
    "one that takes little time",
    "one with a surprising turn",
)


def ways_for(request: Request) -> tuple[str, ...]:
    """The ways for the code that came, or the angles where there is none."""
    languages = [source.code.language for source in request.sources if source.code is not None and source.text.strip()]
    if not languages:
        return _ANGLES
    if Language.CUDA in languages or "__global__" in request.prompt:
        return _GPU
    return _PYTHON if languages[0] is Language.PYTHON else _LOOPS


def way_of(ways: Sequence[str], number: int) -> str:
    """Way ``number`` from 0 of two or more; past the last one two at a time, so that none comes twice."""
    turn, place = divmod(number, len(ways))
    if not turn:
        return ways[place]
    lap, distance = divmod(turn - 1, len(ways) - 1)
    besides = ways[(place + distance + 1) % len(ways)]
    # When all pairs are used up, a number tells the rest apart.
    return f"{ways[place]}; besides, {besides}{f', take {lap + 1}' if lap else ''}"
