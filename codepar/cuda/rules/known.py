"""Functions of the C library that the rules know, with what they do: all are pure functions of their arguments.

Limits: what writes through a pointer (``frexp``, ``modf``, ``sincos``) or keeps state (``rand``) is not here, so it is refused.
``memset`` and ``memcpy`` are not values; they are refused too.
"""

from __future__ import annotations

_REAL = frozenset(
    {"acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh", "erf", "erfc", "exp"}
    | {
        "exp2",
        "expm1",
        "fabs",
        "fdim",
        "floor",
        "fma",
        "fmax",
        "fmin",
        "fmod",
        "hypot",
        "ldexp",
        "lgamma",
        "log",
        "log10",
        "log1p",
    }
    | {"log2", "nearbyint", "nextafter", "pow", "remainder", "rint", "round", "sin", "sinh", "sqrt", "tan", "tanh", "tgamma"}
    | {"trunc"}
)
_INTEGER = frozenset({"abs", "labs", "llabs"})
_LONG = frozenset({"lround", "lrint", "llround", "llrint"})
_TESTS = frozenset({"isnan", "isinf", "isfinite", "signbit"})
_EITHER = frozenset({"min", "max"})
REAL = _REAL


def is_known(name: str) -> bool:
    """Whether a call of ``name`` is a pure function with a device version of the same meaning."""
    return name in REAL | _INTEGER | _LONG | _TESTS | _EITHER or (name[:-1] in REAL | _LONG and name.endswith("f"))


def is_single(name: str) -> bool:
    """``sqrtf`` and its kin."""
    return name.endswith("f") and name[:-1] in REAL


def is_integral(name: str) -> bool:
    """Functions whose value is an integer whatever is given."""
    return name in _LONG or name[:-1] in _LONG or name in _TESTS


def is_either(name: str) -> bool:
    """``min`` and ``max``, whose type is that of their arguments."""
    return name in _EITHER


def is_absolute(name: str) -> bool:
    """Integer absolute values; in C++ ``abs`` is also that of a floating number."""
    return name in _INTEGER
