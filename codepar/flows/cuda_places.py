"""Lines of an answer as they stand in the project's files, where headers were put in for the translation.

Limits: lines of the original alone; those of the translation are its own.
"""

from __future__ import annotations

import re

from codepar.cuda.inline_headers import Inlined, Place
from codepar.flows.cuda_result import Explained, TranslatedFunction

_LINE = re.compile(r"\(line (\d+)\)")


def in_files(answer: TranslatedFunction, source: Inlined) -> TranslatedFunction:
    """The answer with the lines of its own file or of the header that holds them."""
    if not source.headers:
        return answer
    place = source.place(answer.line) or Place(answer.path, answer.line)
    checks = tuple(
        one.model_copy(update=_place(source, one.line)) if one.file == answer.path else one for one in answer.verdict.checks
    )
    changed: dict[str, object] = {
        "line": place.line,
        "reason": _said(answer.reason, source) if answer.reason else None,
        "rules": tuple(_explained(one, source) for one in answer.rules),
        "verdict": answer.verdict.model_copy(update={"checks": checks}),
    }
    if answer.refusal is not None:
        refusal = _explained(answer.refusal, source)
        changed |= {"refusal": refusal, "reason": refusal.message}
    return answer.model_copy(update=changed)


def _place(source: Inlined, line: int | None) -> dict[str, object]:
    place = source.place(line)
    return {} if place is None else {"file": place.path, "line": place.line}


def _explained(one: Explained, source: Inlined) -> Explained:
    place, message = source.place(one.line), _said(one.message, source)
    if place is None:
        return one.model_copy(update={"message": message})
    return one.model_copy(update={"line": place.line, "message": f"{place.path}:{place.line}: {message}"})


def _said(text: str, source: Inlined) -> str:
    def named(match: re.Match[str]) -> str:
        place = source.place(int(match[1]))
        return match[0] if place is None else f"(line {place.line} of {place.path})"

    return _LINE.sub(named, text)
