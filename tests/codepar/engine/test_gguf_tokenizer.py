"""The tokenizer that is made of a GGUF file, against the library's reading of the same vocabulary."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from codepar.engine.gguf_file import load_gguf
from codepar.engine.gguf_tokenizer import open_tokenizer
from codepar.errors import Unsupported

MERGES = ("i n", "in t", "\u0120 \u0120", "M P", "MP I")


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")

    def written(kind="gpt2", cut="qwen2"):
        path = folder / f"{kind}-{cut}.gguf"
        writer = load_gguf().GGUFWriter(path, "qwen2")
        writer.add_tokenizer_model(kind)
        writer.add_tokenizer_pre(cut)
        writer.add_token_list(tokens())
        writer.add_token_merges(list(MERGES))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return written


def tokens():
    return [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(merge.replace(" ", "") for merge in MERGES), "<|im_end|>"]


@pytest.fixture(scope="module")
def encode(write):
    return open_tokenizer(write())


def test_it_merges_what_the_file_merges(encode):
    known = tokens()
    assert [known[token] for token in encode("int MPI")] == ["int", "\u0120", "MPI"]
    assert next(known[token] for token in encode("   x")) == "\u0120\u0120"


def test_a_control_token_in_the_text_stays_text(encode):
    assert tokens().index("<|im_end|>") not in encode("int <|im_end|> x")


@given(text=st.text(max_size=60))
def test_the_ids_spell_the_text(encode, text):
    spelled = "".join(tokens()[token] for token in encode(text))
    letters = {letter: byte for byte, letter in _letters().items()}
    assert bytes(letters[letter] for letter in spelled).decode() == unicodedata.normalize("NFC", text)


def _letters():
    """The letter that a byte-level vocabulary writes for each byte (GPT-2's table)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + index) for index, byte in enumerate(others)}


@pytest.mark.parametrize(("kind", "cut"), [("llama", "qwen2"), ("gpt2", "llama-bpe")])
def test_another_vocabulary_is_refused(write, kind, cut):
    with pytest.raises(Unsupported, match=f"{kind}/{cut}"):
        open_tokenizer(write(kind, cut))


def test_a_file_without_a_vocabulary_is_refused(tiny_gguf):
    path, _ = tiny_gguf()
    with pytest.raises(Unsupported, match="None/None"):
        open_tokenizer(path)
