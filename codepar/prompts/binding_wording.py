"""Words by which a request binds its parts together: one must not be like another, all share something, one follows another.

Limits: closed lists of phrases in six languages.
"""

from __future__ import annotations

import re

CONSTRAINT = re.compile(
    r"\b(?:split|divide|distribute|assign|allocate|schedule|share out|partition|verteile|reparte|распредели)\b[^.;?!:]{0,60}"
    r"\b(?:among|between|to|across|over|auf|unter|entre|между|по)\b|\b(?:fairly|evenly)\b|\bshare (?:one"
    r"|a single)\b|\bno two\b|\b(?:no|without"
    r"|avoid) (?:duplicates?|repetitions?|repeats|repeating|overlap\w*)\b|\bnone of (?:them|the \w+|these) (?:may"
    r"|should|must|can) (?:share|repeat|use the same|have the same)"
    r"|\bdiffer(?:ent|s)?\b[^.;?!]{0,40}\b(?:from|than|to) (?:the|each|one|any|all|its)? ?(?:other|others"
    r"|another|previous|before|ones|rest|first)\w*|\b(?:mutually|pairwise) \w+|\bdistinct from\b|\ball (?:be )?(?:different"
    r"|distinct|unique)\b|\bmust (?:all )?be (?:different|distinct|unique)\b"
    r"|\bno (?:\w+ ){1,2}(?:used |may be used |appears? |occurs? )?(?:twice|more than once)\b|\ball together\b"
    r"|\balphabetically\b|(?:rhym\w+|fit\w*|match\w*|go\w*) (?:with|to) each other\b|\bdon'?t (?:repeat|reuse)\b"
    r"|\bdo not (?:repeat|reuse)\b|\b(?:lines|words|tokens|characters|bytes"
    r"|registers|functions|kb) (?:in total|altogether|overall|combined|all together|together)\b|\b(?:in"
    r"|a) total (?:of )?\b[^.;?!]{0,20}\d|\b(?:altogether|combined|taken together|(?<!relation )(?<!no link )between them"
    r"|across all (?:of )?(?:them"
    r"|these)?|sum (?:up )?to|add up to|share (?:a|one|the same) (?:budget|limit))"
    r"|(?<!-)\b(?:exactly|only|at most|at least|no more than) (?:one|two|three|half|\d+) (?:of (?:them|these"
    r"|the|which)|may|can|should|must|uses?)\b|\b(?:consistent|uniform|common) (?:naming|style|names"
    r"|interface|api|conventions?) (?:across|between|among|over)|\b(?:same|one|common) (?:naming|style"
    r"|prefix scheme|names|helper|interface|buffer|layout) (?:across|between|among|everywhere|in all"
    r"|for all)"
    r"|\bconsistent (?:with each other|across|among|between)|\b(?:increasing|growing|rising|decreasing) (?:difficulty"
    r"|complexity|order|length)\b|\bfrom (?:easy|easiest|simple|simplest) to (?:hard|hardest|complex"
    r"|difficult)|\bsuch that no\b|\beach (?:one )?(?:\w+er|more \w+) than\b"
    r"|\b(?:alphabetical|sorted|ordered) (?:order|by)\b|\bshare (?:the |a |an |one )(?:same|common|single)\b"
    r"|\bshare (?:the |a |one )?(?:helper|buffer|name|prefix|interface|struct)"
    r"|\buse (?:the same|a common|one common|a shared|one shared)\b(?![^.;]*\d)(?! \w+ as)|\bdieselbe\w* \w+ (?:benutz"
    r"|verwend|nutz)|\bgemeinsame\w* \w*(?:funktion|header|puffer)|\bla misma (?:función|variable|estructura)"
    r"|\bодн\w+ и т\w+ же"
    r"|\b(?:that|which|they|to) (?:\w+ )?(?:belong|go|fit|work) together\b|\b(?:all"
    r"|both)\b[^.;]{0,20}\bin (?:one|a single) (?:pass|sweep|loop|kernel|call)\b"
    r"|\bno \w+ (?:may|can|should|must|shall) [^.;]{0,40}\b(?:another|any other|the others?)\b"
    r"|\ball (?:of them )?(?:must|should|have to|need to) (?:\w+ ){1,3}(?:the|a|one) (?:same|common)\b"
    r"|\bkein\w* \w+ (?:darf|dürfen|soll\w*|kann)\b[^.;]{0,40}\b(?:ander\w+|doppelt|zweimal|gleich\w*)\b"
    r"|\balle (?:müssen|sollen|sollten)\b[^.;]{0,30}\b(?:demselben|derselben|dieselbe\w*|denselben|gleichen|gemeinsam\w*)\b"
    r"|\bkein\w* (?:zwei|doppel\w+)|\bkeine zwei\b|\binsgesamt\b|\bzusammen (?:höchstens|maximal|nicht)"
    r"|\bunterscheiden sich\b|\bvoneinander\b|\bmindestens (?:ein|zwei|eine)|\ben total\b|\bningun[oa]s? dos\b"
    r"|\bsin repetir\b|\bentre tod[oa]s\b|\bdistint[oa]s entre sí\b|\bв сумме\b|\bвсего не (?:больше"
    r"|более)|\bне повтор\w+|\bникакие две?\b|\bотлича\w+ друг от друга|互不相同|不能重复|不重复|不得重复|总共不|合计|一共不"
    r"|加起来|总行数|重複し|被らない|被りなし|合計で|互いに(?:異|違)",
    re.IGNORECASE,
)
PLAIN_WORD = re.compile(r"[a-z]+")
# Without one of these no pattern of the two can match a text in ASCII.
BINDING = frozenset(
    "split divide distribute assign allocate schedule share shared shares sharing partition verteile"
    " reparte fairly evenly no without avoid none"
    " different differ differs mutually pairwise distinct unique don repeat reuse total altogether overall"
    " combined together taken between"
    " across sum add exactly only most least more consistent uniform common same one increasing growing"
    " rising decreasing easy simple such"
    " each alphabetically alphabetical sorted ordered use kein keine keinen insgesamt zusammen unterscheiden voneinander"
    " mindestens dieselbe gemeinsame"
    " belong go fit work both all gemeinsamen gemeinsam ningun ninguna sin entre misma compartida"
    " compartido single easiest simplest from".split()
)
FIXTURE = re.compile(
    r"\b(?:shar\w+|common|one|single|same|gemeinsam\w*|compartid\w*|общ\w+)\b[^.;?!]{0,25}\b(?:fixtures?"
    r"|setup|set-up|setUp|test database|test class|temp(?:orary)? (?:file|dir\w*)|file handle|connection"
    r"|session|state|datenbank)\b|共享.{0,8}(?:fixture|夹具|状态)|共通の(?:フィクスチャ|セットアップ)",
    re.IGNORECASE,
)
# Counted answers that speak of each other: "each starts where the one before ends", "que no rimen entre sí".
RECIPROCAL = re.compile(
    r"\b(?:each other|one another|(?:the|its) (?:next|previous|preceding) (?!(?:week|month|year|day|step|line|word|chapter)\b)\w+"
    r"|the one (?:before|after)|untereinander|aufeinander|miteinander|ineinander|entre s[ií]|l[oa]s un[oa]s (?:con|a|de)"
    r"|друг (?:друг|с друг|на друг|от друг)\w*)\b|任意两|任何两|彼此|相互|互いに|お互い",
    re.IGNORECASE,
)
