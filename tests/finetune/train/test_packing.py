from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.train.encode import Encoded


def encoded(length, number=0):
    """A sample of ``length`` tokens, the second half in two lines of answer."""
    start = length // 2
    return Encoded(tuple(range(number, number + length)), start, tuple(sorted({(start + length) // 2, length} - {start})))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(4, 50), max_size=300), st.integers(50, 200), st.integers(0, 2**40))
def test_a_pack_holds_what_fits_and_every_sample_is_in_one(lengths, tokens, seed):
    from finetune.train.packing import pack

    samples = [encoded(length, 100 * index) for index, length in enumerate(lengths)]
    packs = pack(samples, tokens, seed)
    assert sorted(sample.ids for one in packs for sample in one) == sorted(sample.ids for sample in samples)
    assert all(0 < sum(map(len, one)) <= tokens for one in packs)
    assert packs == pack(samples, tokens, seed)


def test_each_epoch_has_its_own_order():
    from finetune.train.packing import endless_packs

    samples = [encoded(10, 100 * index) for index in range(20)]
    taken = list(islice(endless_packs(samples, 50, seed=0), 8))
    first, second = taken[:4], taken[4:]
    assert sorted(s.ids for one in first for s in one) == sorted(s.ids for one in second for s in one)
    assert first != second


def test_a_row_keeps_its_samples_apart():
    import torch

    from finetune.train.packing import row_of

    row = row_of([encoded(4), encoded(6, 100)], torch.float32, "cpu")
    assert row.positions.tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 4, 5]]
    sees = (row.mask[0, 0] == 0).tolist()
    assert all(sees[at][other] == (other <= at and (at < 4) == (other < 4)) for at in range(10) for other in range(10))
    assert row.learned.tolist() == [2, 3, 103, 104, 105]
    assert row.before.tolist() == [1, 2, 6, 7, 8]
    assert row.lines.tolist() == [0, 1, 2, 3, 3]
