"""A random tiny Qwen2 as a GGUF file with a byte tokenizer, and a corpus of a few programs: the real code path, in seconds."""

import importlib.util
import json
import os
import warnings
from pathlib import Path

import pytest

from codepar.cuda.verdict import CudaVerdict
from codepar.protocols import Status

WIDTH, INNER, LAYERS, HEADS = 32, 64, 2, 4
FUNCTION = "void scale(float *NAME, int n)\n{\n    for (int i = 0; i < n; i++)\n        NAME[i] = 2 * NAME[i];\n}\n"
KERNEL = """__global__ void scale_cuda(float *NAME, int n)
{
    for (int i = 0; i < n; i++)
        NAME[i] = 2 * NAME[i];
}
"""


def _needs_torch():
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers", "peft", "accelerate")):
        message = "the train extra is not installed: make setup-train"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture(scope="session", autouse=True)
def train_extra():
    _needs_torch()
    with warnings.catch_warnings():
        # What these packages warn of on import is theirs.
        warnings.simplefilter("ignore")
        import accelerate  # noqa: F401
        import peft  # noqa: F401
        import torch
        import transformers  # noqa: F401

        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def write_tiny(path: Path, seed: int = 0) -> None:
    """A two-layer Qwen2 in float32, its vocabulary the 256 bytes, an end of text, and one merge that a GGUF file must have."""
    import numpy
    from gguf import GGUFWriter
    from tokenizers import pre_tokenizers

    random = numpy.random.default_rng(seed)
    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "<|endoftext|>", "aa"]
    writer = GGUFWriter(path, "qwen2")
    writer.add_block_count(LAYERS)
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(2)
    writer.add_rope_freq_base(1e4)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * 256 + [3, 1])
    writer.add_token_merges(["a a"])
    writer.add_eos_token_id(256)
    writer.add_pad_token_id(256)

    def add(name, *shape, scale=0.15):
        writer.add_tensor(name, (random.normal(size=shape) * scale).astype(numpy.float32))

    add("token_embd.weight", len(tokens), WIDTH, scale=1.0)
    add("output.weight", len(tokens), WIDTH)
    writer.add_tensor("output_norm.weight", numpy.ones(WIDTH, dtype=numpy.float32))
    for layer in range(LAYERS):
        head = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{head}{norm}.weight", numpy.ones(WIDTH, dtype=numpy.float32))
        for part, rows in (("attn_q", WIDTH), ("attn_k", WIDTH // 2), ("attn_v", WIDTH // 2)):
            add(f"{head}{part}.weight", rows, WIDTH)
            add(f"{head}{part}.bias", rows)
        add(f"{head}attn_output.weight", WIDTH, WIDTH)
        add(f"{head}ffn_gate.weight", INNER, WIDTH)
        add(f"{head}ffn_up.weight", INNER, WIDTH)
        add(f"{head}ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("base") / "tiny.gguf"
    write_tiny(path)
    return path


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """What a round of `codepar finetune musl` writes for the Translator: eight pairs to learn from and two held out."""
    from finetune.musl.functions import CFunction
    from finetune.musl.rows import PairRow

    folder = tmp_path_factory.mktemp("corpus")
    names = ["size", "step", "number", "width", "stride", "jump", "count", "ranks", "many", "some"]
    functions = [
        CFunction(
            id=f"f{index}",
            name="scale",
            text=FUNCTION.replace("NAME", name),
            repository=f"someone/project{index // 2}",
            commit="0" * 40,
            path="f.c",
            line=1,
            licence_file=None,
            licence="MIT" if index % 2 else "none",
            split="train" if index < 8 else "development",
        )
        for index, name in enumerate(names)
    ]
    rows = [
        PairRow(
            id=one.id,
            round=1,
            origin="model",
            function=one,
            judge_seed=1,
            rank_seed=2,
            verdict=CudaVerdict(status=Status.OK, checks=()),
            code=KERNEL.replace("NAME", name),
            source="",
            entry="scale_cuda",
        )
        for one, name in zip(functions, names, strict=True)
    ]
    (folder / "rows.jsonl").write_text("".join(f"{row.model_dump_json()}\n" for row in rows))
    lines = [{"split": one.split, "repository": one.repository, "licence": one.licence} for one in functions]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture
def options(tiny, corpus, tmp_path):
    from finetune.train.options import TrainOptions

    def make(**changes):
        given = {
            "task": "musl-translator",
            "corpus": corpus,
            "base": str(tiny),
            "output": tmp_path / "adapter",
            "tokens": 12_000,
            "rank": 4,
            "learning_rate": 1e-2,
            "dropout": 0.1,
            "pack_tokens": 1400,
            "evaluations": 1,
            "evaluation_tokens": 1500,
            "device": "cpu",
            "precision": "float32",
        }
        return TrainOptions(**given | changes)

    return make
