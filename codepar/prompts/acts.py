"""What a sentence asks for: to read, to change, to test or to write; whether it makes one thing, or asks nothing.

Limits: by words and their order; irony and hypotheticals are taken literally.
"""

from __future__ import annotations

import re

from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Sentence, Token, once

LIGHT = frozenset(
    "add write give make provide generate put need want tell show do does create get have name answer"
    " find propose suggest turn insert"
    " füge schreib schreibe gib mach mache erstelle añade agrega dame escribe haz напиши добавь дай сделай"
    " 写 给我 给出 写出 加上 添加 追加 书い ください 作成 教え come want like apply keep".split()
)
_READ_NOUN = re.compile(
    r"\b(?:explanations?|descriptions?|summar(?:y|ies)|reviews?|comments?|doc(?:s|string|strings|umentation)?"
    r"|complexity|overview|walkthrough|paragraphs? (?:about|on)"
    r"|erklärung(?:en)?|beschreibung(?:en)?|kommentare?|explicaci[oó]n|comentarios?|описани\w+|комментари\w+"
    r"|yes/no|yes or no)\b|注释|说明|コメント|説明",
    re.IGNORECASE,
)
_DATED_REVIEW = re.compile(r"\b(?:before|ahead of|after|until|during|since) (?:[\w']+ ){0,3}reviews?\b", re.IGNORECASE)
_STATEMENT = re.compile(
    r"\A\W*i (?:changed|wrote|made|did|ran|tried|call|called|edited|added|removed|compiled|built|moved|split|copied)\b"
    r"|\A\W*(?:(?:hi|hello|hey|ok|so|well|hallo|hola|привет)\b[^.:]{0,20}[,!]\s*)?(?:i have|i've got|i got"
    r"|we have|we've got|there are|there's|here(?:'s| is| are)|this (?:is|file|code|routine|module|program"
    r"|class)\b.{0,30}\b(?:has|contains|holds|is)\b"
    r"|this is|these are|attached (?:is|are)|they|these \w+ (?:are|were|is|share|work|all work|come|belong"
    r"|live|do the job)|the (?:functions|files|loops|kernels|code|\w+) (?:are|is|were|come|comes|share"
    r"|belong)\b|my \w+ (?:has|have|are|is|reads|takes|writes|prints|uses|does|gets|gives|runs)\b"
    r"|ich habe|hier (?:ist|sind)|das sind|diese \w+ (?:sind|teilen)|tengo|aquí (?:está|están|hay)|estas \w+ son"
    r"|у меня|вот|это|есть|我有|这是|这里有|這是|私は|これは)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"[,;:.]\s*(?:please|can you|could you|translate|port|convert|explain|write|rewrite|make|add)\b|\b(?:would like"
    r"|i'd like|we'd like|grateful|appreciate|looking for|help (?:me|with|us)|wants?|needs?|should|must"
    r"|have to|has to|ought|i'd|we'd|(?:would|'d) (?:be|love|help|appreciate)|(?:tell|show"
    r"|give) (?:me|us)|please|pls|plz|can you|could you|would you|can u|could u|bitte|por favor"
    r"|пожалуйста)\b|请|ください",
    re.IGNORECASE,
)
_OPENERS = frozenset(
    {
        ",",
        ";",
        ":",
        "(",
        "-",
        "–",
        "—",
        "and",
        "then",
        "so",
        "but",
        "also",
        "please",
        "to",
        "just",
        "only",
        "und",
        "y",
        "и",
        "...",
    }
)
_UNKNOWN_VERB = re.compile(r"[,.:;]\s*[\w-]+ (?:them|each|both|these)\b", re.IGNORECASE)
_HOW = re.compile(r"\W*(?:how|what|why|which|who|where|when|wie|was|warum|cómo|qué|как|что|почему)\b", re.IGNORECASE)
_FINITE = re.compile(
    r"\b(?:are|is|was|were|has|have|had|works?|worked|does|(?<!every )(?<!each )(?<!all )do|did"
    r"|shares?|calls?|hangs?|crash(?:es|ed)?"
    r"|fails?|failed|warns?|complains?|says|said|prints?|reports|compiles?|runs?|ran|sind|ist|war|haben|hat|funktioniert"
    r"|funktionieren|son|es|están"
    r"|está|tienen|tiene|funciona\w*|работа\w+)\b",
    re.IGNORECASE,
)
_SPLITS = re.compile(
    r"\b(?:split|divide|break|separate|distribute|cut|refactor|extract|move|organi[sz]e|teile|aufteil\w*"
    r"|zerleg\w*|divide|separa|reparte|раздели|разбей)\b[^.?!]{0,80}\b(?:into|across|up into|to|auf|in"
    r"|en|на)\b|拆分|分成|分割",
    re.IGNORECASE,
)
_RESULT_FILES = re.compile(
    r"\b(?:into|across|auf|en|на)\b[^.?!]{0,30}\b(?:files?|modules?|functions?|parts?|pieces|kernels?"
    r"|classes|headers?|dateien|teile|archivos|partes|файл\w*|част\w*|функци\w*|[\w]+\.\w{1,4})\b|成.{0,6}(?:文件"
    r"|部分|函数)",
    re.IGNORECASE,
)


@once
def act_of(sentence: Sentence) -> Tag | None:
    """The strongest thing that a sentence asks for; None when it asks nothing."""
    return act_among(sentence, sentence.tokens)


def act_beside(sentence: Sentence, first: int, last: int) -> Tag | None:
    """What a sentence asks for, the tokens ``first`` to ``last`` left out: names of functions may read like verbs."""
    return act_among(sentence, (*sentence.tokens[:first], *sentence.tokens[last + 1 :]))


def act_among(sentence: Sentence, tokens: tuple[Token, ...]) -> Tag | None:
    """What a sentence asks for by some of its tokens."""
    heavy = [t for t in tokens if t.has(Tag.CHANGE) and t.text not in LIGHT and not t.quoted]
    read = [t for i, t in enumerate(tokens) if t.has(Tag.READ) and not t.quoted and not _is_no_wish(tokens, i)]
    tests = [t for t in tokens if t.has(Tag.TEST) and not t.quoted]
    if heavy and not (read and read[0].start < heavy[0].start and sentence.is_question):
        return Tag.CHANGE
    if read or reads_by_noun(sentence.text):
        return Tag.READ
    if tests:
        return Tag.TEST
    light = [t for t in tokens if t.text in LIGHT or t.has(Tag.WRITE, Tag.CHANGE)]
    if sentence.is_question and not any(t.has(Tag.CHANGE) for t in light) and tokens and not _requests(tokens):
        return Tag.READ
    if light or _wants(sentence.text):
        return Tag.READ if any(t.text in {"tell", "state", "say", "list", "name"} for t in light) else Tag.CHANGE
    return None


def reads_by_noun(text: str) -> bool:
    """Whether a noun asks for something to read ("a summary of each"); a review that only tells the date is none."""
    return _READ_NOUN.search(text) is not None and _READ_NOUN.search(_DATED_REVIEW.sub(" ", text)) is not None


_DATES = frozenset("before ahead after until during since tomorrow".split())
_SO = frozenset("so that before until".split())
_JOINT = frozenset(
    "call run install load include import pass set open send plan sort order arrange store read choose mix link invite meet"
    " visit buy book sum average multiply alphabetize alphabetise assume note remember consider imagine suppose see let"
    " notice i we"
    " he she it they my our there here if when because although sortiere ordne ordena suma отсортируй сложи".split()
)


def _is_no_wish(tokens: tuple[Token, ...], index: int) -> bool:
    """ "Add a check of the arguments" changes code; "before my code review" and "so that I understand" are no wishes."""
    text, before = tokens[index].text, [token.text for token in tokens[max(0, index - 5) : index]]
    if text in {"check", "checks"}:
        return any(word in _ADDS for word in before)
    if text in {"review", "reviews"}:
        return any(word in _DATES for word in before[-4:])
    return text == "understand" and any(word in _SO for word in before[-4:])


@once
def acts_jointly(sentence: Sentence) -> bool:
    """Whether the first verb acts on all that is named at once: "call f and g", "launch a, then b"."""
    first = next((token for token in sentence.tokens if token.is_word and not token.has(Tag.POLITE)), None)
    return first is not None and first.text in _ON_ALL


IMPERATIVES = frozenset(
    "state prove derive bump drop delete upgrade downgrade enable disable switch verify set pin tag publish release"
    " format run install"
    " configure define wrap split merge reduce increase decrease hoist fuse guard log print rerun"
    " revert restore archive deduplicate sanitize sanitise serialize serialise deserialize validate truncate expose deprecate"
    " modularize modularise normalize normalise initialize initialise specify highlight remind teach elaborate interpret"
    " double-check justify predict guess illustrate demonstrate visualize visualise reformat reindent indent uncomment"
    " reorder kill strip trim pad align memoize memoise batch chunk parametrise parametrize mock stub lint cite spell pronounce"
    " advise send investigate trace approximate transpose swap shrink enlarge crop resize substitute polish rework redo expand"
    " reply encode reverse download upload announce silence suppress cast constify protect grade score animate factor tighten"
    " loosen relax erase clear reset free allocate"
    " capitalize capitalise abbreviate condense enumerate tabulate transcribe transliterate".split()
)
"""Verbs that begin a request; elsewhere the words mean other things as well."""
_ON_ALL = frozenset(
    "call run launch invoke start link install load include import sort order arrange group connect register schedule"
    " chain rename"
    " concatenate rufe starte sortiere llama ejecuta ordena вызови запусти отсортируй".split()
)


@once
def asks_for(sentence: Sentence) -> bool:
    """Whether a sentence asks for something: by a verb, as a question, by a verb that is in no lexicon, or without one
    ("short bios, please: ..."). Verbs that act on all things at once (sort, sum, use) do not count."""
    first = next((token for token in sentence.tokens if token.is_word and not token.has(Tag.POLITE)), None)
    if first is not None and first.text in _JOINT and not (sentence.is_question and first.text == "it"):
        return False
    if act_of(sentence) is not None or sentence.is_question or _ASKS.search(sentence.text):
        return True
    return first is not None and not is_statement(sentence) and _FINITE.search(sentence.text) is None


def _wants(text: str) -> bool:
    return (
        re.search(
            r"->|=>|→|\b(?:versions?|become|becomes|rewritten|ported|translated|converted|nach"
            r"|a cuda)\b|版",
            text,
            re.IGNORECASE,
        )
        is not None
    )


def _requests(tokens: tuple[Token, ...]) -> bool:
    """ "Could you port ...?" is a request, not a question."""
    return any(
        t.text in {"can", "could", "would", "will", "kannst", "könntest", "puedes", "podrías", "можешь", "можете"}
        for t in tokens[:3]
    ) and any(t.text in {"you", "u", "du", "ihr"} or t.text.startswith(("pued", "podr", "може")) for t in tokens[:4])


def tells(sentence: Sentence) -> bool:
    """Whether a sentence begins by telling what there is; a question may follow: "I have f and g, what is missing?"."""
    return _STATEMENT.match(sentence.text) is not None and not _ASKS.search(sentence.text)


@once
def is_statement(sentence: Sentence) -> bool:
    """Whether a sentence only tells what there is."""
    if sentence.is_question or _HOW.match(sentence.text) or (sentence.tokens[:1] and sentence.tokens[0].text in IMPERATIVES):
        return False
    if _is_unknown_command(sentence.tokens):
        return False
    match = _STATEMENT.match(sentence.text)
    if match is not None:
        return not _ASKS.search(sentence.text, match.end()) and not _UNKNOWN_VERB.search(sentence.text)
    return (
        _UNKNOWN_VERB.search(sentence.text) is None
        and _FINITE.search(_QUOTED.sub(" ", sentence.text)) is not None
        and not _ASKS.search(sentence.text)
        and not _wants(sentence.text)
        and not _has_command(sentence)
    )


_QUOTED = re.compile(r"\([^()]*\)|\"[^\"\n]*\"|“[^”]*”|«[^»]*»")


def _is_unknown_command(tokens: tuple[Token, ...]) -> bool:
    """ "Grade each of these answers": a verb that is in no lexicon."""
    if len(tokens) < _SOME or tokens[0].tags or tokens[0].quoted or not tokens[0].text.isalpha():
        return False
    return tokens[1].has(Tag.EACH, Tag.ALL) or (tokens[1].has(Tag.THESE) and tokens[1].text not in {"this", "that", "here"})


_SOME = 3


def _has_command(sentence: Sentence) -> bool:
    """Whether a clause begins with a verb that asks for something; "for each function" and the like may stand before it."""
    begins = True
    for token in sentence.tokens:
        if begins and token.has(*_VERBS) and not token.quoted:
            return True
        goes_on = begins and (token.has(Tag.POLITE, Tag.FOR, Tag.EACH, Tag.ALL, Tag.THEM, Tag.THESE) or not token.is_word)
        begins = token.text in _OPENERS or goes_on or token.has(*_PIECES)
    return any(not token.text.isascii() and token.has(*_VERBS) for token in sentence.tokens)


_VERBS = (Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST, Tag.COMPARE)
_PIECES = (
    Tag.FUNCTION, Tag.KERNEL, Tag.SUBROUTINE, Tag.LOOP, Tag.FILE, Tag.METHOD, Tag.CLASS, Tag.STRUCT, Tag.SNIPPET, Tag.TASK,
)  # fmt: skip


@once
def splits_into(sentence: Sentence) -> bool:
    """Whether one thing is to be cut into parts."""
    match = _SPLITS.search(sentence.text)
    return match is not None and _RESULT_FILES.search(sentence.text, match.start()) is not None


_ADDS = frozenset({"add", "put", "insert", "append", "apply", "attach", "füge", "agrega", "añade", "добавь"})


def makes_one_thing(sentence: Sentence, first: int, *, distributes: bool) -> bool:
    """Whether a single artifact is made: "write a Makefile for these files", "a main that calls each of them"."""
    tokens = sentence.tokens
    aside = _in_parentheses(tokens)
    adds = any(token.text in _ADDS for token in tokens[:first])
    if adds and first and tokens[first - 1].text in {"to", "into", "in", "zu", "a", "al", "в", "к"}:
        return False
    for index in range(first - 1, -1, -1):
        token = tokens[index]
        if not (token.has(Tag.ARTIFACT) or token.is_file) or token.has(Tag.PLURAL) or token.quoted or index in aside:
            continue
        before = tokens[max(0, index - 4) : index]
        if index + 1 < len(tokens) and tokens[index + 1].has(Tag.ALIKE) and not tokens[index + 1].has(Tag.ARTIFACT):
            continue
        if token.text == "code" and not any(one.has(Tag.A, Tag.THE) for one in before):
            continue
        there = tokens[index + 1 : index + 2]
        if index and tokens[index - 1].has(Tag.THE) and there and there[0].text in {"below", "above", "here", "attached"}:
            continue
        several = any(one.has(Tag.THESE, Tag.EACH, Tag.ALL) or (one.number or 1) > 1 for one in before)
        if several or not any(one.has(Tag.A, Tag.WRITE) for one in before):
            continue
        between = tokens[index + 1 : first]
        clause = any(
            one.has(Tag.THAT)
            or one.text in {"to", "calling", "using", "wrapping", "running", "der", "die", "das", "que", "который"}
            for one in between
        )
        if clause or not distributes:
            return True
    return False


def _in_parentheses(tokens: tuple[Token, ...]) -> frozenset[int]:
    """The indices of the tokens in parentheses: what is said there in passing."""
    found, depth = set[int](), 0
    for index, token in enumerate(tokens):
        depth += (token.text in "(（") - (token.text in ")）") if token.text else 0
        if depth > 0:
            found.add(index)
    return frozenset(found)


def chains(sentence: Sentence) -> bool:
    """Whether steps follow on each other: "write f, then test it"."""
    acts = sum(token.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST) for token in sentence.tokens)
    return acts > 1 and _THEN.search(sentence.text) is not None


_THEN = re.compile(
    r"\b(?:then|after(?:wards| that)|finally|once|next|dann|danach|anschließend|luego|después|затем|потом)\b"
    r"|然后|接着|之后|最后|再(?![来帰次度現利])|その後|それから|次に",
    re.IGNORECASE,
)
