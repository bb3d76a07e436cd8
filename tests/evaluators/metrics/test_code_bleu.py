"""CodeBLEU's laws: a text is like itself, nothing is like nothing, names do not touch syntax and data flow."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.metrics.code_bleu import code_bleu, corpus_code_bleu, tokens
from evaluators.metrics.code_flow import flow_edges
from evaluators.metrics.code_syntax import subtrees
from evaluators.metrics.text_overlap import overlap

KERNEL = """__global__ void add(const float *a, float *b, int n) { // the usual index
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) b[i] += a[i] + 1;
}
"""


def test_a_kernel_is_like_itself() -> None:
    found = code_bleu(KERNEL, KERNEL)
    assert (found.score, found.ngram, found.weighted, found.syntax, found.flow) == (1, 1, 1, 1, 1)


@given(st.lists(st.sampled_from(["int x = 1;", "x = y + z;", "f(x);", "if (x) { y = x; }", "return x;"]), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_identity_and_range(statements: list[str]) -> None:
    text = "void g(int y, int z) { " + " ".join(statements) + " }"
    assert code_bleu(text, text).score == pytest.approx(1)
    other = code_bleu(text, KERNEL)
    parts = (other.score, other.ngram, other.weighted, other.syntax, other.flow)
    assert all(part is None or 0 <= part < 1 for part in parts)


def test_nothing_is_like_nothing() -> None:
    assert code_bleu("", KERNEL).score == 0
    assert code_bleu("", "").score == 0
    assert code_bleu("// a comment", KERNEL).score == 0


def test_comments_and_space_make_no_difference() -> None:
    assert code_bleu(KERNEL.replace("// the usual index", "").replace("    ", "\t"), KERNEL).score == 1


def test_names_touch_the_tokens_alone() -> None:
    found = code_bleu(KERNEL.replace("a[", "q[").replace("*a", "*q"), KERNEL)
    assert (found.syntax, found.flow) == (1, 1)
    assert found.ngram < 1


def test_n_grams_by_hand() -> None:
    """Candidate `a b c`, reference `a b d`: p1 = 2/3, p2 = 1/2, p3 = 0.1/1, no p4, no brevity penalty."""
    assert code_bleu("a b c", "a b d").ngram == pytest.approx((2 / 3 * 1 / 2 * 0.1) ** (1 / 3))


def test_keywords_weigh_five_times_as_much_by_hand() -> None:
    """Candidate `int a`, reference `int b`: p1 = 1/(1 + 0.2), p2 = 0.1/1."""
    assert code_bleu("int a", "int b").weighted == pytest.approx((1 / 1.2 * 0.1) ** 0.5)


def test_a_short_candidate_pays_by_hand() -> None:
    """Two of four tokens, all of them right: exp(1 - 4/2)."""
    assert code_bleu("a b", "a b c d").ngram == pytest.approx(math.exp(-1))


def test_the_flow_by_hand() -> None:
    edges = flow_edges("int f(int x, int y) { int z = x; z += y; return z; }")
    assert edges == {("v2", "v0"): 1, ("v2", "v2"): 1, ("v2", "v1"): 1, ("return", "v2"): 1}
    assert flow_edges("void k(int *p) { p[threadIdx.x] = g(p[0]); }") == {("v0", "threadIdx.x"): 1, ("v0", "v0"): 1}


def test_without_a_flow_three_parts_count() -> None:
    found = code_bleu("void f() { g(); }", "void f() { g(); }")
    assert found.flow is None
    assert found.score == 1


def test_subtrees_have_kinds_and_no_names() -> None:
    assert subtrees("int x;") == subtrees("int y; // z")
    assert subtrees("int x;") != subtrees("int *x;")


def test_strings_are_one_token() -> None:
    assert tokens('f("a // b", 1.5e-3f) /* c */ << 2;') == ["f", "(", '"a // b"', ",", "1.5e-3f", ")", "<<", "2", ";"]


def test_a_corpus_adds_counts_up() -> None:
    both = corpus_code_bleu([(KERNEL, KERNEL), ("", KERNEL)])
    assert both.syntax == 0.5
    assert both.ngram == pytest.approx(math.exp(-1))


def test_deep_nesting_ends() -> None:
    code_bleu("(" * 3000, "x = " + "(" * 3000 + "1" + ")" * 3000 + ";")


def test_sacrebleu_tells_its_settings() -> None:
    found = overlap([KERNEL, KERNEL], [KERNEL, KERNEL])
    assert (round(found.bleu, 6), round(found.chrf, 6)) == (100, 100)
    assert "tok:13a" in found.bleu_signature
    assert "nc:6" in found.chrf_signature
    assert overlap([""], [KERNEL]).bleu == 0
