import pytest

from codepar.mpi.headers import load_signatures
from codepar.mpi.parallelize.reductions import propose_reductions
from codepar.syntax.tree import parse

FRAME = """#include <stdio.h>
{before}
int main(void)
{{
    double sum = 0.0;
    long count = 0;
    double a[100];
{body}
    printf("%f %ld\\n", sum + a[0], count);
    return 0;
}}
"""


def proposals(body, before=""):
    text = FRAME.format(body=body, before=before)
    found = propose_reductions(parse(text, path="a.c"), load_signatures())
    assert not any(parse(one.text, path="a.c").root.has_error for one in found)
    return found


PRIME = """static int prime(int n)
{
    for (int d = 2; d * d <= n; d++)
        if (n % d == 0)
            return 0;
    return n > 1;
}
"""


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("for (int i = 0; i < 100; i++) sum += i;", ""),
        ("for (int i = 0; i <= 100; ++i) { double x = i; count++; sum -= sqrt(x); }", ""),
        ("for (long i = 1; i < 100; i += 2) if (prime(i)) count++;", PRIME),
        ("for (int i = 0; i < 9; i++) { int t[3]; for (int j = 0; j < 3; j++) { t[j] = j; sum += t[j]; } }", ""),
        ("for (int i = 0; i < 9; i++) { for (int j = 0; j < 3; j++) { if (j == i) break; sum += a[j]; } }", ""),
    ],
)
def test_loops_that_sum_up_are_shared(body, before):
    found = proposals(body, before)
    assert found
    text = found[0].text
    assert "+ mpi_rank" in text
    assert "MPI_Allreduce(MPI_IN_PLACE, &part_" in text
    assert text.count("MPI_Init(NULL, NULL);") == text.count("MPI_Finalize();") == 1
    assert "#include <stdio.h>\n#include <mpi.h>" in text


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("for (int i = 0; i < 100; i++) a[i] = i;", ""),
        ("for (int i = 0; i < 100; i++) { sum += i; if (sum > 9) break; }", ""),
        ('for (int i = 0; i < 100; i++) { sum += i; printf("%f", sum); }', ""),
        ("for (int i = 0; i < 100; i++) { sum += a[i]; a[i] += sum; }", ""),
        ("for (int i = 0; i < 100; i++) sum = i;", ""),
        ("for (int i = 0; i < 100; i++) sum *= i;", ""),
        ("for (int i = 0; i < 100; i++) sum += rand();", ""),
        ("for (int i = 100; i > 0; i--) sum += i;", ""),
        ("int i; for (i = 0; i < 100; i++) sum += i;", ""),
        ("for (int i = 0; i < 100; i++) { sum += i; i++; }", ""),
        ("for (int i = 0; i < 100 && count < 3; i++) count++;", ""),
        ("for (int i = 0; i < 100; i++) { double *p = a; *p = i; sum += i; }", ""),
        ("for (int i = 0; i < 100; i++) sum += next();", "static int state;\nstatic int next(void) { return state++; }\n"),
        ("for (int i = 0; i < 100; i++) sum += next();", "static int next(void) { static int n; return n++; }\n"),
        ("if (count) for (int i = 0; i < 100; i++) sum += i;", ""),
    ],
)
def test_other_loops_are_left_alone(body, before):
    assert proposals(body, before) == []


def test_what_has_most_inside_comes_first():
    body = "for (int i = 0; i < 9; i++) sum += i;\n    for (int k = 0; k < 9; k++) for (int j = 0; j < k; j++) count++;"
    found = proposals(body)
    assert [one.line for one in found] == [9, 8]


def test_every_return_of_main_ends_mpi():
    text = proposals("if (count > 3) return sum > 2;\n    for (int i = 0; i < 100; i++) sum += i;")[0].text
    assert "{ int code = sum > 2; MPI_Finalize(); return code; }" in text
    assert text.count("MPI_Finalize();") == 2


def test_without_main_or_stdio_nothing_is_proposed():
    signatures = load_signatures()
    assert (
        propose_reductions(parse("double f(int n) { double s = 0; for (int i = 0; i < n; i++) s += i; return s; }"), signatures)
        == []
    )
