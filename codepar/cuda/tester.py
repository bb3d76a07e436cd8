"""Ask a language model for test inputs of a function, as JSON under a schema made of the signature, and read what it says.

The rules' tests always stand beside it. Limits: inputs alone, never expected values; what is proposed is checked against the
extents here, and on the original by the flow before it counts.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from codepar.cuda.ask import shown_code
from codepar.cuda.cases.spec import BufferSpec, TestCase
from codepar.cuda.expression import evaluate
from codepar.cuda.function import SequentialFunction
from codepar.cuda.source import source_of
from codepar.errors import InvalidInput
from codepar.protocols import Grammar, Prompt

MAX_CASES = 5
_MAX_ELEMENTS = 4096
_MARK = "// Test inputs as JSON: a single element, a whole block, one more than a block, values on both sides of each branch."
_EXAMPLE_CODE = """void clamp_rows(float *out, const float *in, const int *row, int n, int width, float limit)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < width; j++)
            out[i * width + j] = in[row[i] * width + j] > limit ? limit : in[row[i] * width + j];
}"""
_EXAMPLE_TESTS = {
    "cases": [
        {
            "name": "single",
            "scalars": {"n": 1, "width": 1, "limit": 0.5},
            "buffers": {
                "out": {"size": "n * width", "distribution": "uniform", "low": 0, "high": 1},
                "in": {"size": "n * width", "distribution": "uniform", "low": -2, "high": 2},
                "row": {"size": "n", "distribution": "uniform", "low": 0, "high": "n - 1"},
            },
        },
        {
            "name": "odd",
            "scalars": {"n": 33, "width": 17, "limit": -1.0},
            "buffers": {
                "out": {"size": "n * width", "distribution": "uniform", "low": 0, "high": 1},
                "in": {"size": "n * width", "distribution": "sorted", "low": -5, "high": 5},
                "row": {"size": "n", "distribution": "permutation", "low": 0, "high": "n - 1"},
            },
        },
    ]
}


def inputs_question(function: SequentialFunction) -> Prompt:
    """The prompt: a worked example and the function; the answer is JSON."""
    example = f"{_EXAMPLE_CODE}\n{_MARK}\n{json.dumps(_EXAMPLE_TESTS)}\n\n"
    return Prompt(text=f"{example}{shown_code(function)}\n{_MARK}\n")


def inputs_grammar(function: SequentialFunction) -> Grammar:
    """A JSON schema with exactly the scalars and buffers of the function."""
    numbers = {one.name: {"type": "number" if _is_real(one.type) else "integer"} for one in function.signature.scalars}
    bound = {"anyOf": [{"type": "number"}, {"type": "string", "maxLength": 40}]}
    buffer = _object(
        {
            "size": {"type": "string", "maxLength": 60},
            "distribution": {"enum": ["uniform", "sorted", "permutation", "ramp"]},
            "low": bound,
            "high": bound,
        }
    )
    buffers = {one.name: buffer for one in function.signature.buffers}
    case = _object({"name": {"type": "string", "maxLength": 24}, "scalars": _object(numbers), "buffers": _object(buffers)})
    cases = {"type": "array", "items": case, "minItems": 2, "maxItems": MAX_CASES}
    return Grammar(kind="json_schema", text=json.dumps(_object({"cases": cases})))


def read_inputs(text: str, function: SequentialFunction, seed: int) -> tuple[TestCase, ...]:
    """The cases that name all parameters, with buffers no smaller than the extents say; the others are dropped.

    Never raises for what a model says.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    rows = said.get("cases") if isinstance(said, dict) else None
    found = []
    for number, row in enumerate(rows[:MAX_CASES] if isinstance(rows, list) else []):
        try:
            case = TestCase.model_validate({**row, "name": f"model{number:02d}", "seed": seed + number})
            found.append(_checked(case, function))
        except (ValidationError, InvalidInput, TypeError, OverflowError):
            continue
    return tuple(found)


def _checked(case: TestCase, function: SequentialFunction) -> TestCase:
    """The case with types and roles filled in. Raises ``InvalidInput`` where it does not fit the function."""
    signature = function.signature
    wanted = ({one.name for one in signature.scalars}, {one.name for one in signature.buffers})
    if (set(case.scalars), set(case.buffers)) != wanted:
        raise InvalidInput("the case names other parameters than the function has")
    constants = source_of(function.text, function.language).constants
    known = {**constants, **{name: value for name, value in case.scalars.items() if not isinstance(value, dict)}}
    buffers: dict[str, BufferSpec] = {}
    for one in signature.buffers:
        spec, size = case.buffers[one.name], case.size(one.name, constants)
        extent = function.extents.get(one.name)
        if extent is not None and extent.expression is not None and evaluate(extent.expression, known) > size:
            # A model counts badly; how much is touched is known.
            spec, size = spec.model_copy(update={"size": extent.expression}), int(evaluate(extent.expression, known))
        if size > _MAX_ELEMENTS:
            raise InvalidInput(f"`{one.name}` is too large")
        buffers[one.name] = spec.model_copy(update={"type": one.type, "role": one.role})
    return case.model_copy(update={"buffers": buffers})


def _is_real(type_name: str) -> bool:
    return "float" in type_name or "double" in type_name


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
