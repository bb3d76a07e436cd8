"""Words by which a sentence says what the list behind it is. Limits: patterns alone; `list_sense` weighs them."""

from __future__ import annotations

import re

MOST = 0.6
HEAD = 4
FEW_WORDS = 5
LOOKED_AT = 30
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
    r"|siguientes|cada|задач\w*|вопрос\w*|следующ\w*|кажд\w*|вещ\w*|дел[аo]?)\b"
    r"|问题|任务|以下|下面|下列|分别|每|次の|以下の|質問|それぞれ|各|課題|几件事|事情",
    re.IGNORECASE,
)
RESULT = re.compile(
    r"\b(?:in this order|in order|follow(?:ing)? (?:these )?steps|procedure|pipeline|workflow|schritt für schritt"
    r"|paso a paso|по шагам|по порядку)\b|按顺序|一步一步|順番に",
    re.IGNORECASE,
)
FOR_EACH_ONE = re.compile(
    r"\b(?:for (?:each|every one|all)(?: of (?:them|these|those))?|each (?:one )?(?:of them )?(?:should"
    r"|must|needs?|gets?|has to)[^:]*|für jede(?:s|n)?|para cada un[ao]|для кажд\w+)\s*[:：]\s*\Z",
    re.IGNORECASE,
)
IGNORED = re.compile(
    r"\b(?:ignore|disregard|forget|don'?t|do not|never mind)\b[^.]*\b(?:list|below|following|these|items?)\b", re.IGNORECASE
)
STEPWISE = re.compile(r"\bstep by step\b", re.IGNORECASE)
DATA = re.compile(
    r"\A\W*(?:but |so |and |now |then |here )?(?:i|we|it|he|she|they|gcc|nvcc|mpirun|the (?:compiler"
    r"|program|output|log|code|error)|this|my (?:code|program|output)|ich|wir|es|yo|я)\s*(?:'m|'ve|also"
    r"|already|only|just|still|keep|always)?\s*"
    r"(?:get|got|getting|see|saw|have|had|tried|use|used|am|ran|run|did|receive|know|prints?|says?|outputs?"
    r"|shows?|gives?|contains?|has|is|are|was|bekomme|habe|sehe|erhalte|obtengo|tengo|получаю|вижу)\b",
    re.IGNORECASE,
)
QUERY = re.compile(
    r"\b(?:questions?|tasks?|requests?|to-?dos?|things? (?:to|for|i)|favou?rs?|fragen?|aufgaben?|preguntas?"
    r"|tareas?|вопрос\w*|задач\w*|need|want|would like|help)\b",
    re.IGNORECASE,
)
SUMMED = re.compile(
    r"\bsummari[sz]e\b[^.:]*\bin (?:one|a|a single) (?:sentence|line|paragraph|word)\b|\bsummari[sz]e (?:the following"
    r"|this|these points|these notes|it)\s*:\s*\Z|\bfasse (?:das|folgendes) zusammen\s*:",
    re.IGNORECASE,
)
# "The README should have these sections:".
HAS_PARTS = re.compile(
    r"\A\W*(?:the|my|our|this|that|it|each|every|a|an)\b[^.;:?!]{0,50}\b(?:should|must|shall|has to|have to|needs? to|will)"
    r" (?:\w+ )?(?:have|contain|include|support|cover|consist|provide|show|offer|comprise|hold|list)\b",
    re.IGNORECASE,
)
