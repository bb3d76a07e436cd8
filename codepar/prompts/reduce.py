"""The closing wish over all answers: "and a table of all results at the end", "finally say which is the fastest".

Limits: only behind what tells the items; a wish that is an element of the list is an item with edges.
"""

from __future__ import annotations

import re

from codepar.prompts.discourse import Discourse
from codepar.prompts.lists import trimmed
from codepar.prompts.reading import Kind, Reading

_CLOSING = re.compile(
    r"(?P<lead>(?:[,;.]\s*|\n\s*|\A\s*)(?:and\s+|und\s+|y\s+|и\s+)?|\s(?:and|und|y|и|plus)\s+)"
    r"(?P<wish>(?:(?:then|finally|lastly|afterwards|also|at the end|in the end|am ende|zum schluss|abschließend"
    r"|al final|finalmente|в конце|в итоге|last(?:ly)?|(?:close|end|finish|conclude|wrap up|round off) with|when"
    r" (?:you're |you are )?done|once (?:all|they)[^,.]{0,30})\b,?\s*)"
    r"(?:[^.;!?\n]{0,80}?)(?:summar\w+|tables?|overview|compar\w+|rank\w*|which (?:one )?(?:is|was|has"
    r"|are)|total|conclusion|list of|report|recommend\w*|paragraph|best|fastest|zusammenfass\w*|tabelle|vergleich\w*"
    r"|überblick|übersicht|tabla|resum\w+|compara\w*|таблиц\w+|сравн\w+|итог\w*|вывод\w*)[^.;!?\n]*"
    r"|(?:an?|one|eine|una)\s+(?:\w+\s+){0,2}?(?:table|summary|overview|comparison|ranking|tabelle|zusammenfassung"
    r"|übersicht|tabla|resumen)\b[^.;!?\n]{0,60}?\b(?:at the end|in the end|of (?:all|them|the results"
    r"|everything)|over all|am ende|aller|von allen|al final|de tod[oa]s)\b[^.;!?\n]*"
    r"|(?:таблицу|сводку)\b[^.;!?\n]*(?:в конце|всех)[^.;!?\n]*)"
    r"|(?P<han>最后[^。；\n]*(?:总结|汇总|比较|对比|表)[^。；\n]*|最後に[^。\n]*(?:まとめ|比較|表|要約)[^。\n]*)",
    re.IGNORECASE,
)
_ADVERBS = re.compile(r"(?:(?:and|then|finally|lastly|also|und|dann|y|и)\b,?\s*|最后[，,]?|最後に、?)+", re.IGNORECASE)


def reduce_of(discourse: Discourse, reading: Reading) -> tuple[int, int] | None:
    """Characters of the closing wish, or None."""
    if reading.kind is Kind.WORDS and reading.instructions:
        return None
    spans = ((max(low, reading.end), high) for low, high in discourse.stretches if high > reading.end)
    match = next((found for low, high in spans if (found := _CLOSING.search(discourse.prose, low, high))), None)
    if match is None:
        return None
    start, end = match.span("han") if match["han"] else match.span("wish")
    adverbs = _ADVERBS.match(discourse.prose, start, end)
    start, end = trimmed(discourse.prose, adverbs.end() if adverbs else start, end, lead_in=False)
    return (start, end) if end > start else None
