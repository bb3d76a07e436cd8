"""Which faults are planted. That cases notice them is seen in `test_run.py`, where programs run."""

from finetune.musl.kills import EMPTY, chosen

SOURCE = """__global__ void k(float *a, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        a[i] = a[i] * 2 + 1;
}
void k_cuda(float *a, int n)
{
    k<<<(n + 255) / 256, 256>>>(a, n);
}
"""


def test_the_empty_kernel_comes_first_and_then_other_kinds():
    found = chosen(SOURCE, 6, 3)
    assert found[0].kind == EMPTY
    assert len({one.kind for one in found}) == 6
    assert all(one.text != SOURCE for one in found)


def test_the_choice_follows_from_the_seed_and_has_a_bound():
    assert chosen(SOURCE, 4, 3) == chosen(SOURCE, 4, 3)
    assert chosen(SOURCE, 4, 3) != chosen(SOURCE, 4, 4)
    everything = chosen(SOURCE, 1000, 3)
    assert len({one.text for one in everything}) == len(everything) > 10


def test_without_kernels_nothing_is_planted_in_them():
    assert EMPTY not in {one.kind for one in chosen("int f(int a) { return a; }\n", 9, 0)}
