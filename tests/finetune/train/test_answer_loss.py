import pytest

from codepar.errors import Unsupported
from finetune.train.encode import Encoder
from finetune.train.tasks import Sample

SAMPLES = [
    Sample(prompt="int f(int n) {\n  MPI_Bcast(#1);\n}\n---\n", answer="#1 &n, 1, MPI_INT\n"),
    Sample(prompt="void g(void) {\n  MPI_Barrier(#1);\n}\n---\n", answer="#1 MPI_COMM_WORLD\n#2 b\n"),
]


@pytest.fixture
def model(options, tmp_path):
    from finetune.train.base import load_base

    base = load_base(options(), tmp_path)
    return base.model.eval(), [Encoder(base.tokenizer).encode(sample) for sample in SAMPLES]


def rows(samples):
    import torch

    from finetune.train.packing import row_of

    return row_of(samples, torch.float32, "cpu")


def watch(seen):
    """A hook that keeps what a layer gives, with its gradient."""

    def keep(_module, _input, output):
        output.retain_grad()
        seen.append(output)

    return keep


def test_the_loss_is_that_of_the_answers_alone(model):
    import torch

    from finetune.train.answer_loss import answer_loss

    model, (sample, _) = model
    ids = torch.tensor([sample.ids])
    labels = ids.clone()
    labels[0, : sample.answer_start] = -100
    expected = model(input_ids=ids, labels=labels).loss * (len(sample) - sample.answer_start)
    assert float(answer_loss(model, rows([sample]))) == pytest.approx(float(expected), rel=1e-5)


def test_what_predicts_the_prompt_gets_no_gradient(model):
    from finetune.train.answer_loss import answer_loss

    model, (sample, _) = model
    seen = []
    hook = model.model.norm.register_forward_hook(watch(seen))
    answer_loss(model, rows([sample])).backward()
    hook.remove()
    gradient = seen[0].grad[0].abs().sum(-1)
    start = sample.answer_start - 1
    assert (gradient[:start] == 0).all()
    assert gradient[-1] == 0
    assert (gradient[start:-1] > 0).all()


def test_packed_samples_do_not_see_each_other(model):
    import torch

    from finetune.train.answer_loss import answer_logits, answer_loss

    model, samples = model
    alone = [answer_logits(model, rows([sample])) for sample in samples]
    together = answer_logits(model, rows(samples))
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)
    assert float(answer_loss(model, rows(samples))) == pytest.approx(
        sum(float(answer_loss(model, rows([sample]))) for sample in samples), rel=1e-5
    )
    # The second sample's loss reaches nothing of the first.
    embedded = []
    hook = model.model.embed_tokens.register_forward_hook(watch(embedded))
    model.model.embed_tokens.weight.requires_grad_(True)
    row = rows(samples)
    first_answer = len(samples[0]) - samples[0].answer_start
    answer_logits(model, row)[first_answer:].sum().backward()
    hook.remove()
    gradient = embedded[0].grad[0].abs().sum(-1)
    assert (gradient[: len(samples[0])] == 0).all()
    assert (gradient[len(samples[0]) : -1] > 0).all()


def test_lines_are_right_when_all_their_tokens_are(model):
    import torch

    from finetune.train.answer_loss import judge

    model, samples = model
    row = rows(samples)
    judged = judge(model, row)
    with torch.no_grad():
        logits = model(row.ids, position_ids=row.positions, attention_mask=row.mask).logits[0]
    right = (logits.argmax(-1)[row.before] == row.learned).tolist()
    lines = row.lines.tolist()
    assert int(judged.lines) == 3
    assert int(judged.tokens_right) == sum(right)
    assert int(judged.lines_right) == sum(all(r for r, of in zip(right, lines, strict=True) if of == line) for line in range(3))


def test_models_that_compute_all_logits_are_refused():
    import torch

    from finetune.train.answer_loss import require_selectable

    with pytest.raises(Unsupported, match="Linear"):
        require_selectable(torch.nn.Linear(2, 2))
