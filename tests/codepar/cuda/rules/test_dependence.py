"""Every nest that the rules spread is run turn by turn here: no two threads may touch one element, one of them writing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codepar.cuda.read import read_function
from codepar.cuda.rules.analysis import Analysis
from codepar.cuda.rules.build import build
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Loop
from codepar.cuda.rules.nest import NestBuilder
from codepar.cuda.rules.plan_types import Kernel
from codepar.cuda.rules.poly import Poly

SCALARS = ("n", "m")


def kernel_of(body: str, parameters: str = "float *a, float *b, int n, int m") -> tuple[Kernel, Analysis]:
    """The kernel of the first loop of a function with this body; raises what the rules raise."""
    function = build(read_function(f"void f({parameters}) {{ {body} }}", "f.c"))
    analysis = Analysis(function.body, function.parameters)
    loop = next(one for one in function.body if isinstance(one, Loop))
    return NestBuilder(analysis, loop, ()).kernel(), analysis


def spread_of(body: str, parameters: str = "float *a, float *b, int n, int m") -> list[str]:
    return [one.loop.variable.name for one in kernel_of(body, parameters)[0].spread]


def value(poly: Poly, scalars: dict[str, int]) -> int:
    total = 0
    for mono, factor in poly.terms.items():
        term = factor
        for atom in mono:
            if atom.kind in {"div", "mod"}:
                left, right = (value(one, scalars) for one in atom.arguments)
                quotient = math.trunc(left / right) if right else 0
                term *= quotient if atom.kind == "div" else left - quotient * right
            else:
                term *= scalars[atom.name]
        total += term
    return total


@dataclass(frozen=True)
class Subscript:
    """A sum of terms, each a number times a product of names; and what is done with it."""

    terms: tuple[tuple[int, tuple[str, ...]], ...]
    operation: str = ""

    def text(self) -> str:
        inner = " + ".join(" * ".join([str(number), *names]) for number, names in self.terms)
        return f"({inner}) {self.operation}" if self.operation else inner

    def at(self, names: dict[str, int]) -> int | None:
        total = sum(number * math.prod(names[name] for name in factors) for number, factors in self.terms)
        if not self.operation:
            return total
        sign, by = self.operation.split()
        divisor = names.get(by) if by in names else int(by)
        if not divisor:
            return None
        quotient = math.trunc(total / divisor)
        return quotient if sign == "/" else total - quotient * divisor


def subscripts(variables: tuple[str, ...]) -> st.SearchStrategy[Subscript]:
    factors = st.lists(st.sampled_from([*variables, *SCALARS]), min_size=0, max_size=2).map(tuple)
    term = st.tuples(st.integers(-2, 3), factors)
    usual = [
        Subscript(((1, ("i",)),)),
        Subscript(((1, ("i", "m")), (1, (variables[-1],)))),
        Subscript(((1, (variables[-1], "n")), (1, ("i",)))),
        Subscript(((1, ("i", "m")), (1, (variables[-1],)), (1, ()))),
        Subscript(((1, ("i",)),), "% m"),
        Subscript(((1, ("i",)),), "/ m"),
    ]
    free = st.builds(
        Subscript, st.lists(term, min_size=1, max_size=3).map(tuple), st.sampled_from(["", "", "", "% m", "/ 2", "% 3"])
    )
    return st.one_of(st.sampled_from(usual), free)


@dataclass(frozen=True)
class Nest:
    """``for i < n``, then perhaps ``for j``; one write and one read of ``a``, perhaps under a test."""

    depth: int
    bounds: tuple[str, ...]
    write: Subscript
    read: Subscript
    test: tuple[str, Subscript, Subscript] | None

    def text(self) -> str:
        names = ("i", "j")[: self.depth]
        heads = "".join(
            f"for (int {name} = 0; {name} < {bound}; {name}++) " for name, bound in zip(names, self.bounds, strict=False)
        )
        test = f"if ({self.test[1].text()} {self.test[0]} {self.test[2].text()}) " if self.test else ""
        return f"{heads}{{ {test}a[{self.write.text()}] = b[0] + a[{self.read.text()}]; }}"

    def turns(self, scalars: dict[str, int]) -> list[dict[str, int]]:
        found = []
        for i in range(self._bound(0, scalars, {})):
            if self.depth == 1:
                found.append({**scalars, "i": i})
                continue
            found += [{**scalars, "i": i, "j": j} for j in range(self._bound(1, scalars, {"i": i}))]
        return [one for one in found if self.holds(one)]

    def _bound(self, at: int, scalars: dict[str, int], outer: dict[str, int]) -> int:
        return eval(self.bounds[at], {}, {**scalars, **outer})

    def holds(self, names: dict[str, int]) -> bool:
        if self.test is None:
            return True
        left, right = self.test[1].at(names), self.test[2].at(names)
        return left is not None and right is not None and eval(f"{left} {self.test[0]} {right}")


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    depth = draw(st.integers(1, 2))
    variables = ("i", "j")[:depth]
    bounds = (draw(st.sampled_from(["n", "n * m", "m", "5"])), draw(st.sampled_from(["m", "n", "i + 1", "n - i", "4"])))
    test = None
    if draw(st.booleans()):
        sides = subscripts(variables)
        test = (draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="])), draw(sides), draw(sides))
    return Nest(depth, bounds, draw(subscripts(variables)), draw(subscripts(variables)), test)


@given(nests())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_two_threads_touch_one_element(nest: Nest) -> None:
    try:
        kernel, _analysis = kernel_of(nest.text())
    except CannotProve:
        return
    if kernel.atomics or kernel.reductions:
        return
    spread = [one.loop.variable.name for one in kernel.spread]
    for n, m in product(range(-1, 5), repeat=2):
        scalars = {"n": n, "m": m}
        fits = [value(one.poly, scalars) != 0 if one.is_nonzero else value(one.poly, scalars) >= 0 for one in kernel.conditions]
        if all(fits):
            check(nest, spread, scalars)


def check(nest: Nest, spread: list[str], scalars: dict[str, int]) -> None:
    writers: dict[int, tuple[int, ...]] = {}
    readers: dict[int, set[tuple[int, ...]]] = {}
    for names in nest.turns(scalars):
        thread = tuple(names[name] for name in spread)
        write, read = nest.write.at(names), nest.read.at(names)
        if write is None or read is None:
            return  # it divides by zero: the original has no meaning there
        assert writers.setdefault(write, thread) == thread, (nest.text(), scalars, write)
        readers.setdefault(read, set()).add(thread)
    for place, thread in writers.items():
        assert readers.get(place, {thread}) == {thread}, (nest.text(), scalars, place)


@pytest.mark.parametrize(
    ("body", "spread"),
    [
        ("for (int i = 0; i < n; i++) a[i] = b[i];", ["i"]),
        ("for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i * m + j] = b[j * n + i];", ["i", "j"]),
        ("for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[j] += b[i * m + j];", ["j"]),
        ("for (int t = 0; t < n * m; t++) { int i = t / m; int j = t % m; a[i * m + j] = b[j]; }", ["t"]),
        ("for (int t = 0; t < n * m; t++) { int r = t; int x = r % m; r /= m; a[r * m + x] += b[x]; }", ["t"]),
        ("for (int i = n - 1; i >= 0; i--) a[2 * i] = a[2 * i + 1];", ["i"]),
        ("int k = 0; for (int i = 0; i < n; i++) { a[k] = b[i]; k += 3; }", ["i"]),
        ("int k = 0; for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[k++] = b[j];", ["i", "j"]),
        ("for (int i = 0; i < n; i++) for (int j = 0; j <= i; j++) a[i * n + j] = b[j];", ["i", "j"]),
        ("int i = 0; while (i < n) { a[i] = b[i]; i += 1; }", ["i"]),
    ],
)
def test_independent_loops_are_found(body: str, spread: list[str]) -> None:
    assert spread_of(body) == spread


@pytest.mark.parametrize(
    "body",
    [
        "for (int i = 1; i < n; i++) a[i] = a[i - 1] + b[i];",
        "for (int i = 0; i < n; i++) a[i] = (a[i] + a[i + 1]) / 2;",
        "for (int i = 0; i < n; i++) a[i % m] = b[i];",
        "for (int i = 0; i < n; i++) a[i / 2] = b[i];",
        "for (int i = 0; i < n; i++) a[(int)b[i]] = b[i];",
        "for (int i = 0; i < n; i++) for (int j = 0; j < i; j++) a[i - j] = b[j];",
        "for (int i = 0; i < n; i++) { if (b[i] < 0) break; a[i] = b[i]; }",
        "float s = 0; for (int i = 0; i < n; i++) { s = s * b[0] + b[i]; a[i] = s; }",
    ],
)
def test_dependent_loops_are_refused(body: str) -> None:
    with pytest.raises(CannotProve) as refused:
        kernel_of(body)
    assert refused.value.line == 1


def test_a_stride_of_unknown_size_becomes_a_condition() -> None:
    kernel, analysis = kernel_of("for (int i = 0; i < n; i++) a[i * m] = b[i];")
    assert [(one.is_nonzero, repr(one.poly)) for one in kernel.conditions] == [(True, "1*m")]
    kernel, analysis = kernel_of("for (int i = 0; i < n; i++) for (int j = 0; j < 7; j++) a[i * m + j] = b[j];")
    assert all(analysis.is_printable(one.poly) for one in kernel.conditions)
    assert kernel.conditions
