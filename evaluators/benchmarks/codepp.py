"""``codepp``: requests that hold several tasks, or seem to, with gold items, edges and reasons.

Those written by hand are the headline. Half of them, chosen by a hash of the id, are set aside: they were put apart before any
rule was written and are for measuring alone. Each was labelled twice (``first_pass.toml``, ``second_pass.toml``); ``gold.toml``
holds the resolved labels. Beside them there are ``practice`` prompts for whoever writes rules, labelled once, and generated
ones (``codepp_generated``). ``practice2`` and ``set_aside2`` are the halves of a later writing by somebody who had not seen the
rules, labelled twice too; what is wrong in ``HIDDEN`` parts is never shown. ``practice3`` is a third writing, for whoever writes
rules and labelled once; ``set_aside3`` is by yet another writer, all of it for measuring and labelled twice, and so is
``set_aside4``, by two who did not see each other's labels.
Limits: the labels say what can be answered apart, not what pays.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files as resources
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from codepar.errors import InvalidInput
from evaluators.benchmarks.codepp_case import Case, Prompt
from evaluators.benchmarks.codepp_generated import generate
from evaluators.benchmarks.codepp_labels import Label

__all__ = [
    "HALVES",
    "HIDDEN",
    "NAME",
    "Case",
    "Half",
    "Part",
    "Pass",
    "Prompt",
    "half_of",
    "load",
    "load_labels",
    "load_part",
    "load_prompts",
]

NAME = "codepp"
Half = Literal["development", "set_aside"]
Folder = Literal["development", "set_aside", "practice", "practice2", "practice3", "set_aside2", "set_aside3", "set_aside4"]
Part = Literal[Folder, "generated"]
Pass = Literal["gold", "first_pass", "second_pass"]
HALVES: tuple[Half, ...] = get_args(Half)
HIDDEN: frozenset[Part] = frozenset({"set_aside", "set_aside2", "set_aside3", "set_aside4"})
"""For measuring alone: nobody who writes rules or trains models may learn what went wrong in them."""
_Row = TypeVar("_Row", bound=BaseModel)


def half_of(prompt_id: str) -> Half:
    """The rule by which a prompt is set aside."""
    return "set_aside" if hashlib.sha256(f"{NAME} {prompt_id}".encode()).digest()[0] & 1 else "development"


def load_part(part: Part) -> Sequence[Case]:
    """The cases of a part with their gold."""
    return generate() if part == "generated" else load(part)


def load(half: Folder, labels: Pass = "gold") -> tuple[Case, ...]:
    """The prompts of a half with the labels of a pass, in the file's order. Raises ``InvalidInput`` where they do not fit."""
    known = {label.id: label for label in load_labels(half, labels)}
    prompts = load_prompts(half)
    if {prompt.id for prompt in prompts} != known.keys():
        raise InvalidInput(f"{labels} of {half} has not the ids of its prompts", remedy="label every prompt once")
    return tuple(Case(prompt, known[prompt.id].resolved(prompt.text, prompt.files)) for prompt in prompts)


def load_prompts(half: Folder) -> tuple[Prompt, ...]:
    """The prompts alone."""
    return tuple(_validated(Prompt, row) for row in _read(half, "prompts")["prompt"])


def load_labels(half: Folder, labels: Pass) -> tuple[Label, ...]:
    """The labels of one pass."""
    return tuple(_validated(Label, row) for row in _read(half, labels)["label"])


def _read(half: Folder, name: str) -> Mapping[str, Any]:
    path = resources("evaluators") / "data" / NAME / half / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _validated(model: type[_Row], row: Mapping[str, Any]) -> _Row:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        raise InvalidInput(f"{row.get('id', '?')}: {error}", remedy="correct the benchmark's file") from error
