"""Requests for one thing in several languages, programming models or sizes: "in C, Fortran and Python", "with 2, 4 and 8".

Limits: languages and models that are in the table; of numbers only those behind a word for variants.
"""

from __future__ import annotations

import re

from codepar.prompts.acts import act_of, asks_for
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Found
from codepar.prompts.series import SPAN, elements_of, reading_of
from codepar.prompts.tokens import Sentence

TARGETS = frozenset(
    "c c++ cpp c++17 c++20 fortran python rust go golang java javascript typescript julia cuda hip sycl"
    " opencl openmp openacc mpi mpi4py kokkos raja tbb pthreads"
    " numpy cupy numba matlab r ruby swift kotlin scala haskell zig nim d lua perl bash c# csharp php"
    " chapel upc metal vulkan pytorch jax std::thread cilk hpx ada"
    " awk sed tcl fish zsh powershell gcc clang icc icx nvcc msvc nvc++ g++ openmpi mpich slurm pbs"
    " lsf linux windows macos cmake make bazel meson"
    " english german french spanish russian chinese japanese italian portuguese korean dutch polish arabic hindi turkish swedish"
    " deutsch englisch französisch spanisch russisch chinesisch japanisch italienisch inglés alemán francés ruso chino japonés"
    " английский немецкий французский испанский китайский японский англ".split()
) | {
    "英文",
    "英语",
    "中文",
    "日语",
    "日文",
    "法语",
    "德语",
    "俄语",
    "西班牙语",
    "英語",
    "中国語",
    "日本語",
    "ドイツ語",
    "フランス語",
}
_LANGUAGE_SERIES = re.compile(r"(?:\b(?:in|to|into|for|as|nach|auf|für|en|a|al|para|на|в)\s|用|成|に|で)", re.IGNORECASE)
_AFTER_TARGET = r"\s*(?:please|pls|bitte|versions?|loops?|code|give|show|tell|write|\(|[.:?!—-]|[^\x00-\x7f])|\Z"
_STEPS = re.compile(r"\b(by|mit|por) \d+(?:, \1 \d+)+,? (?:and|und|y) \1 \d+|\b(by) \d+ and \2 \d+", re.IGNORECASE)
_NUMBERS = re.compile(
    r"(?<![\w.])\d+(?:\s*,\s*\d+)+(?:,?\s*(?:and|or|und|y|и)\s*\d+)?|(?<![\w.])\d+\s+(?:and|or|und|y|и)\s+\d+", re.IGNORECASE
)
_VARIANTS = frozenset(
    {"variants", "versions", "implementations", "alternatives", "varianten", "versionen", "variantes", "versiones"}
)


def read_targets(discourse: Discourse, sentence: Sentence) -> Found:
    """ "hello world in C, Fortran and Python": languages, or programming models, to write in."""
    if compares(sentence, 0) or not asks_for(sentence):
        return None
    for match in _LANGUAGE_SERIES.finditer(sentence.text):
        start = sentence.start + match.end()
        elements = elements_of(discourse.prose, start, min(sentence.end, start + SPAN))
        run = _run_of_targets(discourse.prose, elements)
        if len(run) > 1 and not re.search(
            r"\b(?:mix|mixed|hybrid|combin\w+|both in one|interop\w*|between)\b", sentence.text, re.IGNORECASE
        ):
            return reading_of(discourse, sentence, run)
    return None


def _run_of_targets(prose: str, elements: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The elements from the first on that are known names; of the last one the name alone."""
    run: list[tuple[int, int]] = []
    for start, high in elements:
        preposition = _PREPOSITION.match(prose, start, high)
        low = preposition.end() if preposition else start
        if prose[low:high].lower() in TARGETS or (run and _PROPER.fullmatch(prose, low, high)):
            run.append((low, high))
            continue
        word = _ASCII_NAME.match(prose, low, high) or _ANY_WORD.match(prose, low, high)
        known = word is not None and (word[0].lower() in TARGETS or _PROPER.fullmatch(word[0]) is not None)
        if word and run and known and re.match(_AFTER_TARGET, prose[word.end() : high], re.IGNORECASE):
            run.append(word.span())
        break
    return run


_PREPOSITION = re.compile(r"(?:in|to|into|en|nach|на|auf) ", re.IGNORECASE)
_ASCII_NAME = re.compile(r"[A-Za-z](?:[\w+#]|::(?=\w))*", re.ASCII)
# A name that is in no table, behind one that is.
_PROPER = re.compile(r"[A-Z][\w+#]*|\w+::\w+")
_ANY_WORD = re.compile(r"\w+")


def read_values(discourse: Discourse, sentence: Sentence) -> Found:
    """ "versions with 2, 4 and 8 accumulators": what each variant gets."""
    if (match := _STEPS.search(sentence.text)) and act_of(sentence) is not None:
        start = sentence.start + match.start()
        return reading_of(discourse, sentence, elements_of(discourse.prose, start, sentence.start + match.end()))
    alike = next((t for t in sentence.tokens if t.has(Tag.ALIKE) and t.has(Tag.PLURAL) and t.text in _VARIANTS), None)
    if alike is None or act_of(sentence) is None or compares(sentence, 0):
        return None
    match = _NUMBERS.search(sentence.text, alike.end - sentence.start)
    if match is None:
        return None
    found = [
        (sentence.start + match.start() + n.start(), sentence.start + match.start() + n.end())
        for n in re.finditer(r"\d+", match[0])
    ]
    return reading_of(discourse, sentence, found)
