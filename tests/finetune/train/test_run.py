"""Whole runs on a random tiny model: what they leave, how they go on, and what becomes of the adapter."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from codepar.engine.build import build_model
from codepar.engine.gguf_file import load_gguf, open_gguf
from codepar.engine.pull import pull
from codepar.engine.safetensors import read_safetensors
from codepar.errors import Conflict, InvalidInput, NotFound
from codepar.settings import Settings

ADAPTER = "adapter_model.safetensors"


def run(options, models_dir, stop_after=None, told=None):
    from finetune.train.run import train

    trainers = []

    def stops():
        return stop_after is not None and trainers[0].position.step + 1 >= stop_after

    return train(options, models_dir, (told if told is not None else []).append, stops, trainers.append)


@pytest.fixture(scope="module")
def finished(tiny, corpus, tmp_path_factory):
    """A run to the end: its result, what it told, and its options."""
    from finetune.train.options import TrainOptions

    folder = tmp_path_factory.mktemp("finished")
    options = TrainOptions(
        task="musl-translator",
        corpus=corpus,
        base=str(tiny),
        output=folder / "adapter",
        tokens=3000,
        rank=4,
        learning_rate=2e-2,
        dropout=0.1,
        pack_tokens=500,
        sample_tokens=500,
        evaluations=1,
        evaluation_tokens=700,
        checkpoint_s=0,
        device="cpu",
        precision="float32",
    )
    told = []
    return run(options, folder, told=told), told, options


def test_a_run_learns_and_says_so(finished):
    result, told, options = finished
    assert result.finished
    assert result.tokens >= options.tokens
    assert result.final.loss < result.baseline.loss - 0.2
    assert any(re.search(r"% done, step \d+, [\d,]+ tokens, loss [\d.]+, \d+ tokens/s, .+ left", line) for line in told)
    assert sorted(path.name for path in options.output.iterdir()) == [
        "README.md",
        "adapter_config.json",
        ADAPTER,
        "log.jsonl",
        "loss.svg",
    ]
    lines = [json.loads(line) for line in (options.output / "log.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines if line["kind"] == "evaluation"] == ["evaluation"] * 3
    assert [line["step"] for line in lines if line["kind"] == "step"] == list(range(1, result.steps + 1))
    assert "<svg" in (options.output / "loss.svg").read_text()


def test_the_card_tells_data_numbers_and_baseline(finished):
    result, _, options = finished
    card = (options.output / "README.md").read_text()
    assert f"| untrained base | {result.baseline.loss:.3f} |" in card
    assert f"| trained | {result.final.loss:.3f} |" in card
    # The training part: four repositories of two programs, two licences.
    assert "8 programs of 4 repositories" in card
    assert "| MIT | 4 |" in card
    assert "rank 4, alpha 8, dropout 0.1" in card
    assert str(options.output.parent) not in card + (options.output / "adapter_config.json").read_text()


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(finished, tmp_path):
    straight, _, options = finished
    again = options.model_copy(update={"output": tmp_path / "adapter"})
    first = run(again, tmp_path, stop_after=3)
    assert (first.finished, first.steps, first.final) == (False, 3, None)
    assert sorted(path.name for path in again.output.iterdir()) == ["checkpoint.pt", "log.jsonl", "loss.svg"]
    with (again.output / "log.jsonl").open("a") as log:
        log.write('{"kind": "step", "step": 4, "tokens": 1, "loss": 99.0}\n{"kind": "st')
    with pytest.raises(Conflict, match="other options"):
        run(again.model_copy(update={"learning_rate": 1e-3}), tmp_path)
    second = run(again, tmp_path)
    assert second.finished
    assert (second.steps, second.tokens) == (straight.steps, straight.tokens)
    assert (second.baseline, second.final) == (straight.baseline, straight.final)
    assert (again.output / ADAPTER).read_bytes() == (options.output / ADAPTER).read_bytes()
    assert losses(again.output) == losses(options.output)


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]


def test_the_merged_model_is_the_base_with_its_adapter(finished, tiny, tmp_path):
    import peft
    import torch
    import transformers

    _, _, options = finished
    settings = Settings(data_dir=tmp_path / "data")
    pull(settings, "base", [].append, file=tiny)
    built = build_model(settings, str(options.output), tmp_path, "base", [].append)

    def load(path):
        return transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()

    adapted = peft.PeftModel.from_pretrained(load(tiny), str(options.output)).merge_and_unload()
    merged = load(built.path)
    changed = 0
    plain = dict(load(tiny).named_parameters())
    for name, weight in adapted.named_parameters():
        rounding = (merged.get_parameter(name) - weight).abs().max().item()
        # Q8_0 keeps a weight to half of 1/127 of the largest in its block, its scale in float16.
        assert rounding <= 0.6 / 127 * weight.abs().max().item(), name
        changed += bool((weight - plain[name]).abs().max() > 0.01)
    assert changed == 2 * 7
    ids = torch.arange(60)[None]
    with torch.no_grad():
        wanted, found, before = adapted(ids).logits, merged(ids).logits, load(tiny)(ids).logits
    assert (found - wanted).abs().mean() < 0.1 * (before - wanted).abs().mean()


def test_the_adapter_is_small_and_bfloat16(finished):
    _, _, options = finished
    raw = (options.output / ADAPTER).read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert {entry["dtype"] for name, entry in header.items() if name != "__metadata__"} == {"BF16"}
    arrays = read_safetensors(options.output / ADAPTER)
    assert len(arrays) == 2 * 2 * 7
    assert all(numpy.abs(array).max() > 0 for array in arrays.values())


def test_an_adapter_is_gone_on_with_for_so_many_epochs(finished, tiny, tmp_path):
    _, _, options = finished
    first, _, _ = finished
    changes = {"adapter": options.output, "output": tmp_path / "more", "tokens": None, "epochs": 0.5, "learning_rate": 1e-9}
    result = run(options.model_copy(update=changes), tmp_path)
    assert result.finished
    # It begins where the adapter ended, which was saved in bfloat16.
    assert abs(result.baseline.loss - first.final.loss) < 0.01
    samples = int(re.search(r"samples, ([\d,]+) tokens", (result.output / "README.md").read_text())[1].replace(",", ""))
    assert 0.5 * samples <= result.tokens < 0.5 * samples + options.pack_tokens
    before, after = (read_safetensors(folder / ADAPTER) for folder in (options.output, result.output))
    assert all(numpy.abs(before[name] - after[name]).max() < 1e-3 for name in before)


def test_what_cannot_be_trained_is_refused(finished, options, tmp_path):
    _, _, done = finished
    with pytest.raises(Conflict, match="finished"):
        run(done, tmp_path)
    with pytest.raises(NotFound, match="musl-translator"):
        run(options(task="poems"), tmp_path)
    with pytest.raises(NotFound, match="train"):
        run(options(corpus=tmp_path), tmp_path)
    with pytest.raises(InvalidInput, match="gone on with"):
        run(options(adapter=tmp_path), tmp_path)
    with pytest.raises(InvalidInput, match="no samples"):
        run(options(sample_tokens=8), tmp_path)


def test_all_weights_can_be_trained(options, tmp_path, tiny):
    import torch
    import transformers

    given = options(full=True, tokens=400, pack_tokens=500, sample_tokens=500, evaluation_tokens=0, precision="bfloat16")
    result = run(given, tmp_path)
    assert result.finished
    assert result.baseline is None
    whole = transformers.AutoModelForCausalLM.from_pretrained(given.output)
    tokenizer = transformers.AutoTokenizer.from_pretrained(given.output)
    assert (
        tokenizer("int")["input_ids"]
        == transformers.AutoTokenizer.from_pretrained(tiny.parent, gguf_file=tiny.name)("int")["input_ids"]
    )
    base = transformers.AutoModelForCausalLM.from_pretrained(tiny.parent, gguf_file=tiny.name, dtype=torch.bfloat16)
    moved = [name for name, weight in whole.named_parameters() if not torch.equal(weight, base.get_parameter(name))]
    assert "model.embed_tokens.weight" in moved
    assert len(moved) > 20


def test_two_processes_train_as_one_with_twice_the_packs(options, corpus, tiny, tmp_path):
    common = ["--corpus", corpus, "--base", tiny, "--tokens", "1200", "--pack-tokens", "300", "--sample-tokens", "300"]
    common += [
        "--learning-rate",
        "0.01",
        "--rank",
        "4",
        "--device",
        "cpu",
        "--precision",
        "float32",
        "--evaluation-tokens",
        "700",
    ]
    command = [Path(sys.executable).with_name("codepar"), "finetune", "train", "--json", "--task", "musl-translator", *common]
    two = subprocess.run(
        [*command, "--processes", "2", "-o", tmp_path / "two"],
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
        cwd=tmp_path,
    )
    assert two.returncode == 0, two.stderr
    found = json.loads(two.stdout)
    given = options(
        output=tmp_path / "one",
        tokens=1200,
        pack_tokens=300,
        sample_tokens=300,
        dropout=0.0,
        packs_per_step=2,
        evaluation_tokens=700,
        evaluations=5,
    )
    one = run(given, tmp_path)
    assert (found["steps"], found["tokens"]) == (one.steps, one.tokens)
    assert found["final"]["loss"] == pytest.approx(one.final.loss, rel=1e-3)
    assert "2 processes" in (tmp_path / "two" / "README.md").read_text()
    together, alone = (read_safetensors(tmp_path / folder / ADAPTER) for folder in ("two", "one"))
    for name, array in alone.items():
        # Sums in another order, then Adam, which knows no scale: close, not equal.
        assert numpy.abs(together[name] - array).mean() <= 0.02 * numpy.abs(array).mean(), name


def test_weights_are_read_from_quantised_blocks(tiny, options, tmp_path):
    import torch

    from codepar.engine.gguf_file import rewrite
    from finetune.train.base import load_base

    small = tmp_path / "small.gguf"
    tensors = [tensor for tensor in open_gguf(tiny).tensors if len(tensor.shape) == 2]
    rewrite(tiny, small, {tensor.name: lambda first, last: 0.0 for tensor in tensors}, [].append)
    assert {tensor.tensor_type.name for tensor in open_gguf(small).tensors if len(tensor.shape) == 2} == {"Q8_0"}
    base = load_base(options(base=str(small)), tmp_path)
    weight = base.model.get_parameter("model.layers.0.mlp.gate_proj.weight")
    assert isinstance(base.model.model.layers[0].mlp.gate_proj, torch.nn.Linear)
    [tensor] = [tensor for tensor in open_gguf(small).tensors if tensor.name == "blk.0.ffn_gate.weight"]
    assert numpy.allclose(weight.detach().numpy(), load_gguf().quants.dequantize(tensor.data, tensor.tensor_type))
