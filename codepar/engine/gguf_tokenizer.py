"""The tokenizer of a GGUF file, made of its own vocabulary and merges by the `tokenizers` library: in under a second, where an
engine that loads the whole model for it takes ten.

Limits: plain text to ids alone, so control tokens never come out; byte-level vocabularies that are cut as Qwen 2 cuts them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from codepar.engine.gguf_header import read_header
from codepar.errors import EngineUnavailable, Unsupported

_KIND, _CUT = "tokenizer.ggml.model", "tokenizer.ggml.pre"
_TOKENS, _MERGES = "tokenizer.ggml.tokens", "tokenizer.ggml.merges"
_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""Where Qwen 2 cuts text before merging (its published `tokenizer.json`)."""

Encode = Callable[[str], list[int]]


def open_tokenizer(path: Path) -> Encode:
    """Text to ids. Raises ``Unsupported`` for another kind of vocabulary, ``EngineUnavailable`` without the library."""
    known = read_header(path, (_TOKENS, _MERGES)).metadata
    tokens, merges = known.get(_TOKENS), known.get(_MERGES)
    if known.get(_KIND) != "gpt2" or known.get(_CUT) != "qwen2" or tokens is None or merges is None:
        raise Unsupported(
            f"{path.name} holds a vocabulary of the kind {known.get(_KIND)}/{known.get(_CUT)}, not Qwen 2's",
            remedy="build it on a model of Qwen 2: codepar models build mpi-sites --base MODEL",
        )
    tokenizer = _tokenizer(tokens, merges)
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids)


def _tokenizer(tokens: tuple[str, ...], merges: tuple[str, ...]) -> Any:
    try:
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise EngineUnavailable(f"tokenizers cannot be imported: {error}", remedy="pip install 'codepar[engine]'") from error
    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=pairs))
    tokenizer.normalizer = normalizers.NFC()
    words = pre_tokenizers.Split(Regex(_WORDS), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return tokenizer
