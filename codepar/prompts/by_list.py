"""Requests that list things by words in lines, in quotes, or by numbers within a sentence: each element may be an item.

What decides is the sentence that leads in and how the elements begin: a list of requirements, steps or data of one task is not
a list of tasks. Limits: one list is read, the first that holds tasks; elements that only the sense tells apart stay whole.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from codepar.prompts.acts import act_of, asks_for, compares, is_statement, makes_one_thing, splits_into
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import Listing, inline_list, trimmed
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.references import references
from codepar.prompts.tokens import Sentence, sentences_of

_MOST = 0.6
_FEW_WORDS = 5
_LOOKED_AT = 30
_FIRST = 40
_LONG = 160
_LINES = re.compile(r"[^\n]*\S[^\n]*")
ASKING = re.compile(
    r"\A\W*(?:what|how|why|when|where|which|who|is|are|does|do|can|should|was|wie|warum|wann|wo|wozu"
    r"|welche\w*|wer|qué|que|cómo|como|por qué|cuándo|cuál|dónde|что|чем|зачем|почему|когда|как|где|какой"
    r"|какая|какие|什么|如何|为什么|怎么|なぜ|どう)\b",
    re.IGNORECASE,
)
DETAILS = re.compile(
    r"\b(?:requirements?|constraints?|rules|conditions?|features|options|flags|parameters|arguments|fields"
    r"|columns|steps?|notes?|details|specs?|specification|inputs?|outputs?|format|assum\w+|given|support(?:s"
    r"|ing)?|handles?|environment|setup"
    r"|tried|error|log|output|background|goals?|criteria|guidelines?|hints?|keep in mind|remember|restrictions"
    r"|properties|behaviou?r|make sure|ensure|should|must|needs? to|has to|stages?|phases?|members|limitations"
    r"|supposed to|so that|as follows|like this|in this order|the following order"
    r"|anforderungen|bedingungen|schritte|soll(?:te)?|muss|eigenschaften|regeln|beachte|requisitos|condiciones"
    r"|pasos|debe|reglas|características|требования|условия|шаги|должн\w+|правила|учти)\b|要求|需求|条件|步骤"
    r"|注意|功能|必须|应该|要件|手順|条件|仕様",
    re.IGNORECASE,
)
TASKS = re.compile(
    r"\b(?:per|tasks?|questions?|exercises?|things?|jobs|requests?|to-?dos?|help with|following|each"
    r"|every|these|those|answer|aufgaben?|fragen?|dinge|folgende\w*|jede\w*|tareas?|preguntas?|cosas"
    r"|siguientes|cada|задач\w*|вопрос\w*|следующ\w*|кажд\w*|вещ\w*)\b"
    r"|问题|任务|以下|下面|下列|分别|每|次の|以下の|質問|それぞれ|各|課題|几件事|事情",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:in this order|in order|follow(?:ing)? (?:these )?steps|procedure|pipeline|workflow|schritt für schritt"
    r"|paso a paso|по шагам|по порядку)\b|按顺序|一步一步|順番に",
    re.IGNORECASE,
)


_FOR_EACH_ONE = re.compile(
    r"\b(?:for (?:each|every one|all)(?: of (?:them|these|those))?|each (?:one )?(?:of them )?(?:should"
    r"|must|needs?|gets?|has to)[^:]*|für jede(?:s|n)?|para cada un[ao]|для кажд\w+)\s*[:：]\s*\Z",
    re.IGNORECASE,
)
_IGNORED = re.compile(
    r"\b(?:ignore|disregard|forget|don'?t|do not|never mind)\b[^.]*\b(?:list|below|following|these|items?)\b", re.IGNORECASE
)
_STEPWISE = re.compile(r"\bstep by step\b", re.IGNORECASE)
_DATA = re.compile(
    r"\A\W*(?:but |so |and |now |then |here )?(?:i|we|it|he|she|they|gcc|nvcc|mpirun|the (?:compiler"
    r"|program|output|log|code|error)|this|my (?:code|program|output)|ich|wir|es|yo|я)\s*(?:'m|'ve|also"
    r"|already|only|just|still|keep|always)?\s*"
    r"(?:get|got|getting|see|saw|have|had|tried|use|used|am|ran|run|did|receive|know|prints?|says?|outputs?"
    r"|shows?|gives?|contains?|has|is|are|was|bekomme|habe|sehe|erhalte|obtengo|tengo|получаю|вижу)\b",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"\b(?:questions?|tasks?|requests?|to-?dos?|things? (?:to|for|i)|favou?rs?|fragen?|aufgaben?|preguntas?"
    r"|tareas?|вопрос\w*|задач\w*|need|want|would like|help)\b",
    re.IGNORECASE,
)


_TICKET = re.compile(r"(?:(?:#\d+|>)[ \t]+)?")


_SUMMED = re.compile(
    r"\bsummari[sz]e (?:the following|this|these points|these notes|it)\s*:\s*\Z|\bfasse (?:das|folgendes) zusammen\s*:",
    re.IGNORECASE,
)


class _Sense(Enum):
    TASKS = auto()
    DETAILS = auto()
    COMPARED = auto()
    OPEN = auto()


def read_lists(discourse: Discourse) -> Found:
    """The first list of tasks; where lists hold only details, why the request stays whole; None when there is no list."""
    whole: Whole | None = None
    for listing in discourse.lists:
        found = _read(discourse, listing, discourse.lead_of(listing))
        if isinstance(found, Reading):
            return found
        whole = whole or found
    inline = _read_inline(discourse)
    quoted = None if inline else _read_lines(discourse)
    return inline or quoted or whole


def _read(discourse: Discourse, listing: Listing, lead: Sentence | None) -> Found:
    if len(listing.elements) < 2:
        return None
    sense = _sense(discourse, listing, lead)
    if sense is _Sense.COMPARED:
        return Whole(Refusal.COMPARISON, "one answer over all of the list is asked for")
    if sense is not _Sense.TASKS:
        return Whole(Refusal.ONE_TASK, "the list holds details of one task")
    number = stated(lead)
    if number is not None and number != len(listing.elements):
        return Whole(Refusal.CONTRADICTION, f"the request says {number}, and {len(listing.elements)} follow")
    return _reading(discourse, listing, lead)


def _reading(discourse: Discourse, listing: Listing, lead: Sentence | None) -> Reading:
    prompt = discourse.request.prompt
    elements = tuple(Element(discourse.request.place(start, end), prompt[start:end]) for start, end in listing.elements)
    instructions = _begins_alike(discourse, listing, commands=True) >= 1 / 2
    act = (act_of(lead) if lead is not None and not instructions else None) or Tag.WRITE
    start, end = (listing.elements[0][0], listing.elements[-1][1]) if listing.is_table else (listing.start, listing.end)
    return Reading(Kind.WORDS, elements, act, start, end, instructions=instructions)


def _is_question_list(discourse: Discourse, lead: Sentence, share: float) -> bool:
    """ "I have four questions" before questions."""
    return (
        share >= _MOST
        and re.search(r"\b(?:questions?|fragen|preguntas|вопрос\w*)\b|问题|質問", lead.text, re.IGNORECASE) is not None
    )


def _sense(discourse: Discourse, listing: Listing, lead: Sentence | None) -> _Sense:
    if listing.is_table:
        return _Sense.TASKS if _speaks_of_rows(discourse) else _Sense.DETAILS
    commands = _begins_alike(discourse, listing, commands=True)
    asking = _begins_alike(discourse, listing, commands=False)
    if lead is None or not (lead.announces or _is_near(discourse, lead, listing)):
        if _names_pieces(discourse, listing) or listing.is_labelled:
            return _Sense.TASKS
        delivers = all(_delivers(discourse, *element) for element in listing.elements[:_LOOKED_AT])
        return _Sense.TASKS if max(commands, asking) >= _MOST or delivers else _Sense.OPEN
    text = lead.text
    if _is_question_list(discourse, lead, asking):
        return _Sense.TASKS
    if compares(lead, len(lead.tokens) - 1):
        return _Sense.COMPARED
    if _is_data(discourse, lead, max(commands, asking)) or _makes_one(lead):
        return _Sense.DETAILS
    tasks, details = TASKS.search(text), DETAILS.search(_STEPWISE.sub("", text))
    if asking >= _MOST or commands >= _MOST:
        strict = details and not tasks
        return _Sense.DETAILS if strict or _one_object(discourse, lead) else _Sense.TASKS
    if details and not (tasks and act_of(lead)):
        return _Sense.DETAILS
    if _is_about_list(lead) or (_names_one(discourse, lead) and not tasks):
        return _Sense.DETAILS
    plural = any(token.has(Tag.PLURAL) or (token.has(Tag.TASK, Tag.ALIKE) and not token.text.isascii()) for token in lead.tokens)
    if lacks_object(lead):
        return _Sense.TASKS
    behind_verb = listing.is_inline and bool(lead.tokens) and lead.tokens[-1].has(Tag.FOR, Tag.READ, Tag.CHANGE)
    if act_of(lead) and (tasks or plural or behind_verb or _ends_open(lead) or _works_on_texts(lead)):
        return _Sense.TASKS
    return _Sense.OPEN


def _speaks_of_rows(discourse: Discourse) -> bool:
    """Whether something is asked of each row of a table."""
    return any(_ROWS.search(s.text) is not None and asks_for(s) and not compares(s, 0) for s in discourse.spoken)


_ROWS = re.compile(
    r"\b(?:each|every|per|all|one)\b[^.;?!]{0,30}\b(?:rows?|lines?|entry|entries|word|item|function|term|name|case|sentence|one)\b"
    r"|\brow by row\b|\bjede\w* (?:zeile|eintrag)|\bcada (?:fila|línea)|\bкажд\w+ строк|每一?行|各行",
    re.IGNORECASE,
)


def _names_pieces(discourse: Discourse, listing: Listing) -> bool:
    """ "- f: make it branchless / - g: openmp": each element is about another piece of the code, and nothing else asks."""
    names = [_first_name(discourse, *element) for element in listing.elements[:_LOOKED_AT]]
    return None not in names and len(set(names)) == len(names) and not any(act_of(s) is not None for s in discourse.spoken)


def _first_name(discourse: Discourse, start: int, end: int) -> str | None:
    tokens = Sentence(discourse.prose, start, min(end, start + 80)).tokens
    name = tokens[0].text.removesuffix("()").lower() if tokens else ""
    return name if name in discourse.symbols and len(tokens) > 2 else None


def lacks_object(lead: Sentence) -> bool:
    """ "Please explain", "Implement in C:", "help me with": the list is what the verb works on."""
    words = [token for token in lead.tokens if token.is_word]
    while words and words[0].has(Tag.POLITE) and not words[0].has(Tag.READ, Tag.CHANGE, Tag.WRITE):
        if words[0].text == "help" and words[-1].text == "with":
            return len(words) <= _FEW_WORDS
        words.pop(0)
    if not words or not words[0].has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST) or lead.is_question:
        return False
    position = 1
    while position < len(words):
        if words[position].text in {"in", "into", "to", "for", "auf", "ins", "nach", "en", "al", "на", "with", "using"}:
            position += 2
        elif words[position].has(Tag.POLITE, Tag.THESE) or words[position].text in _ADVERBS:
            position += 1
        else:
            return False
    return True


_ADVERBS = frozenset("briefly shortly quickly me us kurz brevemente кратко the following separately".split())


def _is_data(discourse: Discourse, lead: Sentence, share: float) -> bool:
    """Whether a lead says that the list is what there is, not what is wanted: errors, tries, wishes for each of some pieces."""
    text = lead.text
    if lead.has(Tag.EACH) and discourse.request.sources and any(r.each and r.nouns for r in references(lead)):
        return True
    if _IGNORED.search(text) or _SUMMED.search(text) or (_FOR_EACH_ONE.search(text) and discourse.request.sources):
        return True
    return not _QUERY.search(text) and (_DATA.match(text) is not None or (is_statement(lead) and share < _MOST))


def _makes_one(lead: Sentence) -> bool:
    """Whether the list tells of one thing that is made, or the steps of one procedure."""
    one = makes_one_thing(lead, len(lead.tokens), distributes=_for_each(lead))
    return one or splits_into(lead) or _RESULT.search(lead.text) is not None


def _delivers(discourse: Discourse, start: int, end: int) -> bool:
    """Whether an element names what is to be made: "unit tests for f", "a benchmark of g", "docs"."""
    tokens = [t for t in Sentence(discourse.prose, start, min(end, start + 120)).tokens if t.is_word][:4]
    head = next((t for t in tokens if not t.has(Tag.A, Tag.THE) or t.number is not None), None)
    made = (Tag.TEST, Tag.READ, Tag.ARTIFACT, Tag.ALIKE)
    return head is not None and any(t.has(*made) for t in tokens) and not head.has(Tag.DETAIL, Tag.MEASURE, Tag.WITH, Tag.THAT)


def _works_on_texts(lead: Sentence) -> bool:
    """ "Rewrite in a friendlier tone:": what follows are texts, unless the lead names what it works on."""
    return (
        lead.announces
        and ON_TEXTS.search(lead.text) is not None
        and not any(
            t.has(Tag.ARTIFACT, Tag.FUNCTION, Tag.LOOP, Tag.FILE) or t.quoted or t.text in {"this", "my", "code"}
            for t in lead.tokens
        )
    )


ON_TEXTS = re.compile(
    r"\b(?:translat|correct|explain|defin|proofread|rephras|paraphras|classif|summari|shorten|rewrite|fix the|check the|spell"
    r"|how do you say|mean\b|bedeut|übersetz|korrigier|tradu[cz]|corrig|перевед|исправ)|翻译|译成|改正|訳し|翻訳|直し"
    r"|定義|意味|定义|含义",
    re.IGNORECASE,
)
"""Verbs that work on texts."""


def _ends_open(lead: Sentence) -> bool:
    """ "Write tests for:", "Explain:": the list is the object of the verb."""
    words = [token for token in lead.tokens if token.is_word]
    if not lead.announces or not words:
        return False
    definite = any(t.quoted or t.has(Tag.ARTIFACT, Tag.A) or t.text in {"this", "my"} for t in words)
    short = len(words) <= _FEW_WORDS and not definite and any(t.has(Tag.READ, Tag.CHANGE) for t in words)
    return short or words[-1].has(Tag.FOR, Tag.READ, Tag.CHANGE, Tag.WRITE)


def _one_object(discourse: Discourse, lead: Sentence) -> bool:
    """ "Optimise `conv`:", "Change this function as follows:" with commands behind: details of one task."""
    tokens = lead.tokens
    if TASKS.search(lead.text) or act_of(lead) is None or not lead.announces:
        return False
    if any(token.has(Tag.PLURAL) for token in tokens):
        return False
    if _names_one(discourse, lead):
        return True
    return any(token.text in {"this", "my", "the", "a", "an", "diese", "este", "esta"} for token in tokens)


def _names_one(discourse: Discourse, lead: Sentence) -> bool:
    """Whether a lead names a piece of code or a file: what follows is about it."""
    return any(t.quoted or t.is_file or t.text.removesuffix("()") in discourse.symbols for t in lead.tokens)


def _is_about_list(lead: Sentence) -> bool:
    """ "Why is step 3 in this list necessary?": the list is data."""
    return (
        lead.is_question
        and re.search(r"\b(?:list|step|order|output|log|this|that)\b", lead.text, re.IGNORECASE) is not None
        and not lead.announces
    )


def _for_each(lead: Sentence) -> bool:
    return (
        lead.has(Tag.EACH)
        or re.search(r"\bper\b", lead.text) is not None
        or re.search(r"for (?:the|these|all)\b", lead.text, re.IGNORECASE) is not None
    )


def _is_near(discourse: Discourse, lead: Sentence, listing: Listing) -> bool:
    return discourse.prose[lead.end : listing.start].count("\n") <= 2


def _begins_alike(discourse: Discourse, listing: Listing, *, commands: bool) -> float:
    """The share of elements that begin with a command, or ask."""
    looked_at = listing.elements[:_LOOKED_AT]
    return sum(_commands(discourse, *one) if commands else _asks(discourse, *one) for one in looked_at) / len(looked_at)


def _commands(discourse: Discourse, start: int, end: int) -> bool:
    return is_command(discourse.prose, start, min(end, start + 120))


def is_command(prose: str, start: int, end: int) -> bool:
    """Whether a text begins with a verb that asks for something."""
    tokens = Sentence(prose, start, end).tokens
    for index, token in enumerate(tokens[:6]):
        if token.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.COMPARE) or (token.has(Tag.TEST) and len(tokens) > 1):
            return not (index == 0 and len(tokens) > 1 and tokens[1].text in {":", "="})
        if not token.has(Tag.POLITE, Tag.FOR) and token.is_word and token.text.isascii():
            return False
    return any(
        token.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST) for token in tokens[-5:] if "\u3040" <= token.text[:1] <= "\u9fff"
    )


def _asks(discourse: Discourse, start: int, end: int) -> bool:
    text = discourse.prose[start:end].rstrip()
    return text.endswith(("?", "？")) or ASKING.match(text) is not None


def stated(lead: Sentence | None) -> int | None:
    """The number of things that a lead says follow: "these 3 functions:", "four things"."""
    if lead is None:
        return None
    if re.search(r"\b(?:about|for|of|on|to|per) (?:each|every)\b", lead.text, re.IGNORECASE):
        return None
    for token, after, second in zip(lead.tokens, lead.tokens[1:], (*lead.tokens[2:], lead.tokens[-1]), strict=False):
        nouns = (Tag.TASK, Tag.FUNCTION, Tag.FILE, Tag.ALIKE, Tag.KERNEL, Tag.CLASS, Tag.LOOP)
        if (
            token.number is not None
            and token.number > 1
            and (after.has(*nouns) or (not after.tags and second.has(*nouns)) or after.text in {"個", "个", "つ", "следующ"})
        ):
            in_measure = lead.tokens.index(token) > 0 and lead.tokens[lead.tokens.index(token) - 1].text in {
                "in",
                "with",
                "at",
                "of",
                "than",
                "most",
            }
            if not in_measure and not after.has(Tag.MEASURE):
                return token.number
    return None


def _read_inline(discourse: Discourse) -> Found:
    """Numbers within a paragraph."""
    for start, end in discourse.stretches:
        listing = inline_list(discourse.prose, start, end)
        if listing is None or discourse.is_quoted(listing.start):
            continue
        before = sentences_of(discourse.prose, start, listing.start)
        lead = before[-1] if before else next((s for s in reversed(discourse.sentences) if s.end <= start), None)
        if lead is not None and lead.end > listing.start:
            lead = Sentence(discourse.prose, lead.start, listing.start)
        found = _read(discourse, listing, lead) if lead is not None or _is_tasks(discourse, listing) else None
        if found is not None:
            return found
    return None


def _is_tasks(discourse: Discourse, listing: Listing) -> bool:
    return max(_begins_alike(discourse, listing, commands=True), _begins_alike(discourse, listing, commands=False)) >= _MOST


def _read_lines(discourse: Discourse) -> Found:
    """Lines without marks behind a sentence that speaks of each of them: quoted texts, sentences to translate."""
    spoken = set(discourse.spoken)
    for index, sentence in enumerate(discourse.sentences[:_FIRST]):
        if sentence not in spoken:
            continue
        distributes = sentence.has(Tag.EACH, Tag.THESE, Tag.ALL) or sentence.announces or stated(sentence) is not None
        asks = act_of(sentence) is not None or _QUERY.search(sentence.text) is not None
        if not distributes or not asks or compares(sentence, 0) or discourse.lists:
            continue
        end = next(high for low, high in discourse.stretches if low <= sentence.start < high)
        lines = list(_LINES.finditer(discourse.prose, sentence.end, end))
        if len(lines) < 2 or "\n" not in discourse.prose[sentence.end : lines[0].end() - len(lines[0][0].lstrip())]:
            continue
        if _are_texts(sentence, [line[0].strip() for line in lines]) and _follow(discourse, index, lines[0].start()):
            elements = tuple(trimmed(discourse.prose, line.start(), line.end(), lead_in=False) for line in lines)
            elements = tuple((low + len(_TICKET.match(discourse.prose[low:high])[0]), high) for low, high in elements)  # type: ignore[index]
            return _read(discourse, Listing(lines[0].start(), lines[-1].end(), elements, numbered=False), sentence)
    return None


def _follow(discourse: Discourse, index: int, start: int) -> bool:
    """Whether nothing is said between a sentence and the lines."""
    behind = discourse.sentences[index + 1 : index + 2]
    return not behind or behind[0].start >= start


def _are_texts(sentence: Sentence, texts: list[str]) -> bool:
    """Whether lines are elements: all in quotes, all questions, or short ones behind a colon."""
    if all(text.startswith(("> ", "#")) for text in texts):
        return True
    if all(text[:1] in "\"'“„«「‘" for text in texts):
        return True
    if not (sentence.has(Tag.TASK, Tag.FUNCTION, Tag.ALIKE, Tag.FILE) or TASKS.search(sentence.text)):
        return False
    if all(text.endswith(("?", "？")) or ASKING.match(text) for text in texts):
        return True
    return sentence.announces and all(len(text) < _LONG for text in texts) and not DETAILS.search(sentence.text)
