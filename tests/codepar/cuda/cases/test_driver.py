from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from codepar.cuda.cases import BufferSpec, TestCase, TestSet, candidate_project, compare, new_nonce, read_dump, reference_project
from codepar.cuda.cases.compare import numbers_of
from codepar.cuda.function import Role
from codepar.cuda.read import read_function
from codepar.cuda.translation import Origin, Target, Translation
from codepar.errors import InvalidInput

COPY = """
struct cell {{ char tag; double weight[2]; int place; }};
static int same(int x) {{ return x; }}
{type} last({parameters}) {{
    for (int i = 0; i < n; i++) {{ f_out[i] = f[i]; d_out[i] = d[i]; i_out[i] = i_in[i]; u_out[i] = u[i]; c_out[i] = c[i]; }}
    return same(n);
}}
int main(void) {{ return 1; }}
"""
PARAMETERS = (
    "int n, const float *f, float *f_out, const double *d, double *d_out, const long *i_in, long *i_out,"
    " const unsigned char *u, unsigned char *u_out, const struct cell *c, struct cell *c_out"
)
SIZES = dict.fromkeys(("f", "f_out", "d", "d_out", "i_in", "i_out", "u", "u_out", "c", "c_out"), "n")
COPY_CUDA = """
struct cell { char tag; double weight[2]; int place; };
template <class T> __global__ void copy(int n, const T *from, T *to) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] = from[i];
}
template <class T> void moved(int n, const T *from, T *to) {
    T *a, *b;
    cudaMalloc(&a, n * sizeof(T));
    cudaMalloc(&b, n * sizeof(T));
    cudaMemcpy(a, from, n * sizeof(T), cudaMemcpyHostToDevice);
    copy<<<(n + 255) / 256, 256>>>(n, a, b);
    cudaMemcpy(to, b, n * sizeof(T), cudaMemcpyDeviceToHost);
    cudaFree(a);
    cudaFree(b);
}
int last_cuda(%s) {
    moved(n, f, f_out); moved(n, d, d_out); moved(n, i_in, i_out); moved(n, u, u_out); moved(n, c, c_out);
    return n;
}
"""
SPECS = {
    "f": {"low": -4, "high": 4, "include": ["nan", "inf", -0.5]},
    "d": {"low": 0.1, "high": 0.3},
    "i_in": {"distribution": "permutation", "low": 5},
    "u": {"low": 0, "high": 255, "nonzero": True},
    "c": {"low": -3, "high": 90, "members": {"place": {"distribution": "sorted", "low": 0, "high": 12}}},
}


def function(path: str = "copy.c"):
    return read_function(COPY.format(type="int", parameters=PARAMETERS), path, "last")


def sized(*sizes: int, **specs) -> TestSet:
    cases = [
        TestCase(
            name=f"n{n}",
            seed=n,
            scalars={"n": n},
            buffers={name: BufferSpec(size=size, **{**SPECS, **specs}.get(name, {})) for name, size in SIZES.items()},
        )
        for n in sizes
    ]
    return TestSet(function="last", cases=tuple(cases))


def test_c_and_cxx_and_cuda_make_the_same_inputs(outputs):
    cases = sized(0, 1, 33, 257)
    in_c = outputs(reference_project(function("copy.c")), cases)
    in_cxx = outputs(reference_project(function("copy.cpp")), cases)
    translation = Translation(
        source=COPY_CUDA % PARAMETERS.replace("struct cell", "cell"),
        entry="last_cuda",
        function="last",
        target=Target.CUDA,
        origin=Origin.USER,
    )
    in_cuda = outputs(candidate_project(translation, function()), cases)
    assert [one.end for one in in_c] == ["ok"] * 4
    for ours in (in_cxx, in_cuda):
        assert [one.name for one in ours] == ["n0", "n1", "n33", "n257"]
        assert compare(in_c, ours).agrees
        for left, right in zip(in_c, ours, strict=True):
            assert {name: dump.data for name, dump in left.values.items() if name != "c_out"} == {
                name: dump.data for name, dump in right.values.items() if name != "c_out"
            }


def test_inputs_keep_to_their_distributions(outputs):
    (case,) = outputs(reference_project(function()), sized(1000))
    values = {name: numbers_of(dump, dump.layout.numbers[0]) for name, dump in case.values.items()}
    ordinary = [one for one in values["f_out"] if one == one and abs(one) <= 4]
    assert min(ordinary) < -3.5
    assert max(ordinary) > 3.5
    assert 0.2 < 1 - sum(one not in (-0.5, float("inf")) and one == one for one in values["f_out"]) / 1000 < 0.5
    assert all(0.1 <= one <= 0.3 for one in values["d_out"])
    # Doubles use more than the bits of a float, so that narrowing shows.
    assert any(struct.unpack("f", struct.pack("f", one))[0] != one for one in values["d_out"])
    assert sorted(values["i_out"]) == list(range(5, 1005))
    assert values["i_out"] != sorted(values["i_out"])
    assert set(values["u_out"]) <= set(range(1, 256))
    assert len(set(values["u_out"])) > 200
    cells = case.values["c_out"]
    place = numbers_of(cells, next(one for one in cells.layout.numbers if one.path == "place"))
    assert place == sorted(place)
    assert (place[0], place[-1]) == (0, 12)
    tags = set(numbers_of(cells, cells.layout.numbers[0]))
    assert (min(tags), max(tags)) == (-3, 90)


def test_seeds_decide_alone(outputs):
    program = reference_project(function())
    first, again = outputs(program, sized(33)), outputs(program, sized(33))
    other = outputs(program, TestSet(function="last", cases=(sized(33).cases[0].model_copy(update={"seed": 1}),)))
    assert first[0].values["d_out"].data == again[0].values["d_out"].data
    assert first[0].values["d_out"].data != other[0].values["d_out"].data


def test_the_return_value_and_the_number_of_changes_are_told(outputs):
    source = "int fill(int n, int *x) { for (int i = 0; i < n; i += 2) x[i] = 7; return -n; }"
    cases = TestSet(
        function="fill", cases=(TestCase(name="a", scalars={"n": 9}, buffers={"x": BufferSpec(size="n + 3", low=1, high=5)}),)
    )
    program = reference_project(read_function(source, "fill.c"))
    (case,) = outputs(program, cases)
    assert case.changed == {"x": 5}
    assert numbers_of(case.values["return"], case.values["return"].layout.numbers[0]) == [-9]
    (poisoned,) = outputs(program, cases, fill=1)
    kept = numbers_of(poisoned.values["x"], poisoned.values["x"].layout.numbers[0])
    assert kept[:3] == [7, kept[1], 7]
    assert kept[1] == int.from_bytes(b"\xcb" * 4, "little", signed=True)


def test_a_case_that_crashes_or_hangs_is_named_and_the_others_go_on(outputs):
    source = """
    int odd(int n, int *x) {
        for (int i = 0; i < n; i++) x[i] = i;
        if (n == 2) x[100000] = 1;
        if (n == 3) x[0] = n << 40;
        while (n == 4) { x[0]++; if (x[0] < 0) x[0] = 0; }
        if (n == 5) __builtin_trap();
        return 0;
    }"""
    cases = TestSet(
        function="odd",
        cases=tuple(TestCase(name=f"n{n}", scalars={"n": n}, buffers={"x": BufferSpec(size="n")}) for n in range(1, 7)),
    )
    found = outputs(reference_project(read_function(source, "odd.c")), cases, sanitized=True, apart_s=2)
    assert [(one.name, one.is_ok) for one in found] == [(f"n{n}", n in {1, 6}) for n in range(1, 7)]
    assert found[3].why() == "took too long"


def test_a_stride_that_steps_over_a_buffer_into_the_next_is_not_clean(outputs):
    function = read_function("int far(int at, const int *x, const int *y) { return x[at] + y[0]; }", "far.c")
    cases = TestSet(
        function="far",
        cases=tuple(
            TestCase(name=f"at{at}", scalars={"at": at}, buffers={"x": BufferSpec(size=8), "y": BufferSpec(size=4096)})
            for at in (7, 8, 3000, -3000)
        ),
    )
    found = outputs(reference_project(function), cases, sanitized=True, apart_s=2)
    assert [one.is_ok for one in found] == [True, False, False, False]


def test_what_a_candidate_breaks_besides_values_is_told(outputs):
    original = read_function(
        "void twice(int n, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = 2 * x[i]; }", "t.c"
    )
    translation = Translation(
        source="""void twice_omp(int n, const float *x, float *y) {
            #pragma omp parallel for
            for (int i = 0; i < n; i++) y[i] = 2 * x[i];
            if (n > 3) y[n + 1] = 0;
            if (n > 5) ((float *)x)[2] = 100;
            if (n > 7) exit(0);
        }""",
        entry="twice_omp",
        function="twice",
        target=Target.OPENMP,
        origin=Origin.MODEL,
    )
    cases = TestSet(
        function="twice",
        cases=tuple(
            TestCase(name=f"n{n}", scalars={"n": n}, buffers={"x": BufferSpec(size="n"), "y": BufferSpec(size="n")})
            for n in (3, 4, 6, 8, 9)
        ),
    )
    expected = outputs(reference_project(original), cases)
    program = candidate_project(translation, original)
    assert "2 * x[i]; }" not in "".join(program.project.files.values())
    comparison = compare(expected, outputs(program, cases))
    assert comparison.failed == ("n4", "n6", "n8", "n9")
    assert comparison.problems == (
        "case n4: memory around a buffer was overwritten, y: 5 bytes after its end",
        "case n6: memory around a buffer was overwritten, y: 5 bytes after its end",
        "case n6: x is only read by the original, but 1 of its elements were changed",
        "case n8: the program ended in it",
        "case n9: it did not run",
    )


def test_lines_that_a_program_prints_itself_change_nothing(outputs):
    source = """#include <stdio.h>
    void loud(int n, int *x) { for (int i = 0; i < n; i++) x[i] = i; printf("@nonce end a ok 0\\n@ value x"); }"""
    cases = TestSet(function="loud", cases=(TestCase(name="a", scalars={"n": 2}, buffers={"x": BufferSpec(size=2)}),))
    (case,) = outputs(reference_project(read_function(source, "loud.c")), cases)
    assert case.is_ok
    assert numbers_of(case.values["x"], case.values["x"].layout.numbers[0]) == [0, 1]


def test_references_and_array_parameters_are_called_as_they_are_declared(outputs):
    source = """
    #define W 3
    bool total(const double grid[][W], int rows, long &count, const int (&skip)) {
        for (int i = 0; i < rows; i++) for (int j = 0; j < W; j++) if (grid[i][j] > skip) count++;
        return count > 0;
    }"""
    cases = TestSet(
        function="total",
        cases=(
            TestCase(
                name="a",
                scalars={"rows": 4, "count": 10, "skip": 0},
                buffers={"grid": BufferSpec(size="rows * 3", low=1, high=2)},
            ),
        ),
    )
    (case,) = outputs(reference_project(read_function(source, "total.cpp", "total")), cases)
    assert case.is_ok
    assert numbers_of(case.values["count"], case.values["count"].layout.numbers[0]) == [22]


def test_a_missing_argument_and_a_nonsense_size_are_refused():
    program = reference_project(function())
    with pytest.raises(InvalidInput, match="no value for the parameter `n`"):
        program.execution(TestSet(function="last", cases=(TestCase(name="a"),)), new_nonce())
    with pytest.raises(InvalidInput, match="more than"):
        program.execution(sized(10_000_000), new_nonce())
    with pytest.raises(InvalidInput, match="does not fit"):
        program.execution(sized(3, u={"distribution": "values", "values": [256]}), new_nonce())


def test_a_dump_cut_short_is_not_ok():
    text = (
        "@N begin a\n@N value x 4:f4@0 1 AAAAAA==\n@N end a ok 3\n@N begin b\n@N value x 4:f4@0 1 AA\n@M end b ok 1\n@N begin c"
    )
    ends = {one.name: one.end for one in read_dump(text, "N")}
    assert ends == {"a": "ok", "b": "unreadable", "c": "cut_off"}


def test_one_that_always_hangs_is_given_up_after_a_few_cases(outputs):
    source = "int spin(int n) { while (n) if (n++ < 0) n = 1; return n; }"
    cases = TestSet(function="spin", cases=tuple(TestCase(name=f"n{n}", scalars={"n": n}) for n in range(1, 20)))
    found = outputs(reference_project(read_function(source, "spin.c")), cases, apart_s=1)
    assert [one.why() for one in found] == ["took too long"] * 4


def test_an_input_that_the_original_changes_is_compared_after_all(outputs):
    source = "void f(int n, int *x) { for (int i = 0; i < n; i++) x[i] += 1; }"
    function = read_function(source, "f.c")
    parameters = tuple(replace(one, role=Role.IN if one.is_buffer else one.role) for one in function.signature.parameters)
    misread = replace(function, signature=replace(function.signature, parameters=parameters))
    cases = TestSet(function="f", cases=(TestCase(name="a", scalars={"n": 4}, buffers={"x": BufferSpec(size="n")}),))

    def translated(step: str) -> Translation:
        text = f"void g(int n, int *x) {{ for (int i = 0; i < n; i++) x[i] += {step}; }}"
        return Translation(source=text, entry="g", function="f", target=Target.OPENMP, origin=Origin.USER)

    expected = outputs(reference_project(misread), cases)
    assert expected[0].changed_inputs == {"x": 4}
    found = {step: compare(expected, outputs(candidate_project(translated(step), misread), cases)) for step in ("1", "2", "0")}
    assert [one.agrees for one in found.values()] == [True, False, False]
    assert found["0"].problems == ("case a: x, of 4 elements, is not written as the original writes it",)
