"""What a condition tells when it holds and when it does not: polynomials that are at least zero, or the text itself.

Limits: of ``a || b`` only the denial tells something, of ``a && b`` only the assertion; ``!=`` tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.poly import Poly


@dataclass(frozen=True, slots=True)
class Facts:
    """``nonnegative`` polynomials and ``texts`` of scalar conditions that hold.

    ``is_whole``: they say all that the condition says, or what they leave out depends on the contents of buffers.
    """

    nonnegative: tuple[Poly, ...] = ()
    texts: tuple[str, ...] = ()
    is_whole: bool = True

    def joined(self, other: Facts) -> Facts:
        """Both hold."""
        return Facts(self.nonnegative + other.nonnegative, self.texts + other.texts, self.is_whole and other.is_whole)

    @property
    def is_single(self) -> bool:
        """Whether its denial is one fact, too."""
        return self.is_whole and len(self.nonnegative) + len(self.texts) == 1


@dataclass(frozen=True, slots=True)
class Test:
    """The two sides of a condition. ``is_data``: it depends on the contents of buffers."""

    holds: Facts
    fails: Facts
    is_data: bool = False

    def negated(self) -> Test:
        return Test(self.fails, self.holds, self.is_data)


NOTHING = Facts(is_whole=False)
MAY = Facts()
"""No fact, and none needed: both sides may happen, as the data will have it."""


def compared(operator: str, left: Poly, right: Poly, is_data: bool) -> Test:
    """The test ``left OPERATOR right`` of integers."""
    less, more = right - left, left - right
    partial = MAY if is_data else NOTHING
    if operator == "<":
        return Test(Facts((less - 1,)), Facts((more,)), is_data)
    if operator == "<=":
        return Test(Facts((less,)), Facts((more - 1,)), is_data)
    if operator == ">":
        return Test(Facts((more - 1,)), Facts((less,)), is_data)
    if operator == ">=":
        return Test(Facts((more,)), Facts((less - 1,)), is_data)
    equal = Facts((less, more))
    return Test(equal, partial, is_data) if operator == "==" else Test(partial, equal, is_data)


def both(left: Test, right: Test) -> Test:
    """``left && right``."""
    is_data = left.is_data or right.is_data
    return Test(left.holds.joined(right.holds), MAY if is_data else NOTHING, is_data)


def either(left: Test, right: Test) -> Test:
    """``left || right``."""
    is_data = left.is_data or right.is_data
    return Test(MAY if is_data else NOTHING, left.fails.joined(right.fails), is_data)
