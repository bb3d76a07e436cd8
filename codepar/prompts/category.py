"""ParallelPrompt's name for the kind of a request, by its words. Limits: one name, the first that fits."""

from __future__ import annotations

import re

from codepar.prompts.discourse import Discourse
from codepar.prompts.reading import Kind, Reading

_PATTERNS = {
    "Translation": r"\btranslat\w+\b.*\b(?:english|german|french|spanish|russian|chinese|japanese|italian)\b"
    r"|\bübersetz\w*\b|\btraduc\w*\b|翻译|訳し|翻訳|\bперевед\w* на (?:англ|нем|рус|фран)",
    "Language Correction": r"\b(?:grammar|spelling|proofread|correct the (?:following )?(?:sentences?|text)|fix the sentences?"
    r"|rechtschreibung|grammatik|ortografía|орфографи\w+)\b|改正|語法",
    "Sentiment Analysis": r"\bsentiment\b|\bpositive\b.*\bnegative\b|情感|感情分析",
    "Keyword Extraction": r"\bkey ?words?\b|关键词|キーワード|\bключев\w+ слов",
    "Named Entity Recognition": r"\bnamed entit|\bextract (?:the |all )?(?:names|persons|places|organi[sz]ations|entities)\b",
}
_BY_WORDS = {name: re.compile(pattern, re.IGNORECASE | re.DOTALL) for name, pattern in _PATTERNS.items()}
_ASKING = re.compile(r"[?？]\s*\Z")


def category_of(discourse: Discourse, reading: Reading) -> str:
    """The category; ``Unknown`` where none fits."""
    if reading.kind is Kind.COUNT:
        return "Repeated Generation"
    if reading.kind in {Kind.CODE, Kind.FILE}:
        return "Code Generation"
    for name, words in _BY_WORDS.items():
        if any(words.search(sentence.text) for sentence in discourse.sentences):
            return name
    if all(_ASKING.search(element.name) for element in reading.elements):
        return "Reading Comprehension"
    return "Unknown"
