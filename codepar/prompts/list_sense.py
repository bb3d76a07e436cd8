"""What a list in a request means: tasks, details of one task, or things of which one answer is wanted.

What decides is the sentence that leads in and how the elements begin. Limits: elements that only the sense tells apart stay open.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from codepar.prompts.acts import IMPERATIVES, act_of, asks_for, is_statement, makes_one_thing, splits_into
from codepar.prompts.alternation import phrases
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_wording import (
    ASKING,
    DATA,
    DETAILS,
    FEW_WORDS,
    FOR_EACH_ONE,
    HAS_PARTS,
    HEAD,
    IGNORED,
    LOOKED_AT,
    MOST,
    QUERY,
    RESULT,
    STEPWISE,
    SUMMED,
    TASKS,
)
from codepar.prompts.lists import Listing
from codepar.prompts.names import name_of
from codepar.prompts.references import references
from codepar.prompts.tokens import Sentence


class Sense(Enum):
    """What a list is."""

    TASKS = auto()
    DETAILS = auto()
    COMPARED = auto()
    OPEN = auto()


def _is_question_list(discourse: Discourse, lead: Sentence, share: float) -> bool:
    """ "I have four questions" before questions."""
    return (
        share >= MOST
        and re.search(r"\b(?:questions?|fragen|preguntas|вопрос\w*)\b|问题|質問", lead.text, re.IGNORECASE) is not None
    )


def sense_of(discourse: Discourse, listing: Listing, lead: Sentence | None) -> Sense:
    """What ``listing`` means behind ``lead``."""
    if listing.is_table:
        return Sense.TASKS if _speaks_of_rows(discourse, listing) else Sense.DETAILS
    commands = begins_alike(discourse, listing, commands=True)
    asking = begins_alike(discourse, listing, commands=False)
    if lead is None or not (lead.announces or _is_near(discourse, lead, listing)):
        return _sense_alone(discourse, listing, max(commands, asking))
    if _is_question_list(discourse, lead, asking):
        return Sense.TASKS
    if compares(lead, len(lead.tokens) - 1):
        return Sense.COMPARED
    if _are_signatures(discourse, listing) and act_of(lead) is not None and not _makes_one(lead):
        return Sense.TASKS
    if _labels_details(discourse, lead) and (max(commands, asking) < MOST or _is_noun(lead)):
        return Sense.DETAILS
    if _is_data(discourse, lead, max(commands, asking)) or _makes_one(lead):
        return Sense.DETAILS
    if max(commands, asking) >= MOST:
        strict = DETAILS.search(STEPWISE.sub("", lead.text)) and not TASKS.search(lead.text)
        return Sense.DETAILS if strict or _one_object(discourse, lead) else Sense.TASKS
    return _sense_of_nouns(discourse, listing, lead)


def _sense_alone(discourse: Discourse, listing: Listing, share: float) -> Sense:
    """A list without a sentence before it."""
    if any(s.start >= listing.end and _BACK.match(s.text) for s in discourse.spoken):
        return Sense.DETAILS
    if share >= MOST or _names_pieces(discourse, listing) or listing.is_labelled:
        return Sense.TASKS
    delivers = all(_delivers(discourse, *element) for element in listing.elements[:LOOKED_AT])
    return Sense.TASKS if delivers else Sense.OPEN


# "Write this in C." behind the list: its elements are steps of what is to be made.
_BACK = re.compile(
    r"\W*(?:please |now )?(?:write|do|make|implement|put|code|turn|convert|schreib\w*|escrib\w*|напиш\w*) (?:this|that|it"
    r"|all (?:of )?(?:this|that))\b",
    re.IGNORECASE,
)


def _sense_of_nouns(discourse: Discourse, listing: Listing, lead: Sentence) -> Sense:
    """A list whose elements are mostly neither commands nor questions."""
    told = _ASIDE.sub(" ", STEPWISE.sub("", lead.text))
    if HAS_PARTS.search(told) and not lead.has(Tag.EACH):
        return Sense.DETAILS
    tasks, details = TASKS.search(told), DETAILS.search(told)
    if _FOLLOWING_DETAILS.search(told) or (lead.is_question and not lead.announces and not _takes_several(lead)):
        return Sense.DETAILS
    if lead.announces and not details and _delivered(discourse, listing) >= MOST:
        return Sense.TASKS
    if _announces_tasks(lead) and not details:
        return Sense.TASKS
    if listing.is_inline and ASKING.match(lead.text) and not details:
        return Sense.TASKS
    if details and not (tasks and act_of(lead)):
        return Sense.DETAILS
    if _is_about_list(lead) or (_names_one(discourse, lead) and not tasks):
        return Sense.DETAILS
    if lacks_object(lead):
        return Sense.TASKS
    plural = any(token.has(Tag.PLURAL) or (token.has(Tag.TASK, Tag.ALIKE) and not token.text.isascii()) for token in lead.tokens)
    behind_verb = listing.is_inline and bool(lead.tokens) and lead.tokens[-1].has(Tag.FOR, Tag.READ, Tag.CHANGE)
    if (act_of(lead) or lead.has(Tag.EACH)) and (tasks or plural or behind_verb or _ends_open(lead) or _works_on_texts(lead)):
        return Sense.TASKS
    return Sense.OPEN


def _are_signatures(discourse: Discourse, listing: Listing) -> bool:
    """Functions that are wished, each by its name and arguments."""
    looked_at = listing.elements[:LOOKED_AT]
    return all(_SIGNATURE.match(discourse.prose, low, high) for low, high in looked_at)


_SIGNATURE = re.compile(r"`?[A-Za-z_]\w*\([^()\n]*\)")


def _labels_details(discourse: Discourse, lead: Sentence) -> bool:
    """ "I want a small ECS, single header. Wishlist:": a bare label behind a wish for one thing."""
    words = [token for token in lead.tokens if token.is_word]
    if not lead.announces or len(words) > 2 or act_of(lead) is not None or lead.has(Tag.TASK, Tag.EACH, Tag.THESE):
        return False
    before = [s for s in discourse.spoken if s.end <= lead.start]
    return any(_ONE_THING.search(sentence.text) is not None for sentence in before)


def _is_noun(lead: Sentence) -> bool:
    """ "Menu:", "Requirements:": a label that is no adverb ("Also:") and no verb."""
    return not any(token.has(Tag.POLITE, Tag.AND, Tag.THEN, Tag.TASK) for token in lead.tokens)


_ONE_THING = re.compile(
    r"\b(?:need|want|like|write|implement|create|make|build|design|brauche|schreib\w*|necesito|quiero"
    r"|escribe|haz|нужн\w*|напиши)\b"
    r"(?: me| us| mir)? (?:an?|one|eine?n?|una?|один|одну)\s",
    re.IGNORECASE,
)


_ASIDE = re.compile(r"\([^()]*\)")
_FOLLOWING_DETAILS = phrases(
    r"\b(?:following|these) (?:requirements|constraints|rules|conditions|steps|properties|features"
    r"|specs?)\b|(?:以下|次|下記)の(?:仕様|条件|要件|手順)"
    r"|(?:以下|下列|下面的?)(?:要求|条件|步骤|规则|功能)|\bfolgende\w* (?:Anforderungen|Bedingungen|Regeln|Schritte\w*)"
    r"|\bsiguientes (?:requisitos|condiciones|reglas|pasos)|\bследующ\w+ (?:требовани\w+|услови\w+|правил\w*|шаг\w*)"
)


def _delivered(discourse: Discourse, listing: Listing) -> float:
    """The share of the elements that name what is to be made, or begin with an article."""
    looked_at = listing.elements[:LOOKED_AT]
    return sum(_delivers(discourse, *one) or _ARTICLE.match(discourse.prose, *one) is not None for one in looked_at) / len(
        looked_at
    )


_ARTICLE = re.compile(
    r"(?:an?|one|some|two|three|ein(?:e[nr]?)?|zwei|un[ao]?|dos) (?!\w+ (?:is|are|was|must|should)\b)", re.IGNORECASE
)


def _takes_several(lead: Sentence) -> bool:
    return lead.has(Tag.THESE, Tag.EACH, Tag.ALL, Tag.TASK, Tag.PLURAL) or act_of(lead) not in {None, Tag.READ}


def _announces_tasks(lead: Sentence) -> bool:
    """ "Couple things", "three small favours for the file below": nothing but that there are tasks."""
    if lead.announces and all(token.has(Tag.POLITE) for token in lead.tokens if token.is_word):
        return True
    match = _ANNOUNCED.search(lead.text)
    return match is not None and len(lead.tokens) <= _ANNOUNCING and not lead.is_question


_ANNOUNCING = 22
_ANNOUNCED = phrases(
    r"\b(?:tasks|questions|requests|favou?rs|things|to-?dos|exercises|jobs|wishes|needs|tareas|dudas|preguntas|cosas"
    r"|aufgaben|fragen"
    r"|chores|dinge|sachen|anliegen|bitten|wünsche|задач\w*|вопрос\w*|просьб\w*|дела?)\b|\bwhat i(?: would|'d| still)? (?:need"
    r"|want|like)\b"
    r"|\bi(?:'d| would)? (?:need|like|want)\s*:?\s*\Z|\bto-?do\b|\bwish ?list\b|\bkleinigkeiten\b|\bpunkte\b|\bpuntos\b"
    r"|\bhomework\b|\bhausaufgaben\b|任务|事情|几件事|问题|お願い|質問|タスク"
)


def _speaks_of_rows(discourse: Discourse, table: Listing) -> bool:
    """Whether something is asked of each row of a table, or of each of what its first column holds."""
    column = re.match(r"[\s|]*([^\W\d_]+)", discourse.prose[table.start : table.start + _HEADING])
    each = re.compile(rf"\b(?:each|every|per|all)\b[^.;?!]{{0,20}}\b{re.escape(column[1])}", re.IGNORECASE) if column else _ROWS
    spoken = [s for s in discourse.spoken if asks_for(s) and not compares(s, 0)]
    return any(_ROWS.search(s.text) is not None or each.search(s.text) is not None for s in spoken)


_HEADING = 60


_ROWS = phrases(
    r"\b(?:each|every|per|all|one)\b[^.;?!]{0,30}\b(?:rows?|lines?|entry|entries|word|item|function|term|name|case"
    r"|sentence|one)\b"
    r"|\brow by row\b|\bjede\w* (?:zeile|eintrag)|\bcada (?:fila|línea)|\bкажд\w+ строк|每一?行|各行"
)


def _names_pieces(discourse: Discourse, listing: Listing) -> bool:
    """ "- f: make it branchless / - g: openmp": each element is about another piece of the code, and nothing else asks."""
    names = [_first_name(discourse, *element) for element in listing.elements[:LOOKED_AT]]
    return None not in names and len(set(names)) == len(names) and not any(act_of(s) is not None for s in discourse.spoken)


def _first_name(discourse: Discourse, start: int, end: int) -> str | None:
    tokens = discourse.sentence(start, min(end, start + 80)).tokens
    names = [name_of(token).lower() for token in tokens[:HEAD]]
    return next((name for name in names if name in discourse.symbols and len(tokens) > 2), None)


def lacks_object(lead: Sentence) -> bool:
    """ "Please explain", "Implement in C:", "help me with": the list is what the verb works on."""
    words = [token for token in lead.tokens if token.is_word]
    while words and words[0].has(Tag.POLITE) and not words[0].has(Tag.READ, Tag.CHANGE, Tag.WRITE):
        if words[0].text == "help" and words[-1].text == "with":
            return len(words) <= FEW_WORDS
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
    named = {name_of(token).lower() for token in lead.tokens} & discourse.symbols
    if len(named) > 1 and not lead.has(Tag.TASK):
        return True
    if lead.has(Tag.EACH) and discourse.request.sources and any(r.each and r.nouns for r in references(lead)):
        return True
    if IGNORED.search(text) or SUMMED.search(text) or (FOR_EACH_ONE.search(text) and discourse.request.sources):
        return True
    return not QUERY.search(text) and (DATA.match(text) is not None or (is_statement(lead) and share < MOST))


def _makes_one(lead: Sentence) -> bool:
    """Whether the list tells of one thing that is made, or the steps of one procedure."""
    one = makes_one_thing(lead, len(lead.tokens), distributes=_for_each(lead))
    gathers = not _for_each(lead) and _INTO_ONE.search(lead.text) is not None
    return one or gathers or splits_into(lead) or RESULT.search(lead.text) is not None


# "Turn these points into a friendly mail".
_INTO_ONE = re.compile(
    r"\b(?:into|in) (?:an?|one|a single) (?:[\w-]+ ){0,2}(?:e-?mail|mail|text|letter|report|message"
    r"|post|slide|paragraph|story|poem"
    r"|essay|article|page|document|speech|talk|plan|schedule|song|dialogue|announcement|press release)\b",
    re.IGNORECASE,
)


def _delivers(discourse: Discourse, start: int, end: int) -> bool:
    """Whether an element names what is to be made: "unit tests for f", "a benchmark of g", "docs"."""
    tokens = [t for t in discourse.sentence(start, min(end, start + 120)).tokens if t.is_word][:4]
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
    r"|how do you say|wie hei(?:ß|ss)t|cómo se dice|как будет|mean\b|bedeut|übersetz|korrigier|tradu[cz]|corrig|переве[дс]"
    r"|исправ)|翻译|译成|改正|訳し|翻訳|直し"
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
    short = len(words) <= FEW_WORDS and not definite and any(t.has(Tag.READ, Tag.CHANGE) for t in words)
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


def begins_alike(discourse: Discourse, listing: Listing, *, commands: bool) -> float:
    """The share of elements that begin with a command, or ask."""
    known, key = discourse.begun_alike, (listing.start, commands)
    if key not in known:
        looked_at = listing.elements[:LOOKED_AT]
        begun = [_commands(discourse, *one) if commands else _asks(discourse, *one) for one in looked_at]
        known[key] = sum(begun) / len(looked_at)
    return known[key]


def _commands(discourse: Discourse, start: int, end: int) -> bool:
    return is_command(discourse, start, min(end, start + 120))


def is_command(discourse: Discourse, start: int, end: int) -> bool:
    """Whether a text begins with a verb that asks for something."""
    tokens = discourse.sentence(start, end).tokens
    if tokens and tokens[0].text == "[":
        # The line of a log: "[build] Built target ...".
        return False
    for index, token in enumerate(tokens[:6]):
        if index == 0 and token.text in IMPERATIVES and len(tokens) > 1:
            return tokens[1].is_word
        if token.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.COMPARE) or (token.has(Tag.TEST) and len(tokens) > 1):
            return not (index == 0 and len(tokens) > 1 and tokens[1].text in {":", "="})
        if not token.has(Tag.POLITE, Tag.FOR) and token.is_word and token.text.isascii():
            return False
    if len(tokens) > 1 and tokens[-1].text.endswith("en") and tokens[-1].has(Tag.READ, Tag.CHANGE, Tag.WRITE):
        return True
    return any(
        token.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST) for token in tokens[-5:] if "\u3040" <= token.text[:1] <= "\u9fff"
    )


def _asks(discourse: Discourse, start: int, end: int) -> bool:
    text = discourse.prose[start:end].rstrip()
    return text.endswith(("?", "？")) or ASKING.match(text) is not None
