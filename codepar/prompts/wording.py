"""What a model is told about one item: its step, the answers it builds upon, what was wrong before, its neighbours' code.

Every text begins with the bytes of the step, so the beginning that all items share stays shared. Limits: long material is cut in
the middle and says so; English words around the request's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codepar.prompts.plan import Plan, Step
from codepar.protocols import Message, Prompt

_MAX_WHY = 1_500
_MAX_ANSWER = 12_000
_MAX_NEIGHBOUR = 3_000
_NEIGHBOURS = 4


def shared_beginning(plan: Plan) -> str:
    """The text that every step of the plan begins with."""
    prompts = [step.prompt for step in plan.steps]
    least, most = min(prompts, default=""), max(prompts, default="")
    # What the first and the last in alphabetical order share, all between them share, too.
    alike = next((place for place, (one, other) in enumerate(zip(least, most, strict=False)) if one != other), len(least))
    return least[:alike]


def with_needs(step: Step, answers: Mapping[str, str]) -> str:
    """The step's request, followed by the answers to the items it needs."""
    given = [f"The answer to part {item}:\n{clipped(answers[item], _MAX_ANSWER)}" for item in step.needs]
    return "\n\n".join([step.prompt, *given])


def with_neighbours(asked: str, step: Step, plan: Plan, why: str) -> str:
    """The request with the nearest other parts beside it, and what was wrong with the answer so far."""
    place = plan.steps.index(step)
    near = sorted((abs(other - place), other) for other in range(max(0, place - 2), min(len(plan.steps), place + 3)))
    others = [plan.steps[other] for distance, other in near if distance][:_NEIGHBOURS]
    texts = [f"Part {other.item}:\n{clipped(other.own, _MAX_NEIGHBOUR)}" for other in others if other.own]
    beside = ["Other parts of the same request, to read and not to answer:", *texts] if texts else []
    return "\n\n".join([asked, *beside, f"An earlier answer was not acceptable: {clipped(why, _MAX_WHY)}"])


def closing_request(plan: Plan, answers: Iterable[tuple[str, str]]) -> str:
    """The wish over all answers, in the request's words, behind those answers."""
    given = [f"The answer to part {item}:\n{clipped(text, _MAX_ANSWER)}" for item, text in answers]
    return "\n\n".join([*given, f"These parts are answered. Give only what is still asked for: {plan.reduce}"])


def first_prompt(before: tuple[Message, ...], asked: str, *, chat: bool) -> Prompt:
    """``asked`` as the last turn of a chat, or as plain text for a model that does not chat."""
    if chat:
        return Prompt(messages=(*before, Message(role="user", content=asked)))
    return Prompt(text="\n\n".join([*(turn.content for turn in before), asked]) + "\n\n")


def corrected_prompt(before: tuple[Message, ...], asked: str, answer: str, why: str, *, chat: bool) -> Prompt:
    """The request, the answer it had, and what is wrong with that."""
    said = f"That answer is not acceptable: {clipped(why, _MAX_WHY)}\nGive the whole answer again, corrected."
    answer = clipped(answer, _MAX_ANSWER)
    if chat:
        turns = (Message(role="user", content=asked), Message(role="assistant", content=answer))
        return Prompt(messages=(*before, *turns, Message(role="user", content=said)))
    return first_prompt(before, f"{asked}\n\n{answer}\n\n{said}", chat=False)


def clipped(text: str, most: int) -> str:
    """At most about ``most`` characters: the beginning and the end."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"
