"""ParEval: 60 problems whose answer is the body of one function, for a serial, an OpenMP and a CUDA form of each.

A folder holds the repository (``codepar eval fetch pareval``, or any clone); none of its text is part of codepar. A problem is
its prompt (comment and signature), its driver with inputs and comparison, and its serial baseline. Limits: the models
``serial``, ``omp`` and ``cuda``; MPI, Kokkos and HIP are passed over.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from codepar.errors import InvalidInput, NotFound
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

NAME = "pareval"
REPOSITORY = "https://github.com/parallelcodefoundry/ParEval"
COMMIT = "4c9877fcf3e50ad8ac2d898187122a2d9cfd8e47"
"""The newest commit that the adapter was tried on."""

Model = Literal["serial", "omp", "cuda"]
MODELS: tuple[Model, ...] = ("serial", "omp", "cuda")
DEFAULT_MODELS: tuple[Model, ...] = ("cuda", "omp")

_PROMPTS = Path("prompts", "generation-prompts.json")
_DRIVERS = Path("drivers", "cpp")
_NAME = re.compile(r"\b(\w+)\s*\([^()]*\)\s*\{\s*$")
_ATTRIBUTE = re.compile(r"\bNO_INLINE\b")
_BLOCK = re.compile(r"^#if defined\(USE_CUDA\)[^\n]*\n.*?^#endif[^\n]*$", re.MULTILINE | re.DOTALL)
_DEVICE = re.compile(r"^__device__ ", re.MULTILINE)
_COMMENT = re.compile(r"/\*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in one model. ``driver``, ``baseline``, ``utilities`` and ``main`` are upstream's texts.

    ``prompt`` ends with the opening brace of the function; ``main`` is the program that upstream links.
    """

    name: str
    model: Model
    prompt: str
    driver: str
    baseline: str
    utilities: str
    main: str

    @property
    def task_id(self) -> str:
        """``cuda/04_dense_la_gemv``."""
        return f"{self.model}/{self.name}"

    @property
    def head(self) -> str:
        """The line that opens the function."""
        return self.prompt.splitlines()[-1].strip()

    @property
    def function(self) -> str:
        """The function that is asked for. Raises ``InvalidInput`` for a head that is none."""
        found = _NAME.search(self.head)
        if found is None:
            raise InvalidInput(f"{self.task_id}: no function head in {self.head!r}", remedy="the folder is damaged")
        return found[1]

    @property
    def preamble(self) -> str:
        """What the prompt declares before the comment: structures, small functions, constants."""
        comment = _COMMENT.search(self.prompt)
        return self.prompt[: comment.start()] if comment else ""

    @property
    def device_helpers(self) -> str:
        """What the baseline defines for device code, beside the oracle: answers may use it."""
        return "\n".join(block for block in _BLOCK.findall(self.baseline) if _DEVICE.search(block))

    @property
    def oracle(self) -> str:
        """The baseline without what is for device code."""
        return _BLOCK.sub(lambda block: "" if _DEVICE.search(block[0]) else block[0], self.baseline)

    @property
    def oracles(self) -> tuple[str, ...]:
        """The functions of the oracle, the right answer among them."""
        tree = parse(_ATTRIBUTE.sub("", self.oracle), Language.CXX)
        return tuple(dict.fromkeys(one.name for one in tree.functions if one.name != self.function))


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    problem_type: str
    parallelism_model: str
    prompt: str


_ROWS = TypeAdapter(list[_Row])


def models_of(text: str) -> tuple[Model, ...]:
    """The models of a list with commas. Raises ``InvalidInput``."""
    wanted = {word.strip() for word in text.split(",")}
    unknown = sorted(wanted - set(MODELS))
    if unknown:
        raise InvalidInput(f"{NAME} is not run for {unknown[0]!r}", remedy=f"any of {', '.join(MODELS)}, with commas")
    return tuple(model for model in MODELS if model in wanted)


def load(folder: Path, models: tuple[Model, ...] = DEFAULT_MODELS) -> tuple[Problem, ...]:
    """The problems of a folder by number, the models side by side. Raises ``NotFound``, ``InvalidInput``."""
    rows = [row for row in _rows(folder / _PROMPTS) if row.parallelism_model in models]
    found = [_problem(folder, row, model) for row in rows for model in models if row.parallelism_model == model]
    if not found:
        raise InvalidInput(f"{folder} holds no problem of {', '.join(models)}", remedy=_remedy())
    return tuple(sorted(found, key=lambda one: (one.name, models.index(one.model))))


def _remedy() -> str:
    return "codepar eval fetch pareval --data FOLDER"


def _rows(path: Path) -> list[_Row]:
    try:
        return _ROWS.validate_python(json.loads(_text(path)))
    except (json.JSONDecodeError, ValidationError, RecursionError) as error:
        raise InvalidInput(f"{path} is no list of prompts", remedy=_remedy()) from error


def _problem(folder: Path, row: _Row, model: Model) -> Problem:
    drivers = folder / _DRIVERS
    place = drivers / "benchmarks" / row.problem_type / row.name
    is_cuda = model == "cuda"
    return Problem(
        name=row.name,
        model=model,
        prompt=row.prompt.rstrip(),
        driver=_text(place / ("gpu.cu" if is_cuda else "cpu.cc")),
        baseline=_text(place / "baseline.hpp"),
        utilities=_text(drivers / "utilities.hpp"),
        main=_text(drivers / "models" / f"{model}-driver.{'cu' if is_cuda else 'cc'}"),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", remedy=_remedy()) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", remedy=_remedy()) from error
