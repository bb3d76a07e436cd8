"""Words by which a request binds its parts together: one must not be like another, all share something, one follows another.

Limits: closed lists of phrases in six languages.
"""

from __future__ import annotations

import re

from codepar.prompts.alternation import phrases

CONSTRAINT = phrases(
    r"\b(?:split|divide|distribute|assign|allocate|schedule|share out|partition|verteile|reparte|распредели)\b[^.;?!:]{0,60}"
    r"\b(?:among|between|to|across|over|auf|unter|entre|между|по)\b|\b(?:fairly|evenly)\b|\bshare (?:one"
    r"|a single)\b|\bno two\b|\b(?:no|without"
    r"|avoid) (?:duplicates?|repetitions?|repeats|repeating|overlap\w*)\b(?! (?:with|of) (?:what|the|our|those))"
    r"|\bnone of (?:them|the \w+|these) (?:may"
    r"|should|must|can) (?:share|repeat|use the same|have the same)"
    r"|\bdiffer(?:ent|s)?\b[^.;?!]{0,40}\b(?:from|than|to) (?:the|each|one|any|all|its)? ?(?:other|others"
    r"|another|previous|before|ones|rest|first)\w*|\b(?:mutually|pairwise) (?!sum|exchange|summation|distance|interaction"
    r"|product|force|comparison)\w+|\bdistinct from\b|\ball (?:be )?(?:different"
    r"|distinct|unique)\b|\bmust (?:all )?be (?:different|distinct|unique)\b"
    r"|\bno (?:\w+ ){1,2}(?:used |may be used |appears? |occurs? )?(?:twice|more than once)\b|\ball together\b"
    r"|\balphabetically\b|(?:rhym\w+|fit\w*|match\w*|go\w*) (?:with|to) each other\b|\b(?:don'?t|do not) (?:repeat"
    r"|reuse)\b(?! (?:the|our|my) (?:old|existing|present|current))"
    r"|\b(?:lines|words|tokens|characters|bytes"
    r"|registers|functions|kb) (?:in total|altogether|overall|combined|all together|together)\b|\b(?:in"
    r"|a) total (?:of )?\b[^.;?!]{0,20}\d|\b(?:altogether|combined|taken together"
    r"|(?<!relation )(?<!no link )(?<!no dependencies )(?<!anything )between them"
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
    r"(?! (?:about )?(?:\d|an? |two|three|four|five|six|ten|twenty))"
    r"|\b(?:alphabetical|sorted|ordered) (?:order|by)\b|\bshare (?:the |a |an |one )(?:same|common|single)\b"
    r"|\bshare (?:the |a |one )?(?:helper|buffer|name|prefix|interface|struct)"
    r"|(?<!i can )(?<!we can )\buse (?:the same|a common|one common|a shared|one shared)\b(?![^.;]*\d)(?! \w+ as)"
    r"|\bdieselbe\w* \w+ (?:benutz"
    r"|verwend|nutz)|\bgemeinsame\w* \w*(?:funktion|header|puffer)|\bla misma (?:función|variable|estructura)"
    r"|\bодн\w+ и т\w+ же"
    r"|\b(?:that|which|they|to) (?:\w+ )?(?:belong|go|fit|work) together\b|\b(?:all"
    r"|both)\b[^.;]{0,20}\bin (?:one|a single) (?:pass|sweep|loop|kernel|call)\b"
    r"|\bno \w+ (?:may|can|should|must|shall) [^.;]{0,40}\b(?:another|any other|the others?)\b"
    r"|\ball (?:of them )?(?:must|should|have to|need to) (?:\w+ ){1,3}(?:the|a|one) (?:same|common)\b"
    r"|\bkein\w* \w+ (?:darf|dürfen|soll\w*|kann)\b[^.;]{0,40}\b(?:ander\w+|doppelt|zweimal|gleich\w*)\b"
    r"|\balle (?:müssen|sollen|sollten)\b[^.;]{0,30}\b(?:demselben|derselben|dieselbe\w*|denselben|gleichen|gemeinsam\w*)\b"
    r"|\bkein\w* (?:zwei|doppel\w+)|\bkeine zwei\b|\binsgesamt\b|\bzusammen (?:höchstens|maximal|nicht)"
    r"|\bunterscheiden sich\b|\bvoneinander\b(?! unabhängig)|\bmindestens (?:ein|zwei|eine)|\ben total\b|\bningun[oa]s? dos\b"
    r"|\bsin repetir\b|\bentre tod[oa]s\b|\bdistint[oa]s entre sí\b|\bв сумме\b|\bвсего не (?:больше"
    r"|более)|\bне повтор\w+|\bникакие дв[ае]\b|\bотлича\w+ друг от друга|互不相同"
    r"|不能有?重复|不能出现重复|不可以?重复|不重复|不得重复|总共不|合计|一共不"
    r"|加起来|总行数|重複し|被らない|被りなし|合計で|互いに(?:異|違)"
)
# Bounds on all parts at once, also where each is an instruction of its own.
TOGETHER = phrases(
    r"\b(?:all|both|the) (?:of (?:them|these) )?(?:two |three |four |five |six |seven |eight |nine |ten |\d+ )?"
    r"(?:\w+ )?together\b"
    r"(?=[^.;?!]{0,60}(?:\d|must|may|have to|has to|should|at most|no more|not |budget|limit|balance|reach|cover|stay))"
    r"|\b(?:over|across|among) (?:all|the|all the) (?:two|three|four|five|six|\d)(?: of them)?\b(?! (?:ranks|nodes"
    r"|threads|processes|gpus))"
    r"|\btogether,? (?:they|these|all of them|the (?:two|three|four|five|six))\b(?=[^.;?!]{0,60}(?:\d|\bfit|\bmust|\bmay))"
    r"|\ball (?:\w+ ){1,3}together\b(?=[^.;?!]{0,60}\d)"
    r"|\b(?:only|at most|no more than|not more than|just) once\b[^.;?!]{0,20}\b(?:whole|entire) (?:list|set|page|thing)\b"
    r"|\bdarf in zweien\b|合計(?:が|を|は)|\bfirst letters\b[^.;?!]{0,40}\b(?:spell|make|form)"
    r"|\bперв\w+ букв\b[^.;?!]{0,40}\b(?:слово|складыва)"
    r"|\ball in all\b(?=[^.;?!]{0,40}\d)|\bthe (?:sum|total) of (?:their|all the|the \w+ of (?:both|all))\b"
    r"|\b(?:in|by) more than one of (?:them|these|the \w+)\b"
    r"|\b(?:across|over) the (?:whole|entire) (?:week|set|sheet|list|series|batch|lot)\b"
    r"|\boverall,? (?:they|the \w+|these)\b[^.;?!]{0,40}\b(?:only|at most|no more|must|may)\b"
    r"|\bin the (?:two|three|four|five|six) of them\b"
    r"|\b(?:at most|exactly|only|no more than) (?:one|two|\d) of the (?:two|three|four|five|six|\d)\b"
    r"|\bone of the (?:two|three|four|five|six|\d), and only one\b"
    r"|\bnone of the others?\b[^.;?!]{0,30}\b(?:use|repeat|share|cover|touch|ha)\w*|\bnone of them repeats?\b"
    r"|\b(?:have|has|need)s? to (?:all )?be (?:different|distinct|unique)\b|\buse a different \w+ (?:in|for) each\b"
    r"|\bzusammen (?:\w+ ){1,3}(?:höchstens|maximal|nicht mehr)\b"
    r"|\b(?:must|may|should|can) not (?:appear|occur|be used|come up) (?:twice|more than once)\b"
    r"|\b(?:don'?t|do not|never) use (?:any|the same|a) [^.;?!]{0,30} twice\b"
    r"|\ball (?:two |three |four |five |six |of them )?(?:have to|must|should|need to) (?:differ|be different)\b"
    r"|\ball (?:starting|beginning|ending) with (?:a )?different\b"
    r"|\b(?:alle|beide) (?:zwei |drei |vier |fünf |sechs )?zusammen\b(?=[^.;?!]{0,40}(?:\d|höchstens|maximal|dürfen|müssen))"
    r"|\bkeine? \w+ (?:darf|dürfen|soll|sollen) in mehr als\b"
    r"|\b(?:darf|dürfen|soll\w*) [^.;?!]{0,30}\bnur ein(?:mal| einziges Mal)\b[^.;?!]{0,12}\b(?:vor|benutzt|verwendet)"
    r"|\bentre (?:las|los) (?:dos|tres|cuatro|cinco|seis)\b(?=[^.;?!]{0,40}\d)"
    r"|\bcomo mucho (?:un[oa]?|dos|tres) de (?:las|los|ell)"
    r"|\bни одн\w+ [^.;?!]{0,50}\bв двух\b|\bдолжны начинаться на разные\b"
    r"|\bкаждый следующий\b[^.;?!]{0,40}\b(?:отлича\w+|предыдущ\w+)"
    r"|(?:个|三|两|四|五)[^。；]{0,6}(?:加起来|合计|一共|总共)(?=[^。；]{0,10}(?:不|以内|[0-9一二三四五六七八九十百]))"
    r"|后面的[^。；]{0,14}(?:不能|不得|不要)[^。；]{0,14}前面"
    r"|\b(?:must|may|should|can)(?: not|n't) (?:all )?(?:start|begin|end) with the same\b"
    r"|\b(?:that|which) together (?:form|make|tell|spell|give)\b|\bfor everything together\b"
    r"|\bfor the lot of them\b|\ball told\b|\bin sum\b"
    r"|\bthe (?:answer|one|item|name|line|word) (?:before|above)(?: it)?\b(?=[^.;?!]{0,10}[.;?!]?\Z)|合計すると"
    r"|全部(?:違う|異なる)|合(?:在|到)一起要|\bque no (?:compartan|repitan)\b"
    r"|合わせて(?=[^。]{0,12}(?:以内|以下|まで))|のうち[^。]{0,6}(?:ちょうど|だけ)|ちょうど(?:1|１|一)つだけ"
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
    " previous preceding above before lot told"
    " twice over none differ alle mucho"
    " darf dürfen belong go fit work both all gemeinsamen gemeinsam ningun ninguna sin entre misma compartida"
    " compartido single easiest simplest from letters".split()
)
LEFT_AS_IT_IS = re.compile(
    r"\b(?:(?:don'?t|do not) want (?:anything|any of it|it) changed|(?:only|just) reading\b"
    r"|not asking for (?:\w+ )?(?:patches|changes|fixes)"
    r"|nothing (?:is to be|should be|gets|needs to be) changed|(?:without|not) (?:changing|touching) (?:anything|the code)"
    r"|don'?t (?:change|touch) (?:anything|the code)|no (?:code )?changes?(?: yet| please| needed)?[.,;!]"
    r"|(?:nix|nichts)(?: \w+){0,3} ändern|ändern \w+ (?:\w+ )?nichts|sin (?:cambiar|tocar|modificar) (?:nada|el código)"
    r"|код не (?:трога\w+|меня\w+)|ничего не (?:меня\w+|трога\w+))"
    r"|不(?:要|用|需要|必)?(?:改|修改|动)(?:任何)?(?:代码|code)|コードは(?:変え|変更し|いじら)",
    re.IGNORECASE,
)
FIXTURE = re.compile(
    r"(?<!\bno )(?<!\bwithout )(?<!\bwithout any )(?<!\bбез )(?<!\bohne )(?<!\bsin )"
    r"\b(?:shar\w+|common|one|single|same|gemeinsam\w*|d(?:ie|er|en)selben?|compartid\w*|mism[oa]s?|общ\w+|одн\w+)\b"
    r"[^.;?!]{0,25}\b(?:\w*fixtures?|фикстур\w*"
    r"|set up once|setup|set-up|setUp|database|test class|temp(?:orary)? (?:file|dir\w*)|file handle|connection"
    r"|session|state|datenbank)\b"
    r"|(?:共享|共用|同一个?)[^。；]{0,8}(?:fixture|setUp|夹具|状态|数据库)"
    r"|(?:共通|一つ|同じ)の?(?:フィクスチャ|fixture|セットアップ)|(?:フィクスチャ|fixture)[^。]{0,12}共有",
    re.IGNORECASE,
)
# "Every step starts from what the step above produced".
STEPWISE = re.compile(
    r"\b(?:each|every)(?: (?:step|one|part|item|point))?\b[^.;?!]{0,20}\b(?:on|from|uses?|takes?|needs?)\b[^.;?!]{0,30}"
    r"\b(?:previous|preceding|(?:step|one|part|item|point) (?:before|above))\b",
    re.IGNORECASE,
)
# "Think of three ways and give me the one that needs the least memory".
PICKS_ONE = re.compile(
    r"\b(?:give|show|tell|send|keep|take) (?:me |us )?(?:only |just )?(?:the one|the best|the winner)\b|\b(?:reicht|genügt) mir\b"
    r"|\bwhich (?:one|approach|of (?:them|the \w+)) (?:wins|is best)\b|\bdame (?:solo )?(?:el|la) mejor\b|只要最好的",
    re.IGNORECASE,
)
# What is asked for is to come in another message.
LATER = re.compile(
    r"\b(?:my |the )?(?:questions?|tasks?|instructions?) (?:will )?(?:follows?|comes?|to follow) (?:in|at|with|later|below the)\b"
    r"|\bdie fragen? (?:kommt|folgt|kommen|folgen)\b|\bвопрос\w* (?:будет|будут|задам) (?:позже|потом|в следующ)"
    r"|问题(?:稍后|等会|下一条)",
    re.IGNORECASE,
)
# Counted answers that speak of each other: "each starts where the one before ends", "que no rimen entre sí".
RECIPROCAL = re.compile(
    r"\b(?:each other|one another|(?:the|its) (?:next|previous|preceding) (?!(?:week|month|year|day|step|line|word|chapter)\b)\w+"
    r"|the one (?:before|after)|untereinander|aufeinander|miteinander|ineinander|entre s[ií]|l[oa]s un[oa]s (?:con|a|de)"
    r"|друг (?:друг|с друг|на друг|от друг)\w*)\b|任意两|任何两|彼此|相互|互いに|お互い",
    re.IGNORECASE,
)
