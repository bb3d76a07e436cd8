"""Generated prompts of ``codepp`` over the function collections, with gold that follows from how they are put together.

The same seed and number give the same prompts. The wordings are few (``wordings.toml``), so the figures on these prompts say that
code is found and cut rightly, not that people are understood: for that there are the prompts written by hand.
Limits: functions alone, no files of several functions each, no prose lists.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files as resources

from pydantic import BaseModel, ConfigDict

from codepar.prompts.items import Decomposition, Edge, EdgeKind, Item, Refusal
from codepar.syntax.language import Language
from evaluators.benchmarks.codepp_case import Case, Prompt
from evaluators.benchmarks.codepp_functions import Collection, Function, load_collections

SEED = 20261121
COUNT = 400
_SUFFIXES = {Language.C: "c", Language.CXX: "cpp", Language.PYTHON: "py"}
_COMPILED = re.compile("CUDA|OpenMP|C99|undefined")
_WORDS = ("two", "three", "four", "five", "six", "seven", "eight")
_SHARES = {
    "change": 8,
    "test": 4,
    "read": 3,
    "variants": 2,
    "trait": 4,
    "one": 2,
    "chain": 2,
    "comparison": 2,
    "constraint": 2,
    "contradiction": 1,
}
"""How often each kind of prompt is made, relative to the others."""
_REFUSALS = {
    "one": Refusal.ONE_TASK,
    "chain": Refusal.CHAIN,
    "comparison": Refusal.COMPARISON,
    "constraint": Refusal.CONSTRAINT,
    "contradiction": Refusal.CONTRADICTION,
}


class _Wording(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    act: str
    by: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GeneratedCase(Case):
    """A case whose items are functions with tests; ``functions`` names them by the ids of the items, where there are some."""

    collection: Collection
    functions: dict[str, str] = field(default_factory=dict)


def generate(count: int = COUNT, seed: int = SEED) -> tuple[GeneratedCase, ...]:
    """The first ``count`` prompts of a seed; no two have the same text and attachments."""
    maker = _Maker(random.Random(seed), _wordings())
    made: dict[tuple[str, str], GeneratedCase] = {}
    while len(made) < count:
        case = maker.case(f"g{len(made) + 1:03d}")
        made.setdefault((case.prompt.text, repr(case.prompt.files)), case)
    return tuple(made.values())


def _wordings() -> tuple[_Wording, ...]:
    path = resources("evaluators") / "data" / "codepp" / "wordings.toml"
    return tuple(_Wording.model_validate(row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["wording"])


@dataclass(frozen=True, slots=True)
class _Shown:
    """A prompt with its code: where the functions stand, in bytes of the prompt or of the attachment."""

    text: str
    files: dict[str, str]
    file: str | None
    places: dict[str, tuple[int, int]]


class _Maker:
    """Draws prompts."""

    def __init__(self, draw: random.Random, wordings: Sequence[_Wording]) -> None:
        self._draw = draw
        self._wordings = wordings

    def case(self, prompt_id: str) -> GeneratedCase:
        kind = self._draw.choices(list(_SHARES), weights=list(_SHARES.values()))[0]
        act = self._draw.choice(("change", "change", "test", "read")) if kind == "trait" else kind
        collection = self._draw.choice([one for one in load_collections() if (one.trait is not None) == (kind == "trait")])
        wording = self._draw.choice([one for one in self._wordings if one.act == act])
        shown, wanted = self._functions(collection, wording)
        count = self._draw.randint(2, 6)
        number = count if wording.by == "count" else len(shown)
        if wording.by == "wrong":
            number += 1 if number == 2 else self._draw.choice((-1, 1))
        numeral = self._draw.choice((str(number), _WORDS[number - 2])) if number > 1 else ""
        text = self._draw.choice(_fitting(wording.texts, collection.language))
        counted = str(number) if "{digits}" in text else numeral
        names, name = self._names(wanted), wanted[0].name
        laid = self._lay(text.format(number=numeral, digits=number, names=names, name=name), collection, shown)
        prompt = Prompt(
            id=prompt_id, kind=f"generated {kind}", code=collection.language.value, prose="", text=laid.text, files=laid.files
        )
        gold, functions = _gold(act, collection, wanted, laid, (count, counted))
        return GeneratedCase(prompt, gold, collection, functions)

    def _functions(self, collection: Collection, wording: _Wording) -> tuple[tuple[Function, ...], tuple[Function, ...]]:
        """Those shown and those meant, both in the order of the file."""
        every = collection.function
        if wording.by in {"one", "count"}:
            alone = self._draw.choice([one for one in every if not collection.callees(one)])
            return (alone,), (alone,)
        if wording.by == "names" and len(every) > 2 and collection.trait is None:
            wanted = set(self._draw.sample(range(len(every)), self._draw.randint(2, min(4, len(every) - 1))))
            return every, tuple(one for at, one in enumerate(every) if at in wanted)
        if wording.by == "names" or collection.trait is not None:
            return every, every
        shown = self._closed(collection, self._draw.sample(every, self._draw.randint(2, min(5, len(every)))))
        return shown, shown

    def _closed(self, collection: Collection, chosen: Sequence[Function]) -> tuple[Function, ...]:
        """With what they call, so that the code shown is whole."""
        names = {one.name for one in chosen} | {name for one in chosen for name in collection.callees(one)}
        return tuple(one for one in collection.function if one.name in names)

    def _names(self, wanted: Sequence[Function]) -> str:
        mark = self._draw.choice(("{}", "`{}`", "{}()"))
        names = [mark.format(one.name) for one in wanted]
        last = self._draw.choice((" and ", ", ", " & "))
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])}{last}{names[-1]}"

    def _lay(self, text: str, collection: Collection, shown: Sequence[Function]) -> _Shown:
        """Put request and code together: one block, a block each, no fence, code first, or an attachment."""
        fence = self._draw.choice(("```", f"```{_SUFFIXES[collection.language]}"))
        layout = self._draw.choice(("block", "block", "blocks", "bare", "first", "file"))
        code = collection.preamble + ("\n" if collection.preamble else "") + "\n\n".join(one.code for one in shown)
        if layout == "file":
            name = f"{collection.name}.{_SUFFIXES[collection.language]}"
            return _Shown(text, {name: code + "\n"}, name, _find(code, shown))
        if layout == "blocks" and not collection.preamble:
            whole = text + "".join(f"\n\n{fence}\n{one.code}\n```" for one in shown)
        elif layout == "bare":
            whole = f"{text}\n\n{code}"
        elif layout == "first":
            whole = f"{fence}\n{code}\n```\n\n{text}"
        else:
            whole = f"{text}\n\n{fence}\n{code}\n```"
        return _Shown(whole, {}, None, _find(whole, shown))


def _fitting(texts: Sequence[str], language: Language) -> Sequence[str]:
    """Without what makes no sense for Python."""
    return [text for text in texts if language != Language.PYTHON or not _COMPILED.search(text)]


def _find(text: str, shown: Sequence[Function]) -> dict[str, tuple[int, int]]:
    places = {}
    for one in shown:
        start = len(text[: text.index(one.code)].encode())
        places[one.name] = (start, start + len(one.code.encode()))
    return places


def _gold(
    act: str, collection: Collection, wanted: Sequence[Function], laid: _Shown, counted: tuple[int, str]
) -> tuple[Decomposition, dict[str, str]]:
    refusal = _REFUSALS.get(act)
    if collection.trait == Refusal.SHARED_STATE and act in {"change", "test"}:
        refusal = collection.trait
    if collection.trait == Refusal.CYCLE and act == "change":
        refusal = collection.trait
    if refusal is not None:
        return Decomposition(split=False, reason="", refusal=refusal), {}
    if act == "variants":
        return _variants(laid.text, *counted), {}
    items = tuple(
        Item(id=str(number), text=one.code, span=laid.places[one.name], file=laid.file) for number, one in enumerate(wanted, 1)
    )
    ids = {one.name: str(number) for number, one in enumerate(wanted, 1)}
    edges = tuple(
        Edge(from_=ids[callee], to=ids[one.name], kind=EdgeKind.SIGNATURE)
        for one in wanted
        for callee in collection.callees(one)
        if callee in ids
    )
    return Decomposition(split=True, reason="", items=items, edges=edges), {number: name for name, number in ids.items()}


def _variants(text: str, count: int, numeral: str) -> Decomposition:
    """The numeral stands in the request, which may come after the code."""
    request = text if not text.startswith("```") else text[text.rindex("```") :]
    start = len(text[: len(text) - len(request) + request.index(numeral)].encode())
    span = (start, start + len(numeral.encode()))
    items = tuple(Item(id=str(number), text=numeral, span=span) for number in range(1, count + 1))
    return Decomposition(split=True, reason="", items=items)
