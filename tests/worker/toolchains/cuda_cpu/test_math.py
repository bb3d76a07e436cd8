"""Arithmetic of device code against Python's integers, its exact fractions, and numpy's half precision."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PROGRAM = (Path(__file__).parent / "programs" / "math.cu").read_text()
M32 = 2**32 - 1
WORDS = st.one_of(st.sampled_from([0, 1, 2, 0x7FFFFFFF, 0x80000000, M32, 0xFFFF, 0x00FF00FF, 31, 32, 33]), st.integers(0, M32))
TRIPLES = st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=200)
HALVES = st.one_of(st.sampled_from([0, 1, 0x3FF, 0x400, 0x3C00, 0x7BFF, 0x7C00, 0x7E00, 0x8000, 0xFBFF]), st.integers(0, 0xFFFF))
HALF_TRIPLES = st.lists(st.tuples(HALVES, HALVES, HALVES), min_size=1, max_size=300)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def program(cuda: Any) -> Any:
    return cuda(PROGRAM, "math")


@pytest.fixture(scope="module")
def numpy() -> Any:
    return pytest.importorskip("numpy")


def signed(word: int, bits: int = 32) -> int:
    word &= (1 << bits) - 1
    return word - (1 << bits) if word >> (bits - 1) else word


def lanes(word: int, bits: int) -> list[int]:
    return [word >> shift & ((1 << bits) - 1) for shift in range(0, 32, bits)]


def join(values: list[int], bits: int) -> int:
    return sum((value & ((1 << bits) - 1)) << (bits * i) for i, value in enumerate(values))


def by_lane(a: int, b: int, bits: int, operation: Any, is_signed: bool = False) -> int:
    pairs = zip(lanes(a, bits), lanes(b, bits), strict=True)
    read = (lambda value: signed(value, bits)) if is_signed else (lambda value: value)
    return join([operation(read(x), read(y)) for x, y in pairs], bits)


def leading_zeros(value: int, bits: int) -> int:
    return bits - value.bit_length()


def first_set(value: int) -> int:
    return (value & -value).bit_length()


def reversed_bits(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)


def low24(value: int) -> int:
    return signed(value, 24)


def expected_bits(a: int, b: int, c: int) -> list[int]:
    sa, sb, ab, ba = signed(a), signed(b), a << 32 | b, b << 32 | a
    perm = [lanes(a, 8) + lanes(b, 8)][0]
    return [
        a.bit_count(),
        leading_zeros(a, 32),
        first_set(a),
        reversed_bits(a, 32),
        a * b >> 32,
        sa * sb >> 32,
        (a & 0xFFFFFF) * (b & 0xFFFFFF),
        low24(a) * low24(b),
        (ba << (c & 31)) >> 32,
        ba >> (c & 31),
        (ba << min(c & 63, 32)) >> 32,
        ba >> min(c & 63, 32),
        join([perm[c >> (4 * i) & 7] for i in range(4)], 8),
        c + abs(a - b),
        c + abs(sa - sb),
        (a + b) >> 1,
        (sa + sb + 1) >> 1,
        c + sum(signed(x, 8) * signed(y, 8) for x, y in zip(lanes(a, 8), lanes(b, 8), strict=True)),
        c + sum(x * y for x, y in zip(lanes(a, 8), lanes(b, 8), strict=True)),
        ab.bit_count(),
        leading_zeros(ab, 64),
        first_set(ab),
        reversed_bits(ab, 64) >> 32,
        ab * ab >> 64,
        by_lane(a, b, 8, lambda x, y: x + y),
        by_lane(a, b, 8, max, is_signed=True),
        by_lane(a, b, 8, lambda x, y: abs(x - y)),
        by_lane(a, b, 16, lambda x, y: 0xFFFF if x > y else 0),
        by_lane(a, b, 16, lambda x, y: max(-32768, min(32767, x + y)), is_signed=True),
        sum(abs(x - y) for x, y in zip(lanes(a, 8), lanes(b, 8), strict=True)),
        by_lane(a, b, 8, lambda x, y: max(0, x - y)),
        by_lane(a, b, 8, lambda x, y: (x + y + 1) >> 1),
    ]


@FEW
@given(triples=TRIPLES)
def test_integer_intrinsics_are_exact(program: Any, triples: list[tuple[int, int, int]]):
    got = [int(line) for line in program("bits", stdin=rows(triples)).lines]
    for index, triple in enumerate(triples):
        assert got[32 * index : 32 * index + 32] == [value & M32 for value in expected_bits(*triple)], triple


def rows(triples: list[tuple[int, int, int]]) -> str:
    return "".join(f"{a:x} {b:x} {c:x}\n" for a, b, c in triples)


def as_float(word: int) -> float:
    return struct.unpack("<f", struct.pack("<I", word))[0]


def saturated(value: float, rounding: Any, low: int, high: int) -> int:
    return max(low, min(high, rounding(value))) if math.isfinite(value) else (low if value < 0 else high)


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False).map(
    lambda value: struct.unpack("<I", struct.pack("<f", value))[0]
)


@FEW
@given(triples=st.lists(st.tuples(FINITE, FINITE, WORDS), min_size=1, max_size=200))
def test_arithmetic_with_a_stated_rounding_brackets_the_exact_result(program: Any, triples: list[tuple[int, int, int]]):
    got = [float(line) for line in program("floats", stdin=rows(triples)).lines]
    for index, (first, second, third) in enumerate(triples):
        a, b = as_float(first), as_float(second)
        down, up, zero, nearest, mul_down, mul_up, mul_zero, fused, *integers, saturate, int_down = got[
            16 * index : 16 * index + 16
        ]
        assert_brackets(Fraction(a) + Fraction(b), down, up, zero, nearest)
        assert_brackets(Fraction(a) * Fraction(b), mul_down, mul_up, mul_zero, None)
        assert math.isinf(fused) or nearest_float(Fraction(a) * Fraction(b) + Fraction(a)) == fused
        bounds = -(2**31), 2**31 - 1
        roundings = (round, math.trunc, math.floor, math.ceil)
        assert integers[:4] == [saturated(a, rounding, *bounds) for rounding in roundings]
        assert integers[4] == saturated(a, math.trunc, 0, M32)
        assert integers[5] == float(saturated(a, round, -(2**63), 2**63 - 1))
        assert saturate == max(0.0, min(1.0, a))
        assert int_down <= signed(third) < int_down + max(1, abs(signed(third)) / 2**22)


def assert_brackets(exact: Fraction, down: float, up: float, zero: float, nearest: float | None) -> None:
    """``down <= exact <= up``, no float lies between them, and the others are one of the two."""
    assert down == -math.inf or Fraction(down) <= exact
    assert up == math.inf or exact <= Fraction(up)
    if math.isfinite(down) and math.isfinite(up) and down != up:
        assert next_float(down) == up
    assert zero == (down if exact > 0 else up) or exact == 0
    assert nearest is None or nearest in (down, up)


def next_float(value: float) -> float:
    """The next float of 32 bits above a finite one."""
    if value == 0:
        return math.ldexp(1, -149)
    word = struct.unpack("<i", struct.pack("<f", value))[0]
    return as_float((word + 1 if word >= 0 else word - 1) & M32)


def nearest_float(exact: Fraction) -> float:
    """To 24 bits, ties to even; not for results beyond the largest float."""
    if exact == 0:
        return 0.0
    exponent = max(math.frexp(abs(float(exact)) if abs(exact) > Fraction(1, 2**1000) else 2.0**-1000)[1] - 24, -149)
    return float(round(exact / Fraction(2) ** exponent) * Fraction(2) ** exponent)


def test_every_half_widens_to_numpys_float(program: Any, numpy: Any):
    got = numpy.array([int(line, 16) for line in program("half_widen").lines], dtype=numpy.uint32)
    want = numpy.arange(65536, dtype=numpy.uint16).view(numpy.float16).astype(numpy.float32)
    numbers = ~numpy.isnan(want)
    assert (got[numbers] == want.view(numpy.uint32)[numbers]).all()
    assert numpy.isnan(got.view(numpy.float32)[~numbers]).all()


@FEW
@given(words=st.lists(st.one_of(FINITE, WORDS, HALVES.map(lambda half: half << 13)), min_size=1, max_size=400))
def test_floats_narrow_to_half_and_bfloat16_as_the_nearest_even(program: Any, numpy: Any, words: list[int]):
    text = "".join(f"{word:x}\n" for word in words)
    values = numpy.array(words, dtype=numpy.uint32).view(numpy.float32)
    with numpy.errstate(over="ignore", invalid="ignore"):
        halves = values.astype(numpy.float16).view(numpy.uint16)
    numbers = ~numpy.isnan(values)
    got = numpy.array([int(line, 16) for line in program("half_narrow", stdin=text).lines])
    assert (got[numbers] == halves[numbers]).all()
    assert ((got[~numbers] & 0x7FFF) > 0x7C00).all()
    brain = numpy.array([int(line, 16) for line in program("bf16_narrow", stdin=text).lines])
    bits = values.view(numpy.uint32).astype(numpy.uint64)
    assert (brain[numbers] == ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)[numbers]).all()


@FEW
@given(triples=HALF_TRIPLES)
def test_half_arithmetic_is_numpys_bit_for_bit(program: Any, numpy: Any, triples: list[tuple[int, int, int]]):
    lines = [line.split() for line in program("half", stdin=rows(triples)).lines]
    x, y, z = (numpy.array(column, dtype=numpy.uint16).view(numpy.float16) for column in zip(*triples, strict=True))
    with numpy.errstate(all="ignore"):
        wanted = [x + y, x - y, x * y, x / y, numpy.sqrt(x)]
    for column, want in enumerate(wanted):
        got = numpy.array([int(line[column], 16) for line in lines], dtype=numpy.uint16)
        numbers = ~numpy.isnan(want)
        assert (got[numbers] == want.view(numpy.uint16)[numbers]).all(), column
        assert numpy.isnan(got.view(numpy.float16)[~numbers]).all()
    assert [line[6:8] for line in lines] == [[str(int(a > b)), str(int(a == b))] for a, b in zip(x, y, strict=True)]
    assert [line[8] for line in lines] == [str(int(not a >= b)) for a, b in zip(x, y, strict=True)]
    assert_fused(lines, x, y, z)


def assert_fused(lines: list[list[str]], x: Any, y: Any, z: Any) -> None:
    for line, a, b, c in zip(lines, x, y, z, strict=True):
        if all(math.isfinite(value) for value in (a, b, c)):
            got = struct.unpack("<e", struct.pack("<H", int(line[5], 16)))[0]
            assert got == nearest_half(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


def nearest_half(exact: Fraction) -> float:
    exponent = max(math.frexp(abs(float(exact)))[1] - 11, -24)
    rounded = round(exact / Fraction(2) ** exponent) * Fraction(2) ** exponent
    return math.copysign(math.inf, float(exact)) if abs(rounded) > 65504 else float(rounded)


@FEW
@given(triples=HALF_TRIPLES)
def test_bfloat16_fused_arithmetic_is_rounded_once(program: Any, triples: list[tuple[int, int, int]]):
    lines = [line.split() for line in program("bf16", stdin=rows(triples)).lines]
    for line, triple in zip(lines, triples, strict=True):
        a, b, c = (as_float(word << 16) for word in triple)
        if not all(math.isfinite(value) for value in (a, b, c)):
            continue
        exact = Fraction(a) * Fraction(b) + Fraction(c)
        if abs(exact) < Fraction(2) ** 120 and (exact == 0 or abs(exact) > Fraction(2) ** -900):
            exponent = max(math.frexp(abs(float(exact)))[1] - 8, -133)
            rounded = round(exact / Fraction(2) ** exponent) * Fraction(2) ** exponent
            assert as_float(int(line[5], 16) << 16) == float(rounded), triple


def test_overloads_stand_beside_the_standard_librarys(program: Any):
    total = 2 * 7 + 1 + 3 + 2 + 1 + 2 + 0.5 + 0.5 + 4 + 1 + 3 + 10 + 3 + 0.2
    assert float(program("overloads").stdout) == pytest.approx(total, rel=1e-6)


def test_complex_numbers(program: Any):
    assert program("complex").lines == ["-0.2 0.4 5"]


@FEW
@given(xs=st.lists(st.floats(-5.0, 25.0), min_size=1, max_size=50))
def test_special_functions_invert_each_other(program: Any, xs: list[float]):
    for x, line in zip(xs, program("special", stdin="".join(f"{x!r}\n" for x in xs)).lines, strict=True):
        erfinv, erfcinv, cdf, cdfinv, scaled, sine, cosine = map(float, line.split())
        if abs(x) < 2:
            assert erfinv == pytest.approx(x, rel=1e-11, abs=1e-14)
        if x > -2:
            assert erfcinv == pytest.approx(x, rel=1e-11, abs=1e-14)
        assert cdf == pytest.approx(math.erfc(-x / math.sqrt(2)) / 2, rel=1e-14)
        if x < 2:
            assert cdfinv == pytest.approx(x, rel=1e-11, abs=1e-14)
        if x < 5:
            assert scaled == pytest.approx(math.exp(x * x) * math.erfc(x), rel=1e-10)
        assert sine == pytest.approx(math.sin(math.pi * math.fmod(x, 2)), abs=1e-13)
        assert cosine == pytest.approx(math.cos(math.pi * math.fmod(x, 2)), abs=1e-13)


def test_standards_from_14_to_20_compile(cuda: Any):
    for standard in ("14", "20"):
        cuda(
            "#include <cuda_fp16.h>\nint main() { half h = 1.0f; return max(0, (int)h) - 1; }",
            "standard",
            (f"-std=c++{standard}",),
        )
