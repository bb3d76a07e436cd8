import pytest

from finetune.train.encode import Encoder, prepare
from finetune.train.tasks import Sample


@pytest.fixture(scope="module")
def encoder(tiny):
    import transformers

    return Encoder(transformers.AutoTokenizer.from_pretrained(tiny.parent, gguf_file=tiny.name))


def sample(prompt, answer="#1 a\n#2 b, c\n"):
    return Sample(prompt=prompt, answer=answer)


def test_an_answer_follows_its_prompt_and_ends(encoder):
    encoded = encoder.encode(sample("f(#1)\n"))
    assert encoded.answer_start == len("f(#1)\n")
    # Lines of five and eight bytes; the end of text belongs to the last.
    assert encoded.line_ends == (6 + 5, 6 + 5 + 8 + 1)
    assert len(encoded) == 20
    assert encoded.ids[-1] == 256
    assert encoder.encode(sample("f", answer="")).line_ends == (2,)


def test_text_that_spells_a_control_token_stays_text(encoder):
    encoded = encoder.encode(sample("<|endoftext|>"))
    assert encoded.answer_start == len("<|endoftext|>")
    assert encoded.ids.count(256) == 1


def test_long_ones_and_repeats_are_left_out(encoder):
    samples = [sample(f"f{index}" * 5) for index in range(8)]
    samples += [samples[0], sample("x" * 200)]
    size = len(encoder.encode(samples[0]))
    found = prepare(samples, encoder, longest=100, seed=3)
    assert found.tokens == 8 * size
    assert found.left_out == {"longer than 100 tokens": 1, "a repeat of another sample": 1}
    again = prepare(samples, encoder, longest=100, seed=3)
    other = prepare(samples, encoder, longest=100, seed=4)
    assert found.digest == again.digest != other.digest
    assert sum(map(len, found.first(2 * size))) <= 2 * size
