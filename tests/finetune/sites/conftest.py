"""A corpus, and a random Qwen2 model with a tokenizer of bytes, small enough to train in seconds."""

from __future__ import annotations

import datasets
import numpy
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from codepar.engine.gguf_file import load_gguf
from codepar.mpi.remove import strip

PROGRAM = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{{
    int rank, size, n = {number};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    double start = MPI_Wtime();
    MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
    printf("{text} %d of %d: %d, %f\\n", rank, size, n, MPI_Wtime() - start);
    MPI_Finalize();
    return 0;
}}
"""
HELPER = "#include <mpi.h>\nvoid share_{number}(int *x) {{ MPI_Bcast(x, 1, MPI_INT, 0, MPI_COMM_WORLD); (*x)++; }}\n"
MERGED = ("i", "n")
_SHAPE = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96}


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small matrices are slower on several threads, and much slower beside other work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """The folder of a corpus as `finetune corpus` lays it out: eight programs to learn from and two held out."""
    folder = tmp_path_factory.mktemp("corpus")
    parts = {"train": range(8), "development": range(8, 10)}
    rows = {split: [row for number in numbers for row in _rows(number)] for split, numbers in parts.items()}
    data = datasets.DatasetDict({split: datasets.Dataset.from_list(found) for split, found in rows.items()})
    data.save_to_disk(str(folder / "data"))
    return folder


def _rows(number):
    texts = {"main.c": PROGRAM.format(number=number, text="rank" * (number % 3)), "share.c": HELPER.format(number=number)}
    return [
        {
            "repository": f"people/repo{number // 2}",
            "path": f"{number}/{name}",
            "language": "c",
            "whole": name == "main.c",
            "stripped": strip(text, name).model_dump_json(),
        }
        for name, text in texts.items()
    ]


def _tokens():
    return [*sorted(pre_tokenizers.ByteLevel.alphabet()), "".join(MERGED)]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A checkpoint folder with a random model and a tokenizer that knows single bytes and one pair of them."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tokens = _tokens()
    tokenizer = Tokenizer(models.BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=[MERGED]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(vocab_size=len(tokens), max_position_embeddings=2048, tie_word_embeddings=True, **_SHAPE)
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def checkpoint_gguf(checkpoint, tmp_path_factory):
    """The same weights as a GGUF file, as `codepar models build` takes them."""
    gguf = load_gguf()
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    model = Qwen2ForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_block_count(_SHAPE["num_hidden_layers"])
    writer.add_embedding_length(_SHAPE["hidden_size"])
    writer.add_head_count(_SHAPE["num_attention_heads"])
    writer.add_head_count_kv(_SHAPE["num_key_value_heads"])
    writer.add_rope_freq_base(model.config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(model.config.rms_norm_eps)
    writer.add_context_length(2048)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(_tokens())
    writer.add_token_merges([" ".join(MERGED)])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, _SHAPE["num_hidden_layers"])
    for name, value in model.state_dict().items():
        stem, kind = name.rsplit(".", 1)
        array = value.numpy()
        # F16, so that the build has to bring it to Q8_0; norms and biases stay as they are.
        writer.add_tensor(f"{names.get_name(stem)}.{kind}", array.astype(numpy.float16) if array.ndim == 2 else array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
