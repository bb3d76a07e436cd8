"""Whether one answer over all pieces is asked for: "which of these is faster", "merge f and g", "compare them".

Limits: words of six languages; a comparison at the end, behind "and then", binds nothing before it.
"""

from __future__ import annotations

import re

from codepar.prompts.alternation import phrases
from codepar.prompts.tokens import Sentence, once

_COMPARES = phrases(
    r"\b(?:build|call|include|execution|compilation|link) order\b|\bin (?:what|which) order\b|\bin welcher reihenfolge\b"
    r"|\ben qué orden\b"
    r"|\bв каком порядке\b|什么顺序|どの順|\b(?:interleav|concatenat)\w*"
    r"|\bswap (?:the|these|loops?|both)\b(?![^.;?!]{0,60} (?:for|with|by)\b)"
    r"|\b(?:pick|choose"
    r"|select) (?:two|three|\d)\b"
    r"|\b(?:what|which|who)(?:'s| is| are| would be)? (?:the )?(?:better|best|faster|fastest|easier|easiest|worse"
    r"|worst(?!.case))\b|\brather\b"
    r"|(?<!, )\bwhich (?:one|of|is|are|version|variant|functions?|kernels?|loops?|routines?|subroutines?"
    r"|methods?|implementation|approach)\b|\binto (?:one"
    r"|a single|1)\b|(?<!-)\bcompare\b|\bcomparison\b|\branking\b|\brank (?:these|those|them|the|by|all|following|both|\w+,)"
    r"|\bin common\b|\b(?:look|looks|are|is) (?:\w+ )?alike\b|\bfactor out\b"
    r"|\bmake (?:them|these|those|that|it|both|all) (?:all |both )?(?:one|a single)"
    r" (?:function|kernel|loop|class|file)\b"
    r"|\b(?:become|into) one (?:\w+ ){0,2}(?:program|file|function|kernel|loop|class|module|script)\b"
    r"|\b(?:make|build) (?:one|a single) (?:function|kernel|loop|class|file) (?:of|from|out of) (?:them|these|those|both|it)\b"
    r"|\bwhich (?:one )?should (?:i|we)\b|\bdo differently\b|\bwas spricht wofür\b"
    r"|\b(?:do|does|will|would) \S+ and \S+ (?:\w+ )?(?:return|give|do|compute|produce|yield|behave) the same\b"
    r"|\binteract\w*\b(?! with (?!each|one another|the others?\b|these|them))|\bdifferences? between\b"
    r"|\bdiffer\b|\bfus(?:e|ed|ing)\b|\bmerg(?:e(?! ?sort)|ed"
    r"|ing)\b|\bcombin(?:e|ed|ing)\b|\bunif(?:y|ied)\b|\bconsolidate\b|\bdeduplicate\b"
    r"|\b(?:pick|choose|select|(?<!i )(?<!we )(?<!you )(?<!to )find) (?:the (?!mistake|bug|error|fault"
    r"|problem|flaw|typo|derivative|roots?\b)|one|which|out )|\bbetter\b\s*[,?:]|\bthe"
    r" (?:best|fastest"
    r"|slowest|worst|cleanest|most \w+) (?:of|one|among)\b|\bas one\b|\bone (?:single )?(?:function|kernel"
    r"|loop|class|file)\b(?= (?:out of|from|for all|that))"
    r"|\bvergleich(?!\w* gegen)|\bunterschiede? zwischen|\bdiferencias?\b|\bразниц|\bwelche[rs]? (?:davon|von|ist|sind"
    r"|der|dieser|soll\w*|nehme|würde\w*|funktion\w*|kernel\w*|schleife\w*|variante|version|lösung)\b|\bzusammen(?:führ|leg|fass)|\bzu"
    r" eine[rmn]\b|\bverschmelz|\bkombinier"
    r"|(?<!-)\bcompar(?:a|ar|e|ame)\b|\bcuál|\bcombina|\bfusi[oó]na\w*\b"
    r"|\ben común\b|\buna sola (?:función|rutina)\b|\bune\b|\ben (?:uno|una) sol[oa]\b"
    r"|\bчто общего\b|\bчем (?:они |же |эти \w+ )?отлича\w+|\bодной функцией\b|\bзаменить (?:их|обе|оба) одн"
    r"|\b(?:inconsistent|consistent) with each other\b|\bone single (?:function|routine|kernel|loop|class|file)\b"
    r"|\bone (?:recommendation|approach|solution|answer) (?:for (?:the whole|all|everything)|that fits)\b"
    r"|\bthread through (?:them|these|all)\b|どれですか|一番\w*のはどれ"
    r"|\bсравни|\bкак(?:ая|ой|ое|ую) из\b|\bобъедини|\bслей\b|\bв од(?:ну|ин)\b|\bвыбери|\bvs\.?\s|\bversus\b"
    r"|\b(?:der|die|das) \w{4,}ste davon\b|\bbesser\b[^.]*\boder\b|\bmejor\b[^.]*\bo\b|(?:лучше|быстрее)\b[^.]*\bили\b"
    r"|比较|对比|区别|差别|违い|違い(?!では)|差异|关系|関係|哪个|哪一个|合并|融合|合成一个|排名|排序这|比較|どれ(?:が|から|を)|どちら|統合|(?:一つ|1つ"
    r"|ひとつ)(?:の[^。]{0,8})?にまとめ"
)
# Without a word that begins so no pattern of the comparisons can match a text in ASCII.
_COMPARING = frozenset(
    "do does will woul orde reih make buil what whic who inte conc swap pick choo sele rath into comp rank in diff fuse fusi"
    " merg comb unif cons dedu find bett"
    " alik fact best der die das thre inco cons reco fast slow wors clea most as one verg unte"
    " dife welc zusa zu vers komb cual fusi une en vs bess"
    " mejo".split()
)
_NAMED = re.compile(r"`[^`\n]+`")
_AGAINST = re.compile(r"vs\b|versus\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:[2-9]|two|three|four|five|six) (?:\w+ )?(?:versions|variants|implementations|functions|kernels)\b", re.IGNORECASE
)


@once
def _comparison(sentence: Sentence) -> int | None:
    """Where a sentence begins to ask for one answer over all."""
    if sentence.stems is not None and sentence.stems.isdisjoint(_COMPARING):
        return None
    # A function may be called `merge`.
    text = _NAMED.sub(lambda name: " " * len(name[0]), sentence.text) if "`" in sentence.text else sentence.text
    match = _COMPARES.search(text)
    if match is not None and _AGAINST.match(match[0]) and _SEVERAL.search(text, match.end()):
        # "Ray vs box, I'd like 3 versions": what is compared is the matter alone.
        match = _COMPARES.search(text, match.end())
    return None if match is None else match.start()


def compares(sentence: Sentence, first: int) -> bool:
    """Whether what is asked of the pieces at token ``first`` is one answer over all."""
    return _comparison(sentence) is not None and not _is_aside(sentence, first)


def _is_aside(sentence: Sentence, first: int) -> bool:
    """A comparison behind "and (then|finally)" once each piece has been spoken of."""
    begin = _comparison(sentence)
    place = sentence.tokens[min(first, len(sentence.tokens) - 1)].start - sentence.start
    if begin is None or begin < place:
        return False
    return (
        re.search(
            r"(?:,|;|\band\b)\s*(?:and )?(?:then|finally|at the end|afterwards|also|(?:close|end|finish|conclude|wrap up"
            r"|round off)\b)",
            sentence.text[place : begin + 1],
            re.IGNORECASE,
        )
        is not None
    )
