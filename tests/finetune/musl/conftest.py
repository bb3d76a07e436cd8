"""Repositories of a few functions, and a random Qwen2 with a tokenizer of bytes: the real code path, in seconds."""

import importlib.util
import os
import subprocess
import warnings
from pathlib import Path

import pytest

SAXPY = """void saxpy(int n, float a, const float *x, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = a * x[i] + y[i];
}
"""
CLIP = """#include <math.h>
#include "own.h"
#define LIMIT 4
static float bounded(float v) { return v > LIMIT ? LIMIT : v; }

/* What it needs comes along. */
void clip(const float *in, float *out, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = bounded(fabsf(in[i]));
}

int main(void) { return 0; }
"""
ROWS = """void scale_rows(double *a, const double *factor, int rows, int columns)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            a[r * columns + c] *= factor[r];
}
"""
LEFT_OUT = """#include <stdio.h>
void print_all(const int *v, int n) { for (int i = 0; i < n; i++) printf("%d\\n", v[i]); }
void nothing(const int *v, int n) { int s = 0; for (int i = 0; i < n; i++) s += v[i]; }
int once(int v) { return v + 1; }
"""
GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]
SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64}


@pytest.fixture(scope="session", autouse=True)
def train_extra():
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers", "peft", "accelerate", "datasketch")):
        message = "the train extra is not installed: make setup-train"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
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


@pytest.fixture(scope="session")
def mirrors(tmp_path_factory):
    """Three repositories; `commits.tsv` beside them is their list."""
    folder = tmp_path_factory.mktemp("mirrors")
    lines = []
    for name, files in {
        "some/vectors": {"src/saxpy.c": SAXPY, "clip.c": CLIP, "LICENSE": "Permission is hereby granted, free of charge"},
        "some/rows": {"rows.c": ROWS},
        "some/other": {"other.c": LEFT_OUT},
    }.items():
        lines.append(f"{name}\t{_commit(folder / name.replace('/', '+'), files)}\n")
    (folder / "commits.tsv").write_text("".join(lines))
    return folder


def _commit(place: Path, files) -> str:
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    git = [*GIT, "-C", str(place)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "files"], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A checkpoint folder with a random model, its vocabulary the 256 bytes and an end of text."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("checkpoint")
    alphabet = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "<|endoftext|>"]
    tokenizer = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    end = "<|endoftext|>"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, pad_token=end).save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(alphabet), max_position_embeddings=4096, tie_word_embeddings=True, eos_token_id=256, **SHAPE
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder
