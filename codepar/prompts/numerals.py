"""Numbers that people write in requests: digits, and words in English, German, Spanish, Russian, Chinese and Japanese.

Limits: cardinal numbers up to 10,000 as digits and to about ninety-nine as words; ordinals are no counts. ``one`` and its
kin are left out: nobody counts alike answers with it.
"""

from __future__ import annotations

from functools import lru_cache

from codepar.prompts.alternation import any_of

_EN_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_EN_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_WORDS: dict[str, int] = {
    "dozen": 12, "half a dozen": 6, "half-dozen": 6, "half dozen": 6, "couple": 2, "trio": 3, "quartet": 4,
    "pair": 2,
    "hundred": 100, "both": 2,
    "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "fuenf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "elf": 11,
    "zwölf": 12, "zwoelf": 12, "fünfzehn": 15, "zwanzig": 20, "dutzend": 12, "ein halbes dutzend": 6, "halbes dutzend": 6,
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
    "doce": 12, "quince": 15, "veinte": 20, "docena": 12, "media docena": 6,
    "два": 2, "две": 2, "двух": 2, "двум": 2, "двумя": 2, "три": 3, "трех": 3, "трёх": 3, "трем": 3, "трём": 3, "четыре": 4,
    "четырех": 4, "четырёх": 4, "четырем": 4, "четырём": 4, "пять": 5, "пяти": 5, "шесть": 6, "шести": 6, "семь": 7, "семи": 7,
    "восемь": 8, "восьми": 8, "девять": 9, "девяти": 9, "десять": 10, "десяти": 10, "двенадцать": 12, "пятнадцать": 15,
    "двадцать": 20, "дюжину": 12, "полдюжины": 6, "пару": 2, "пара": 2, "двое": 2, "трое": 3,
}  # fmt: skip
_WORDS |= {word: value for value, word in enumerate(_EN_UNITS.split()) if value >= 2}
_WORDS |= _EN_TENS
_WORDS |= {
    f"{ten}{mark}{unit}": tens + value
    for ten, tens in _EN_TENS.items()
    for value, unit in enumerate(_EN_UNITS.split()[:10])
    if value
    for mark in "- "
}
_HAN = {
    "二": 2,
    "两": 2,
    "兩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "〇": 0,
    "零": 0,
    "一": 1,
}
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")

HAN_NUMBER = r"(?:[二两兩三四五六七八九]?十[一二三四五六七八九]?|[二两兩三四五六七八九]|半打|[0-9０-９]{1,5})"
_FIRST = "".join(sorted({word[0] for word in _WORDS}))
NUMBER = rf"(?=[1-9{_FIRST}])(?:[1-9][0-9]{{0,4}}|{any_of(_WORDS)})"
"""A pattern of what ``value_of`` reads, for languages with blanks between words; match it without regard to case."""


@lru_cache(1000)
def value_of(word: str) -> int | None:
    """The number that ``word`` is, or None."""
    text = word.strip().lower().translate(_WIDE)
    if text.isdecimal() and text.isascii():
        return int(text)
    if text == "半打":
        return 6
    return _WORDS.get(text) or _han(text)


def _han(text: str) -> int | None:
    if not text or any(letter not in _HAN for letter in text):
        return None
    if "十" not in text:
        return _HAN[text] if len(text) == 1 else None
    tens, _, units = text.partition("十")
    return (_HAN[tens] if tens else 1) * 10 + (_HAN[units] if units else 0)
