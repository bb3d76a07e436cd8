"""Which host function of a translation stands for the original."""

from __future__ import annotations

import pytest

from codepar.cuda.entry import find_entry, host_functions
from codepar.cuda.read import read_function
from codepar.errors import InvalidInput

ORIGINAL = read_function(
    "void scale(int n, const float *in, float *out) { for (int i = 0; i < n; i++) out[i] = 2 * in[i]; }", "a.c"
)
KERNEL = "__global__ void scale(int n, const float *in, float *out) { if (threadIdx.x < n) out[threadIdx.x] = 2; }\n"
HELPERS = (
    "#define DEVICE __device__\nDEVICE float twice(float x) { return 2 * x; }\n"
    "static int up(int a, int b) { return (a + b - 1) / b; }\n"
)
SAME = "(int count, float const *__restrict__ a, float *b) { scale<<<1, 32>>>(count, a, b); }\n"


def find(text: str, entry: str | None = None) -> str:
    return find_entry(ORIGINAL, text, "t.cu", entry=entry)


def test_kernels_and_device_functions_are_no_entries():
    names = [one.name for one in host_functions(KERNEL + HELPERS + "void go" + SAME + "int main() { }\n", "t.cu")]
    assert names == ["up", "go"]


@pytest.mark.parametrize("name", ["scale_cuda", "anything"])
def test_by_name_or_by_parameters(name):
    assert find(KERNEL + HELPERS + f"void {name}" + SAME) == name


def test_the_name_of_the_original_is_an_entry_too():
    text = "__global__ void k() { }\nvoid scale(int n, const float *in, float *out) { k<<<1, 1>>>(); }\n"
    assert find(text) == "scale"


def test_other_types_fit_where_nothing_else_does():
    other = "void go(long n, const double *a, float *b) { scale<<<1, 32>>>(n, 0, b); }\n"
    assert find(KERNEL + HELPERS + other) == "go"
    assert find(KERNEL + other + "void same" + SAME) == "same"


def test_a_named_entry_wins_over_others_alike():
    text = KERNEL + "void one" + SAME + "void two" + SAME
    with pytest.raises(InvalidInput, match="one, two take the parameters"):
        find(text)
    assert find(text, "two") == "two"


@pytest.mark.parametrize(
    ("text", "entry", "words"),
    [
        (KERNEL + HELPERS, None, "no host function takes the parameters of `scale`; it has up"),
        (KERNEL, None, "no host function at all"),
        (KERNEL + "void go" + SAME, "gone", "has no host function `gone`; it has go"),
        (KERNEL + "void go(int n, float *out) { }\n", "go", "line 2: `go` takes 2 parameters, `scale` 3"),
        (KERNEL + "int go" + SAME, "go", "line 2: `go` returns int"),
        (KERNEL + "void go(float *n, const float *in, float *out) { }\n", "go", "parameter `n`"),
    ],
)
def test_what_does_not_fit_is_said(text, entry, words):
    with pytest.raises(InvalidInput, match=words.replace("(", r"\(")):
        find(text, entry)


def test_the_original_beside_the_entry_is_refused_with_its_line():
    text = "__global__ void k() { }\nvoid scale(int n, const float *in, float *out) { }\nvoid scale_cuda" + SAME.replace(
        "scale<", "k<"
    )
    with pytest.raises(InvalidInput, match="line 2: it defines `scale` beside the entry `scale_cuda`"):
        find(text)
