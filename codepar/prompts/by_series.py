"""Requests that list things within a sentence by commas, semicolons or a conjunction: "explain a, b and c".

Limits: only where the sentence says that each is wanted by itself: behind a colon, behind a noun in the plural, for what is to be
explained, for languages and models to write in, and for things with an article of their own.
"""

from __future__ import annotations

import re
from itertools import pairwise

from codepar.prompts.acts import act_of, compares, is_statement, makes_one_thing, splits_into
from codepar.prompts.by_list import ON_TEXTS, stated
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import MAX_ITEMS, Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import trimmed
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.tokens import Sentence

_TARGETS = frozenset(
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
_SPLIT = re.compile(
    r"\s{0,9}(?:[,;]\s*(?:and|or|und|oder|sowie|y|e|и)?(?=\s|[^\x00-\x7f])\s*|[，、；]\s*(?:或者|以及|还有|和|及)?\s*"
    r"|(?<=\s)(?:and|or|&|und|oder|sowie|y|e|и|или|а также)(?=\s)\s*|(?:和|以及|及|と|および)[ ]?(?=[^、，,;；。\s]))",
    re.IGNORECASE,
)
_LANGUAGE_SERIES = re.compile(r"(?:\b(?:in|to|into|for|as|nach|auf|für|en|a|al|para|на|в)\s|用|成|に|で)", re.IGNORECASE)
_AFTER_TARGET = r"\s*(?:please|pls|bitte|versions?|loops?|code|give|show|tell|write|\(|[.:?!—-]|[^\x00-\x7f])|\Z"
_WANTED = re.compile(r"\s+(?:would be (?:great|nice|good|helpful|cool)|is wanted|are wanted|needed|please)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"\A(?:an?|one|ein(?:e[nmrs]?)?|un[ao]?|одн?[аиоу]\w*)\s", re.IGNORECASE)
_DETAIL = re.compile(
    r"\b(?:requirements?|constraints?|parameters?|arguments?|fields?|members|inputs?|outputs?|flags?"
    r"|options|format|columns|objects?|order|steps?|with|where|note|mind|values|ranks|sizes?|case|links?)\b",
    re.IGNORECASE,
)
_OF_ONE = re.compile(r"\b(?:of|in|for) (?:this|the|my|it|each)\b|\b(?:its|their)\b", re.IGNORECASE)
_TAIL = re.compile(
    r"\s(?:mean|stand|in|with|using|for|to|please|briefly|by|on|so|mit|für|en|con|para|на|для|с)(?:\s|\Z)", re.IGNORECASE
)
_STEPS = re.compile(r"\b(by|mit|por) \d+(?:, \1 \d+)+,? (?:and|und|y) \1 \d+|\b(by) \d+ and \2 \d+", re.IGNORECASE)
_NUMBERS = re.compile(
    r"(?<![\w.])\d+(?:\s*,\s*\d+)+(?:,?\s*(?:and|or|und|y|и)\s*\d+)?|(?<![\w.])\d+\s+(?:and|or|und|y|и)\s+\d+", re.IGNORECASE
)
_VARIANTS = frozenset(
    {"variants", "versions", "implementations", "alternatives", "varianten", "versionen", "variantes", "versiones"}
)
_LOOKED_AT = 200
_SPAN = 2000
_MAX_WORDS = 24
_SHORT = 7


def read_series(discourse: Discourse) -> Found:
    """The series of the first sentence that holds one of separate wishes."""
    for index, sentence in enumerate(discourse.spoken):
        if (found := _behind_question(discourse, index)) is not None:
            return found
        if is_statement(sentence):
            continue
        found = (
            _quoted(discourse, sentence)
            or _before_verb(discourse, sentence)
            or _behind_colon(discourse, sentence)
            or _semicolons(discourse, sentence)
            or _targets(discourse, sentence)
            or _articles(discourse, sentence)
            or _explained(discourse, sentence)
            or _named(discourse, sentence)
            or _values(discourse, sentence)
            or _each_of(discourse, sentence)
        )
        if found is not None:
            return found
    return None


def _elements(prose: str, start: int, end: int, separator: re.Pattern[str] = _SPLIT) -> list[tuple[int, int]]:
    """The parts of a series, parentheses and quotes kept whole."""
    hidden = re.sub(
        r"\([^()]*\)|（[^（）]*）|\"[^\"\n]*\"|`[^`\n]*`|“[^”]*”|「[^」]*」|<[\w, ]*>",
        lambda match: "x" * len(match[0]),
        prose[start:end],
    )
    found, position = [], 0
    for match in separator.finditer(hidden):
        if match.end() == match.start():
            continue
        found.append(trimmed(prose, start + position, start + match.start()))
        position = match.end()
        if len(found) > MAX_ITEMS:
            break
    found.append(trimmed(prose, start + position, end))
    found = [(low, high) for low, high in found if high > low]
    if found and prose[found[-1][1] - 1] in "?？!":
        # The mark ends the sentence, not its last element.
        found[-1] = trimmed(prose, found[-1][0], found[-1][1] - 1)
    return found


def _reading(discourse: Discourse, sentence: Sentence, elements: list[tuple[int, int]], *, instructions: bool = False) -> Found:
    number = stated(sentence)
    if number is not None and number != len(elements):
        return Whole(Refusal.CONTRADICTION, f"the request says {number}, and {len(elements)} follow")
    prompt = discourse.request.prompt
    found = tuple(Element(discourse.request.place(low, high), prompt[low:high]) for low, high in elements)
    act = act_of(sentence) or Tag.WRITE
    return Reading(Kind.WORDS, found, act, elements[0][0], elements[-1][1], tier="medium", instructions=instructions)


def _behind_colon(discourse: Discourse, sentence: Sentence) -> Found:
    """ "Explain these terms: a, b and c"; dashes around the series do as well."""
    mark = _COLON.search(sentence.text)
    if mark is None:
        return None
    lead = Sentence(discourse.prose, sentence.start, sentence.start + mark.start())
    closing = _DASH.search(sentence.text, mark.end()) if mark["dash"] else None
    end = sentence.start + closing.start() if closing else sentence.end
    separator = _SLASH if " / " in sentence.text[mark.end() :] else _SPLIT
    elements = _elements(discourse.prose, sentence.start + mark.end(), end, separator)
    if len(elements) < 2 or _are_parts(discourse, lead, elements) or (act_of(lead) is None and not lead.has(Tag.TASK)):
        return None
    if any(len(discourse.prose[a:b].split()) > _MAX_WORDS for a, b in elements):
        return None
    if compares(lead, 0):
        return Whole(Refusal.COMPARISON, "one answer over all of the list is asked for")
    if splits_into(lead) or makes_one_thing(lead, len(lead.tokens), distributes=lead.has(Tag.EACH)) or _DETAIL.search(lead.text):
        return None
    if not (_speaks_of_several(lead) or _is_bare_verb(lead)):
        return None
    return _reading(discourse, Sentence(discourse.prose, sentence.start, sentence.start + mark.end()), elements)


def _are_parts(discourse: Discourse, lead: Sentence, elements: list[tuple[int, int]]) -> bool:
    """ "4 exercises: 3 easy, 1 hard": numerals that tell the parts of a sum."""
    parts = [re.match(r"\d+", discourse.prose[low:high]) for low, high in elements]
    return all(parts) and sum(int(part[0]) for part in parts if part) == stated(lead)


_SLASH = re.compile(r"\s+/\s+")


def _speaks_of_several(lead: Sentence) -> bool:
    """Whether what leads in has a plural, a number or "each" for what follows."""
    plural = any(t.has(Tag.PLURAL) or (t.has(Tag.TASK, Tag.ALIKE, Tag.FUNCTION) and not t.text.isascii()) for t in lead.tokens)
    ends_open = bool(lead.tokens) and lead.tokens[-1].has(Tag.FOR)
    if plural or ends_open or stated(lead) is not None or lead.has(Tag.EACH):
        return True
    return lead.has(Tag.THESE, Tag.ALL) and not any(t.quoted or t.has(Tag.THE, Tag.A) for t in lead.tokens)


def _behind_question(discourse: Discourse, index: int) -> Found:
    """ "What do these terms mean? SIMD, SIMT, MIMD." """
    sentence, behind = discourse.spoken[index], discourse.spoken[index + 1 : index + 2]
    if not behind or not sentence.is_question or not _speaks_of_several(sentence) or compares(sentence, 0):
        return None
    elements = _elements(discourse.prose, behind[0].start, behind[0].end)
    if len(elements) < 2 or act_of(behind[0]) is not None or any(len(discourse.prose[a:b].split()) > 3 for a, b in elements):
        return None
    return _reading(discourse, sentence, elements)


def _is_bare_verb(lead: Sentence) -> bool:
    """ "Explain briefly:", "Translate to French:": the series is the object of the verb."""
    words = [token for token in lead.tokens if token.is_word]
    if len(words) <= 3 and not any(t.quoted or t.has(Tag.THE, Tag.A) for t in words):
        writes = any(t.has(Tag.WRITE) and not t.has(Tag.READ, Tag.CHANGE) for t in words)
        return not writes or not any(not t.tags and t.text not in _TARGETS for t in words)
    acts = act_of(lead) is Tag.READ or ON_TEXTS.search(lead.text) is not None
    return acts and len(words) <= _SHORT and not any(t.quoted or t.has(Tag.ARTIFACT, Tag.THE) or t.text == "this" for t in words)


_COLON = re.compile(r"[:：](?!//|:)\s*(?=\S)|\s(?P<dash>[—–])\s+(?=\S)")
_DASH = re.compile(r"\s[—–](?=\s)")


def _semicolons(discourse: Discourse, sentence: Sentence) -> Found:
    """ "for saxpy: cuda; for dot: openmp; for the sort: ..."."""
    parts = _elements(discourse.prose, sentence.start, sentence.end, re.compile(r"\s*[;；]\s*"))
    if len(parts) < 2:
        return None
    heads = [re.match(r"(?:for|für|para|для|in|to)\s[^:：]{1,40}[:：]", discourse.prose[a:b], re.IGNORECASE) for a, b in parts]
    return _reading(discourse, sentence, parts, instructions=True) if all(heads) else None


def _targets(discourse: Discourse, sentence: Sentence) -> Found:
    """ "hello world in C, Fortran and Python": languages, or programming models, to write in."""
    if compares(sentence, 0) or (act_of(sentence) is None and not sentence.is_question):
        return None
    for match in _LANGUAGE_SERIES.finditer(sentence.text):
        start = sentence.start + match.end()
        elements = _elements(discourse.prose, start, min(sentence.end, start + _SPAN))
        run = _run_of_targets(discourse.prose, elements)
        if len(run) > 1 and not re.search(
            r"\b(?:mix|mixed|hybrid|combin\w+|both in one|interop\w*|between)\b", sentence.text, re.IGNORECASE
        ):
            return _reading(discourse, sentence, run)
    return None


def _run_of_targets(prose: str, elements: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The elements from the first on that are known names; of the last one the name alone."""
    run: list[tuple[int, int]] = []
    for start, high in elements:
        preposition = _PREPOSITION.match(prose, start, high)
        low = preposition.end() if preposition else start
        if prose[low:high].lower() in _TARGETS:
            run.append((low, high))
            continue
        word = _ASCII_NAME.match(prose, low, high) or _ANY_WORD.match(prose, low, high)
        if word and run and word[0].lower() in _TARGETS and re.match(_AFTER_TARGET, prose[word.end() : high], re.IGNORECASE):
            run.append(word.span())
        break
    return run


_PREPOSITION = re.compile(r"(?:in|to|into|en|nach|на|auf) ", re.IGNORECASE)
_ASCII_NAME = re.compile(r"[A-Za-z][\w+#]*", re.ASCII)
_ANY_WORD = re.compile(r"\w+")


def _articles(discourse: Discourse, sentence: Sentence) -> Found:
    """ "a function that ..., a class for ... and a test": things with an article of their own."""
    verb = next((t for t in sentence.tokens if t.has(Tag.WRITE)), None)
    if verb is None and _WANTED.search(sentence.text) and _ARTICLE.match(sentence.text):
        wanted = _WANTED.search(sentence.text)
        elements = _elements(discourse.prose, sentence.start, sentence.start + (wanted.start() if wanted else 0), _ARTICLE_SPLIT)
        return _reading(discourse, sentence, elements, instructions=True) if len(elements) > 1 else None
    if verb is None or compares(sentence, 0):
        return None
    match = re.compile(
        r"(?:\b(?:me|us|mir|uns|por favor|please)\b\s*)*(?=(?:an?|one|eine?[nmrs]?|un[ao]?)\s)|.{0,60}?[:—–-]\s*(?=(?:one"
        r"|an?)\s)",
        re.IGNORECASE,
    ).match(discourse.prose, verb.end + 1, sentence.end)
    if match is None:
        return None
    elements = _elements(discourse.prose, match.end(), sentence.end, _ARTICLE_SPLIT)
    if _takes(discourse, elements):
        return None
    if any(Sentence(discourse.prose, a, b).has(Tag.THEN) for a, b in elements):
        return None
    if len(elements) < 2 or not all(_ARTICLE.match(discourse.prose[a:b]) for a, b in elements):
        return None
    if len(elements) == 2 and not all(
        any(t.has(Tag.ARTIFACT) or t.text == "one" for t in Sentence(discourse.prose, a, b).tokens[:5]) for a, b in elements
    ):
        return None
    return _reading(discourse, sentence, elements)


_ARTICLE_SPLIT = re.compile(
    r"\s{0,9}(?:[,;]\s*(?:and|plus|und|sowie|y|e)?\s*|\s(?:and|plus|und|sowie|y|e)\s+)(?=(?:an?|one|eine?[nmrs]?"
    r"|un[ao]?|another)\s)",
    re.IGNORECASE,
)


def _quoted(discourse: Discourse, sentence: Sentence) -> Found:
    """Several texts in quotes, side by side, to be translated, corrected or classified."""
    if not ON_TEXTS.search(sentence.text) or compares(sentence, 0):
        return None
    texts = list(_QUOTED.finditer(sentence.text))
    between = [sentence.text[a.end() : b.start()] for a, b in pairwise(texts)]
    if len(texts) < 2 or not all(
        re.fullmatch(r"[\s,，、;]*(?:and|or|und|y|и|和|と|・|/)?\s*", text, re.IGNORECASE) for text in between
    ):
        return None
    return _reading(discourse, sentence, [(sentence.start + t.start() + 1, sentence.start + t.end() - 1) for t in texts])


_QUOTED = re.compile(r"\"[^\"\n]+\"|“[^”\n]+”|«[^»\n]+»|„[^“”\n]+[“”]|「[^」\n]+」")


def _before_verb(discourse: Discourse, sentence: Sentence) -> Found:
    """Japanese: "A、B、Cについてそれぞれ説明して"."""
    match = _TOPIC.match(sentence.text[:400])
    if match is None or act_of(sentence) is None or compares(sentence, 0):
        return None
    elements = _elements(discourse.prose, sentence.start, sentence.start + match.end(1))
    if len(elements) < 2 or (len(elements) == 2 and not sentence.has(Tag.EACH)) or any(b - a > _LONG for a, b in elements):
        return None
    return _reading(discourse, sentence, elements)


_LONG = 24
_TOPIC = re.compile(r"([^。：:]*?[、,][^。：:]*?)(?:について|に関して|とは|の意味|を(?=それぞれ|説明|解説))")


def _takes(discourse: Discourse, elements: list[tuple[int, int]]) -> bool:
    """ "A function that takes a name, a mode and a size": the rest belongs to the clause of the first."""
    first, *rest = (Sentence(discourse.prose, a, b).tokens for a, b in elements)
    made = (Tag.ARTIFACT, Tag.ALIKE, Tag.TEST, Tag.READ)
    in_clause = any(token.has(Tag.THAT, Tag.WITH) for token in first)
    return in_clause and not all(any(t.has(*made) or t.text in {"one", "another"} for t in tokens[:4]) for tokens in rest)


def _explained(discourse: Discourse, sentence: Sentence) -> Found:
    """ "explain a, b and c", "what is a, b and c": three or more short things, none of which is a part of one."""
    tokens = sentence.tokens
    verb = next((i for i, t in enumerate(tokens) if t.has(Tag.READ)), None)
    asks = re.search(
        r"\b(?:what (?:is|are|do|does)|was (?:ist|sind|bedeuten)|qu[eé] (?:es|son|significan?)|что такое)\b|什么是|什麼是",
        sentence.text,
        re.IGNORECASE,
    )
    if (verb is None and asks is None) or compares(sentence, 0) or _OF_ONE.search(sentence.text):
        return None
    if not asks and not all(token.has(Tag.POLITE, Tag.QUESTION, Tag.THAT, Tag.READ, Tag.WRITE) for token in tokens[:verb]):
        return None
    start = sentence.start + asks.end() if asks else tokens[verb or 0].end
    elements = _elements(discourse.prose, start, sentence.end)
    held = [i for i, (low, high) in enumerate(elements[:-1]) if " of " in discourse.prose[low:high]]
    if len(elements) < 3 or held[:1] > [0] or re.search(r"\bin (?:a|one) (?:single )?(?:table|sentence|list)\b", sentence.text):
        return None
    elements = _bare(discourse, elements)
    short = all(len(discourse.prose[a:b].split()) <= _SHORT for a, b in elements)
    if not short or any(_is_clause(discourse, a, b) for a, b in elements[:_LOOKED_AT]):
        return None
    return _reading(discourse, sentence, elements)


def _bare(discourse: Discourse, elements: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the words that are written once for all: "me the terms" before the first, "in simple words" behind the last."""
    prose, (first, *_), (last, end) = discourse.prose, elements, elements[-1]
    lead = Sentence(prose, *first).tokens
    for token in lead[:-1]:
        shared = token.has(Tag.TASK, Tag.THESE) or (
            token.has(Tag.POLITE, Tag.THE) and len(lead) > 2 and any(t.has(Tag.TASK, Tag.FUNCTION) for t in lead)
        )
        if not (
            shared
            or (token.has(Tag.FUNCTION) and token.has(Tag.PLURAL))
            or token.text in {"me", "us", "mir", "uns", "мне", "нам"}
        ):
            break
        first = (token.end + len(prose[token.end : first[1]]) - len(prose[token.end : first[1]].lstrip()), first[1])
    article = re.match(r"(?:the|a) \w+ of ", prose[first[0] : first[1]])
    first = (first[0] + article.end(), first[1]) if article else first
    spoken = re.match(r"一下", prose[first[0] : first[1]])
    first = (first[0] + spoken.end(), first[1]) if spoken else first
    longest = max(len(prose[low:high].split()) for low, high in elements[:-1])
    tail = _TAIL.search(prose, last, end)
    if tail and len(prose[last:end].split()) > longest:
        end = tail.start()
    found = [first, *elements[1:]]
    return [*found[:-1], (found[-1][0], end)]


def _each_of(discourse: Discourse, sentence: Sentence) -> Found:
    """ "For each of bubble sort, heap sort and radix sort give the worst case"."""
    match = _EACH_OF.search(sentence.text)
    if match is None:
        return None
    end = min(sentence.end, sentence.start + match.end() + _SPAN)
    elements = _elements(discourse.prose, sentence.start + match.end(), end)
    cut = next((i for i, (a, b) in enumerate(elements) if b - a > _LONG_NAME or i == len(elements) - 1), 0)
    verb = next((t for t in Sentence(discourse.prose, *elements[cut]).tokens if t.has(Tag.READ, Tag.WRITE, Tag.CHANGE)), None)
    if cut < 1 or verb is None:
        return None
    last = trimmed(discourse.prose, elements[cut][0], verb.start)
    return _reading(discourse, sentence, [*elements[:cut], last]) if last[1] > last[0] else None


_LONG_NAME = 24
_EACH_OF = re.compile(r"\b(?:for|in|of) (?:each|every one|all) of (?!these\b|those\b|them\b|the\b|my\b)", re.IGNORECASE)


def _values(discourse: Discourse, sentence: Sentence) -> Found:
    """ "versions with 2, 4 and 8 accumulators": what each variant gets."""
    if (match := _STEPS.search(sentence.text)) and act_of(sentence) is not None:
        start = sentence.start + match.start()
        return _reading(discourse, sentence, _elements(discourse.prose, start, sentence.start + match.end()))
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
    return _reading(discourse, sentence, found)


def _is_clause(discourse: Discourse, start: int, end: int) -> bool:
    tokens = Sentence(discourse.prose, start, end).tokens
    first = next((t for t in tokens if not t.has(Tag.POLITE, Tag.FOR)), None)
    code = (Tag.THESE, Tag.FUNCTION, Tag.LOOP, Tag.FILE, Tag.CLASS)
    if any(t.has(*code) or t.text in {"code", "this", "it"} for t in tokens):
        return True
    return (
        first is None
        or first.has(Tag.QUESTION, Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.WITH, Tag.THAT, Tag.THEM)
        or first.text in {"in", "with", "so", "but", "etc"}
    )


def _named(discourse: Discourse, sentence: Sentence) -> Found:
    """ "write functions add, sub and mul", "tests for push, pop and peek" where no such code is."""
    tokens = sentence.tokens
    if act_of(sentence) is None or compares(sentence, 0) or splits_into(sentence) or _DETAIL.search(sentence.text):
        return None
    for index, token in enumerate(tokens[:_LOOKED_AT]):
        if index + 1 == len(tokens):
            break
        leads = token.has(Tag.PLURAL) and token.has(Tag.FUNCTION, Tag.KERNEL, Tag.CLASS, Tag.STRUCT, Tag.METHOD, Tag.SUBROUTINE)
        tests = token.has(Tag.TEST) and tokens[index + 1].has(Tag.FOR)
        if not leads and not tests:
            continue
        start = (
            tokens[index + 1].end
            if tests or tokens[index + 1].text in {"called", "named", "for", "namens", "llamadas"}
            else token.end
        )
        elements = _elements(discourse.prose, start, min(sentence.end, start + _SPAN))
        if len(elements) < 2:
            continue
        elements = _bare(discourse, elements)
        words = [discourse.prose[a:b].split() for a, b in elements]
        if (
            all(len(word) <= 2 for word in words[:-1])
            and len(words[-1]) <= 2
            and not makes_one_thing(sentence, index, distributes=False)
        ):
            return _reading(discourse, sentence, elements)
    return None
