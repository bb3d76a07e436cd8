from __future__ import annotations

from codepar.cuda.as_cxx import as_cxx, cxx_name
from codepar.cuda.c_text import c_of, condition
from codepar.cuda.poly import Poly, Symbol, combined
from codepar.syntax.language import Language

N, M = (Poly.of(Symbol(name)) for name in "nm")


def test_words_that_cxx_does_not_take():
    text = 'void f(int new, float *restrict class, int a[static 4]) { /* new */ _Bool this = s.new; puts("new"); }'
    changed = 'void f(int new_, float *__restrict__ class_, int a[4]) { /* new */ bool this_ = s.new_; puts("new"); }'
    assert as_cxx(text, Language.C) == changed
    assert as_cxx(text, Language.CXX) == text
    assert (cxx_name("delete"), cxx_name("n")) == ("delete_", "n")


def test_polynomials_as_people_write_them():
    assert c_of(N * M - N + 1) == "m * n + 1 - n"
    assert c_of(Poly.number(0)) == "0"
    assert c_of(combined("min", N - 1, M - 1) + 1) == "(n < m ? n : m)"
    assert c_of(combined("/", N - 1, M)) == "((n - 1) / m)"


def test_conditions_have_positive_terms_on_both_sides():
    assert condition(N - 1) == "n > 0"
    assert condition(N - M * 2 - 1) == "n > 2 * m"
    assert condition(N - 3) == "n >= 3"
    assert condition(Poly.number(5) - M) == "5 >= m"
