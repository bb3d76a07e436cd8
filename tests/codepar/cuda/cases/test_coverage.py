from __future__ import annotations

from codepar.cuda.cases import BufferSpec, TestCase, TestSet, new_nonce, reference_project
from codepar.cuda.cases.coverage import covered, keep
from codepar.cuda.read import read_function

SOURCE = """
static int sign(int x) {
    return x < 0 ? -1 : 1;
}
int unused(int x) {
    return x > 0 ? 1 : 2;
}
void clip(int n, const int *x, int *y) {
    for (int i = 0; i < n; i++) {
        if (x[i] > 10)
            y[i] = 10;
        else
            y[i] = sign(x[i]);
    }
}
"""


def case(name: str, low: int, high: int) -> TestCase:
    spec = BufferSpec(size=8, low=low, high=high)
    return TestCase(name=name, scalars={"n": 8}, buffers={"x": spec, "y": BufferSpec(size=8)})


def test_branches_of_the_function_and_its_helpers_are_counted_case_by_case(execute):
    function = read_function(SOURCE, "clip.c", "clip")
    tests = TestSet(
        function="clip", cases=(case("low", -5, -1), case("lower", -9, -6), case("high", 11, 20), case("mixed", 1, 5))
    )
    program = reference_project(function)
    taken = {}
    for index, one in enumerate(tests.cases):
        result = execute(program.execution(tests, new_nonce(), cases=(index,), coverage=True))
        found = covered(function, result.coverage, program.unit)
        assert found.ratio.total == 6
        taken[one.name] = found.taken
    assert keep(taken) == ("low", "high", "mixed")
    assert len(frozenset().union(*taken.values())) == 6


def test_nothing_counted_is_nothing_taken():
    found = covered(read_function(SOURCE, "clip.c", "clip"), None, "clip.c")
    assert found.ratio.total == 0
    assert keep({}) == ()
