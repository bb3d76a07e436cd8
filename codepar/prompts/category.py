"""ParallelPrompt's name for the kind of a request, by its words. Limits: one name, the first that fits."""

from __future__ import annotations

import re

from codepar.prompts.discourse import Discourse
from codepar.prompts.reading import Kind, Reading

_BY_WORDS = (
    ("Translation", re.compile(r"\btranslat\w+\b.*\b(?:english|german|french|spanish|russian|chinese|japanese|italian)\b|\bübersetz\w*\b"
        r"|\btraduc\w*\b|翻译|訳し|翻訳|\bперевед\w* на (?:англ|нем|рус|фран)", re.IGNORECASE | re.DOTALL)),
    ("Language Correction", re.compile(r"\b(?:grammar|spelling|proofread|correct the (?:following )?(?:sentences?|text)|fix the sentences?"
        r"|rechtschreibung|grammatik|ortografía|орфографи\w+)\b|改正|語法", re.IGNORECASE)),
    ("Sentiment Analysis", re.compile(r"\bsentiment\b|\bpositive\b.*\bnegative\b|情感|感情分析", re.IGNORECASE | re.DOTALL)),
    ("Keyword Extraction", re.compile(r"\bkey ?words?\b|关键词|キーワード|\bключев\w+ слов", re.IGNORECASE)),
    ("Named Entity Recognition", re.compile(r"\bnamed entit|\bextract (?:the |all )?(?:names|persons|places|organi[sz]ations|entities)\b", re.IGNORECASE)),
)  # fmt: skip
_ASKING = re.compile(r"[?？]\s*\Z")


def category_of(discourse: Discourse, reading: Reading) -> str:
    """The category; ``Unknown`` where none fits."""
    if reading.kind is Kind.COUNT:
        return "Repeated Generation"
    if reading.kind in {Kind.CODE, Kind.FILE}:
        return "Code Generation"
    for name, words in _BY_WORDS:
        if any(words.search(sentence.text) for sentence in discourse.sentences):
            return name
    if all(_ASKING.search(element.name) for element in reading.elements):
        return "Reading Comprehension"
    return "Unknown"
