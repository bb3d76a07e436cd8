"""A language model as second reader: it is asked for the parts of a request where the rules see signs of several but find none.

Its answer is a list of exact quotes. They must stand in the request, in order and apart, or be names of pieces of its code;
the decomposition made of them is held to the same rules as any other (``dependence``, ``validate``), and is dropped as a whole
where one fails. What the rules split, or keep whole for a reason of its own (a chain, shared state), is never asked.
Limits: a model costs seconds; a small one finds parts in requests that have none, so by default it is not asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pydantic import ValidationError

from codepar.prompts.acts import act_of, asks_for, is_statement
from codepar.prompts.ask import is_series
from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import decomposed, extract
from codepar.prompts.items import Decomposition, Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import trimmed
from codepar.prompts.reading import Element, Kind, Reading
from codepar.prompts.request import Request
from codepar.prompts.validate import validate
from codepar.protocols import Capabilities, Generator, Grammar, Message, Prompt, Record, Sampling

MAX_PROMPT_BYTES = 16_384
"""Longer requests are not put to the model."""
_ANSWER_TOKENS = 768
_BUDGET_S = 60.0
_MOST_QUOTES = 64
_SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"tasks": {"type": "array", "items": {"type": "string"}, "maxItems": _MOST_QUOTES}},
        "required": ["tasks"],
        "additionalProperties": False,
    }
)
_SYSTEM = (
    "You divide a request into the tasks that could be given to different people who do not talk to each other. "
    'Answer with JSON: {"tasks": [...]}. Copy every task word for word, in its order, without numbers and bullets. '
    'If the request asks for one thing, however many requirements, steps or options it lists, answer {"tasks": []}. '
    "Steps that build on each other, and things to be compared or combined, are one task."
)
_SHOWN: tuple[tuple[str, list[str]], ...] = (
    (
        "Hi, while you are at it: the help text has a typo, and could the version go to 2.1? Cheers",
        ["the help text has a typo", "could the version go to 2.1?"],
    ),
    (
        "Write a parser for INI files. It should support comments, sections and quoted values, and report the line of an error.",
        [],
    ),
    ("Sketch me something about rain, likewise about snow, likewise about fog.", ["about rain", "about snow", "about fog"]),
    ("Load the file, drop the empty rows and plot what is left.", []),
)
_BLANKS = re.compile(r"\s+")


class ModelExtraction(Record):
    """What came of it. ``asked``: the model was asked. ``dropped``: why its answer was not taken; the decomposition is then the
    rules' own. Tokens are the model's."""

    decomposition: Decomposition
    asked: bool = False
    dropped: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


async def extract_with_model(
    prompt: str, files: Mapping[str, str], generator: Generator, *, budget_s: float = _BUDGET_S
) -> ModelExtraction:
    """The decomposition by the rules, by the model where they are unsure. Raises what the engine raises."""
    found = extract(prompt, files)
    discourse = Discourse(Request(prompt, files))
    if found.split or not is_unsure(discourse, found):
        return ModelExtraction(decomposition=found)
    answer = await generator.complete(_question(_without_code(discourse)), _sampling(await generator.capabilities(), budget_s))
    quotes = _quotes(answer.text)
    other = _from_quotes(discourse, quotes) if quotes else None
    dropped = _why_dropped(quotes, other, prompt, files)
    return ModelExtraction(
        decomposition=found if dropped or other is None else other,
        asked=True,
        dropped=dropped,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
    )


def is_unsure(discourse: Discourse, found: Decomposition) -> bool:
    """Whether the rules found one task in a request with signs of several: wishes or questions in a row, a list, a series."""
    if found.refusal not in {Refusal.ONE_TASK, Refusal.UNSUPPORTED} or len(discourse.request.prompt.encode()) > MAX_PROMPT_BYTES:
        return False
    wishes = [s for s in discourse.spoken if not is_statement(s) and asks_for(s) and len(s.tokens) > 1]
    asking = sum(sentence.is_question or act_of(sentence) is not None for sentence in wishes)
    series = any(sum(t.text in {",", ";", "、", "，", "；"} or t.has(Tag.AND) for t in s.tokens) > 1 for s in wishes)
    return asking > 1 or series or bool(discourse.lists)


def _question(prompt: str) -> Prompt:
    messages = [Message(role="system", content=_SYSTEM)]
    for request, tasks in _SHOWN:
        messages.append(Message(role="user", content=request))
        messages.append(Message(role="assistant", content=json.dumps({"tasks": tasks}, ensure_ascii=False)))
    return Prompt(messages=(*messages, Message(role="user", content=prompt)))


def _without_code(discourse: Discourse) -> str:
    """The request with its code left out but for the names in it: a quote from inside code is no task."""
    pieces, position = [], 0
    for block in discourse.request.blocks:
        source = next(source for source in discourse.request.sources if source.block is block)
        units = (*source.code.functions, *source.code.methods, *source.code.classes) if source.code is not None else ()
        names = ", ".join(unit.name for unit in units[:_MOST_QUOTES])
        pieces += [discourse.request.prompt[position : block.outer_start], f"[code: {names}]" if names else "[code]"]
        position = block.outer_end
    files = [f"[file {name}]" for name in discourse.request.files]
    return "\n".join(["".join([*pieces, discourse.request.prompt[position:]]), *files])


def _sampling(capabilities: Capabilities, budget_s: float) -> Sampling:
    grammar = Grammar(kind="json_schema", text=_SCHEMA) if "json_schema" in capabilities.grammar else None
    return Sampling(max_tokens=_ANSWER_TOKENS, temperature=0.0, grammar=grammar, budget_s=budget_s)


def _quotes(text: str) -> list[str] | None:
    """The tasks of an answer, None where it is no such list."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = json.loads(text[start : end + 1])
    except ValueError:
        return None
    tasks = answer.get("tasks") if isinstance(answer, dict) else None
    if not isinstance(tasks, list) or len(tasks) > _MOST_QUOTES or not all(isinstance(task, str) for task in tasks):
        return None
    return [task.strip() for task in tasks if task.strip()]


def _from_quotes(discourse: Discourse, quotes: list[str]) -> Decomposition | None:
    """The decomposition whose items the quotes are; None where they are not in the request, or leave words out between them."""
    reading = _of_pieces(discourse, quotes) or _of_words(discourse, quotes)
    if reading is None or len(reading.elements) < 2:
        return None
    if reading.kind is Kind.WORDS and not is_series(discourse.request, reading.elements):
        return None
    try:
        return decomposed(discourse, reading)
    except ValidationError:
        return None


def _of_pieces(discourse: Discourse, quotes: list[str]) -> Reading | None:
    """Quotes that are all names of functions or types of the request stand for their code."""
    pieces = {
        unit.name: Element(source.place(unit), unit.name, unit, source)
        for source in discourse.request.sources
        if source.code is not None
        for unit in (*source.code.functions, *source.code.methods, *source.code.classes)
    }
    names = [quote.strip("`").removesuffix("()") for quote in quotes]
    if len(set(names)) < len(names) or not all(name in pieces for name in names):
        return None
    elements = sorted((pieces[name] for name in names), key=lambda element: element.place.start)
    act = next((act for sentence in discourse.spoken if (act := act_of(sentence)) is not None), Tag.CHANGE)
    return Reading(Kind.CODE, tuple(elements), act, 0, len(discourse.request.prompt), tier="low")


def _of_words(discourse: Discourse, quotes: list[str]) -> Reading | None:
    """Quotes that stand in the prose one behind the other."""
    request, position, elements = discourse.request, 0, list[Element]()
    for quote in quotes:
        pattern = r"\s+".join(re.escape(word) for word in _BLANKS.split(quote))
        match = re.compile(pattern).search(discourse.prose, position)
        if match is None:
            return None
        start, end = trimmed(request.prompt, *match.span())
        if start >= end:
            return None
        elements.append(Element(request.place(start, end), request.prompt[start:end]))
        position = match.end()
        last = end
    first = discourse.prose.find(elements[0].name)
    return Reading(Kind.WORDS, tuple(elements), Tag.WRITE, first, last, tier="low", instructions=True)


def _why_dropped(quotes: list[str] | None, found: Decomposition | None, prompt: str, files: Mapping[str, str]) -> str | None:
    if quotes is None:
        return "the answer is no list of quotes"
    if len(quotes) < 2:
        return "the model finds one task, too"
    if found is None:
        return "not every quote stands in the request, or words between them are left out"
    if not found.split:
        return found.reason
    faults = validate(found, prompt, files)
    return faults[0].message if faults else None
