"""Whether a task can be scored here: its right answer is found right, and the answer that does nothing is not.

The right answer for ``serial`` and ``omp`` is the driver's own baseline, called from the body; for ``cuda`` a kernel of ours
(``data/pareval``). What was found is kept in the cache, by the texts and the machine. Limits: the right answers for ``omp`` are
sequential; comparisons of random inputs can differ from one host to another.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

from codepar.protocols import Executor, Status
from codepar.syntax import brackets
from evaluators.benchmarks.pareval import Problem
from evaluators.pareval.judge import Judged, judge

_PARAMETERS = re.compile(r"\((.*)\)\s*\{?\s*$", re.DOTALL)
_PARAMETER_NAME = re.compile(r"(\w+)\s*(?:\[\w*\]\s*)*$")
_ONCE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once\b", re.MULTILINE)


# Baselines that are wrong, as independent right answers and other programs show: the hull loses points of its lower half, the
# sums of subarrays are not begun anew. What calls such a baseline agrees with it, of course.
_WRONG = frozenset({"10_geometry_convex_hull", "11_geometry_convex_hull_perimeter", "34_scan_largest_contiguous_subarray_sum"})


class Truth(StrEnum):
    """``ok``: counted. ``broken``: the right answer does not pass. ``weak``: doing nothing passes. ``unknown``: not found out."""

    OK = "ok"
    BROKEN = "broken"
    WEAK = "weak"
    UNKNOWN = "unknown"


class Truths:
    """What is known of the tasks; ``file`` keeps it from one run to the next (None: in memory). ``host`` names the machine."""

    def __init__(self, executor: Executor, file: Path | None, host: str) -> None:
        self._executor = executor
        self._file = file
        self._host = host
        self._known: dict[str, str] = dict(_read(file)) if file is not None else {}

    async def of(self, problem: Problem) -> Truth:
        """Run the two answers unless it is known. Raises what the executor raises."""
        key = self._key(problem)
        if key in self._known:
            return Truth(self._known[key])
        truth = await self._find(problem)
        if truth is not Truth.UNKNOWN:
            self._known[key] = truth.value
            self._write()
        return truth

    async def _find(self, problem: Problem) -> Truth:
        right = right_answer(problem)
        if right is None:
            return Truth.UNKNOWN
        if problem.model != "cuda" and problem.name in _WRONG:
            return Truth.BROKEN
        found = await judge(problem, right, self._executor, upstream=False, parallel=False)
        if found.status is Status.INFRA_ERROR:
            return Truth.UNKNOWN
        if found.correct is not True:
            return Truth.BROKEN
        nothing = await judge(problem, empty_answer(problem), self._executor, upstream=False, parallel=False)
        return Truth.WEAK if _passes(nothing) else Truth.OK

    def _key(self, problem: Problem) -> str:
        parts = (self._host, problem.task_id, problem.prompt, problem.driver, problem.baseline, right_answer(problem) or "")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

    def _write(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".part")
        partial.write_text(json.dumps(self._known, indent=0), encoding="utf-8")
        partial.replace(self._file)


def _passes(judged: Judged) -> bool:
    return judged.correct is True


def _read(file: Path) -> Mapping[str, str]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    values = {truth.value for truth in Truth}
    return {key: value for key, value in known.items() if value in values} if isinstance(known, dict) else {}


def right_answer(problem: Problem) -> str | None:
    """The text behind the prompt; None where none is known."""
    if problem.model == "cuda":
        return _kernels().get(problem.name)
    oracle = next((name for name in problem.oracles if name.startswith("correct")), None)
    found = _PARAMETERS.search(problem.head)
    if oracle is None or found is None:
        return None
    names = ", ".join(_name(part.decode()) for part in brackets.split_commas(found[1].encode()))
    baseline = _ONCE.sub("", problem.oracle)
    return f"    {_result(problem)} {oracle}({found[1]});\n    return {oracle}({names});\n}}\n{baseline}\n"


def empty_answer(problem: Problem) -> str:
    """The body that does nothing."""
    return "}\n" if _result(problem).split()[-1] == "void" else "    return {};\n}\n"


def _result(problem: Problem) -> str:
    return re.split(rf"\b{re.escape(problem.function)}\s*\(", problem.head)[0].strip()


def _name(parameter: str) -> str:
    found = _PARAMETER_NAME.search(parameter.strip())
    return found[1] if found else ""


@cache
def _kernels() -> dict[str, str]:
    text = resources.files("evaluators").joinpath("data/pareval/kernels.toml").read_text(encoding="utf-8")
    return {name: f"{body.rstrip()}\n" for name, body in tomllib.loads(text).items()}
