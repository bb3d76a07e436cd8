"""What a project's files say of its kernels together: whether the name in a launch means one function.

A launch hands over the kernel's address where it can, because arguments are then converted to the parameters as CUDA does it.
A name that is overloaded, or a template whose arguments are deduced, has no address and is called through a lambda.
Limits: told by the last part of the name alone; kernels that macros make are not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from codepar.syntax import brackets
from codepar.syntax.cuda_declarations import KernelSignature

_LAST_NAME = re.compile(r"(\w+)\s*(<.*>)?\s*\Z", re.DOTALL)
_PARAMETER_NAME = re.compile(r"(?<=[\s*&])\w+(?=\s*(?:\[[^\]]*\]\s*)*\Z)")
_DEFAULT = re.compile(r"\s*=.*", re.DOTALL)


@dataclass(frozen=True)
class Kernels:
    """The kernels by name, one signature for each overload."""

    by_name: dict[str, tuple[KernelSignature, ...]] = field(default_factory=dict)

    def needs_call(self, callee: str) -> bool:
        """Whether ``callee`` has no address of its own."""
        match = _LAST_NAME.search(callee)
        overloads = self.by_name.get(match[1], ()) if match else ()
        if match is None or not overloads:
            return False
        if len(overloads) > 1:
            return True
        expected = overloads[0].template_parameters
        if expected is None:
            return False
        given = brackets.split_commas(match[2][1:-1].encode()) if match[2] else []
        return len(given) != len(expected) or any("..." in parameter for parameter in expected)

    @property
    def any_needs_call(self) -> bool:
        """Whether a launch of a name that is not known here had better be a call."""
        return any(len(found) > 1 or found[0].template_parameters is not None for found in self.by_name.values())

    def pointers(self, callee: str) -> frozenset[int]:
        """The places of parameters that are pointers in every overload; a literal 0 there is no number."""
        match = _LAST_NAME.search(callee)
        overloads = self.by_name.get(match[1], ()) if match else ()
        places = [{at for at, text in enumerate(one.parameters) if "*" in text} for one in overloads]
        return frozenset(set.intersection(*places)) if places else frozenset()

    def knows(self, name: str) -> bool:
        return name in self.by_name


def collect(signatures: Iterable[KernelSignature]) -> Kernels:
    """The kernels of all files; a declaration and its definition count once."""
    grouped: dict[str, dict[object, KernelSignature]] = defaultdict(dict)
    for signature in signatures:
        is_template = signature.template_parameters is not None
        shape = (len(signature.template_parameters or ()), is_template, _types(signature.parameters))
        known = grouped[signature.name].get(shape)
        if known is None or signature.is_definition:
            grouped[signature.name][shape] = signature
    return Kernels({name: tuple(found.values()) for name, found in grouped.items()})


def _types(parameters: Sequence[str]) -> tuple[str, ...]:
    """The parameters without names, defaults, qualifiers and spaces, so that differently written declarations meet."""
    types = []
    for parameter in parameters:
        words = _DEFAULT.sub("", parameter)
        without_name = _PARAMETER_NAME.sub("", words)
        bare = re.sub(r"\b(?:const|volatile|__restrict__|__restrict|struct|__grid_constant__)\b|\s", "", without_name or words)
        types.append(bare.replace("[]", "*"))
    return tuple(types)
