"""How series of wishes are worded within a sentence, in the languages that are read.

Limits: wordings; what they mean for a request is decided in ``by_series``.
"""

from __future__ import annotations

import re

WANTED = re.compile(r"\s+(?:would be (?:great|nice|good|helpful|cool)|is wanted|are wanted|needed|please)\b", re.IGNORECASE)
ARTICLE = re.compile(r"\A(?:an?|one|ein(?:e[nmrs]?)?|un[ao]?|одн?[аиоу]\w*)\s", re.IGNORECASE)
DETAIL = re.compile(
    r"\b(?:requirements?|constraints?|parameters?|arguments?|fields?|members|inputs?|outputs?|flags?"
    r"|options|format|columns|objects?|order|steps?|with|where|note|mind|values|ranks|sizes?|case|links?)\b",
    re.IGNORECASE,
)
OF_ONE = re.compile(r"\b(?:of|in|for) (?:this|the|my|it|each)\b|\b(?:its|their)\b", re.IGNORECASE)
COMMANDS = re.compile(
    r"\s*[;；]\s*(?:and\s+|und\s+|y\s+|и\s+)?|\s*,\s*(?:and\s+|und\s+|y\s+|и\s+)?(?=[^\W\d]+\s+(?:an?|the|me)\b)"
)
IT = re.compile(r"\b(?:is|does|do|did|was|can|why|how|when) it\b", re.IGNORECASE)
PLEASE = re.compile(r"\b(?:please|pls|plz|bitte|por favor|пожалуйста)\b", re.IGNORECASE)
MUST = re.compile(
    r"\b(?:it|program|function|script|class|code|tool|app|kernel|which|that) (?:needs? to|should|must|has to|have to|does"
    r"|do|will|can)\b",
    re.IGNORECASE,
)
DEALT = re.compile(r"\b(?:for|of|in|to) (?:each|every one|all) of (?:the following|these|those)(?: \w+){0,2}\W*\Z", re.IGNORECASE)
TOLD = re.compile(r"\b(?:shows?|says?|prints?|gives|reports|lists|contains|has|had|is|are|was|were)\s*\Z", re.IGNORECASE)
IN_ONE = re.compile(r"\bin (?:one|a single) (?!sentence|line|word|go\b)\w+", re.IGNORECASE)
SLASH = re.compile(r"\s+/\s+")
COLON = re.compile(r"[:：](?!//|:)\s*(?=\S)|\s(?P<dash>[—–])\s+(?=\S)")
DASH = re.compile(r"\s[—–](?=\s)")
OF_EARLIER = re.compile(
    r"\b(?:for|of|to|with|around|about|für|para|для) (?:it|them|that|this|ihn|sie|ella|él|неё|него|нее)(?=\W*\Z)", re.IGNORECASE
)
ARTICLE_SPLIT = re.compile(
    r"\s{0,9}(?:[,;]\s*(?:and|plus|und|sowie|y|e)?\s*|\s(?:and|plus|und|sowie|y|e)\s+)(?=(?:an?|one|eine?[nmrs]?"
    r"|un[ao]?|another)\s)",
    re.IGNORECASE,
)
TOPIC = re.compile(r"([^。：:]*?[、,][^。：:]*?)(?:について|に関して|とは|の意味|を(?=それぞれ|説明|解説))")
HOLDS = re.compile(
    r"\b(?:with|between|from|containing|showing|that|which|where|including|zwischen|entre|между|enthält|contiene)\b",
    re.IGNORECASE,
)
EACH_OF = re.compile(r"\b(?:for|in|of) (?:each|every one|all) of (?!these\b|those\b|them\b|the\b|my\b)", re.IGNORECASE)
PURPOSES = re.compile(
    r"\b(?:functions|routines|kernels|scripts|programs|commands|one-liners|queries|regexes|methods|subroutines)"
    r" (?:to|that|which|for) (?=\w)",
    re.IGNORECASE,
)
