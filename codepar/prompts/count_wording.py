"""Words around a number that say whether so many things are asked for. Limits: patterns alone; `by_count` reads them."""

from __future__ import annotations

import re

from codepar.prompts.alternation import phrases

BOUNDARY = frozenset({",", ".", ";", ":", "?", "!", "。", "，", "；", "：", "？", "(", ")", "（", "）", "->", "—"})
WINDOW = 6
NEAR = 3
RANKED = re.compile(
    r"\b(?:top|best|worst|largest|biggest|smallest|fastest|slowest|first|last|latest|hottest|longest"
    r"|shortest|next|most|least|common(?:est)?|popular|other|important|größten|besten|wichtigsten|häufigsten"
    r"|mejores|peores|principales|más|лучши\w+|самы\w+|главны\w+)\b|最",
    re.IGNORECASE,
)
PLACES = frozenset({"first", "last", "next", "other", "important", "popular"})
MEASURED = frozenset(
    {
        "in",
        "with",
        "within",
        "of",
        "to",
        "for",
        "on",
        "at",
        "by",
        "than",
        "using",
        "over",
        "has",
        "have",
        "mit",
        "auf",
        "до",
        "hasta",
        "bis",
        "von",
        "con",
        "de",
        "с",
        "на",
        "из",
        "les",
        "about",
        "between",
        "takes",
        "x",
    }
)
HAN = re.compile(r"\s*(?:つ|個|个|种|種|条|條|道|首|段|份|篇|句|件|本|案|例|款|套|通り)")
PER_EACH = phrases(
    r"\b(?:about|for|of|on|to|per) (?:each|every)\b|\b(?:für|zu) jede|\b(?:para|de|sobre) cada\b|\b(?:для|о|по) кажд"
)
BEHIND = frozenset(
    "about against over between from at as during inside among covering involving like related über"
    " zu gegen sobre entre contra о об про".split()
)
COULD_I_HAVE = phrases(
    r"\b(?:could|can|may) (?:i|we) (?:please )?(?:have|get|see)\b|\bi(?:'d| would) (?:like|love|appreciate)\b"
    r"|\b(?:i'm|i am|we're|we are) (?:looking|searching) for\b|\b(?:i|we) could (?:do with|use)\b|\b(?:how|what) about\b"
    r"|\bwhat (?:are|would be)\b|\b(?:any|a) chance of\b|\bthink (?:of|up)\b|\bgrateful for\b|\bhelp me (?:find|with)\b|\bich"
    r" (?:hätte gern|suche|möchte)\b|\bme (?:gustaría|gustarían)\b|\bхочу\b|\bхотел\w* бы\b|\bquisiera\b|\bquerría\b"
    r"|\bnecesitaría\b|想要|欲しい"
)
COLLECTIVE = frozenset({"trio", "quartet", "couple", "pair", "dozen", "half a dozen", "half-dozen", "docena", "dutzend", "par"})
UNITS_OF_TEXT = frozenset(
    "sentences words paragraphs points texts strings things items errors phrases sätze wörter frases palabras".split()
)
VERBLESS = re.compile(r"\A\W*(?:(?:hi|hello|hey|please|pls|ok|so)\W+)*(?:a list of |list of )?\Z", re.IGNORECASE)
SHARED_SPLIT = re.compile(
    r"(?<!-)\b(?:at (?:least|most)|exactly|only|no more than|mindestens|höchstens|genau|al menos|como máximo"
    r"|exactamente|не менее|не более|ровно|хотя бы) (?:\w+)\b|\b\w+ of (?:them|which|these|those)\b|\b(?:half"
    r"|some|one|two) of (?:them|which|the)\b|其中|至少|うち",
    re.IGNORECASE,
)
JOINTLY = re.compile(
    r"\b(?:that|which|so that they|they) (?:together|jointly|work together)\b|\btogether (?:implement|form|make up|solve)\b",
    re.IGNORECASE,
)
OF_THEM = re.compile(r"\bof (?:them|which|these|those|the)\Z|其中|うち", re.IGNORECASE)
CLAUSE = re.compile(r"\b(?:that|which|with|having|containing|using|whose)\b[^,;.]*\Z", re.IGNORECASE)
POLITE_ENDS = frozenset({"ください", "下さい", "お願い", "お願いします", "ほしい"})
PAST = re.compile(r"(?!need|feed|embed|seed|speed|shed|red)[a-z]{2,}ed\Z")
