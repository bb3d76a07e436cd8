"""What a language model is asked and answers, and the ``Generator`` protocol that all backends keep.

Limits: no implementation lives here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol, runtime_checkable

from pydantic import Field

from codepar.protocols.sites import SiteModel
from codepar.record import Record


class Message(Record):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class Grammar(Record):
    """A constraint on the generated text: a regular expression, an EBNF grammar (start symbol ``root``) or a JSON schema."""

    kind: Literal["regex", "ebnf", "json_schema"]
    text: str


class Sampling(Record):
    """How tokens are chosen. Temperature 0 is greedy. ``budget_s`` ends the generation with what is there by then."""

    max_tokens: int = Field(default=256, ge=1, le=32_768)
    temperature: float = Field(default=0.0, ge=0, le=5)
    top_p: float = Field(default=1.0, gt=0, le=1)
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: int | None = Field(default=None, ge=0, le=20, description="alternatives listed a token; 0: the chosen token alone")
    grammar: Grammar | None = None
    budget_s: float | None = Field(default=None, gt=0)


class Prompt(Record):
    """What is completed: raw ``text``, optionally with a ``suffix`` (fill in the middle), or ``messages`` (chat)."""

    text: str = ""
    suffix: str | None = None
    messages: tuple[Message, ...] | None = None


class TokenLogprob(Record):
    """One generated token with its log-probability (natural logarithm) and the listed alternatives."""

    token: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


FinishReason = Literal["stop", "length", "budget", "cancelled"]


class Generation(Record):
    """The text of one generation. Token counts are those of the model's own tokenizer.

    ``cached_tokens`` of ``prompt_tokens`` were not computed again but found in the engine's prefix cache; None: it does not tell.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    model: str = ""


class Chunk(Record):
    """A piece of a stream. The last one carries ``generation``, whose text is all pieces joined."""

    text: str
    generation: Generation | None = None


class Capabilities(Record):
    """What a backend can do; asking for more raises ``Unsupported`` with the reason.

    ``model`` is the name asked for, ``artefact`` and ``sha256`` say which weights really answer, where that is known.
    """

    model: str
    artefact: str = ""
    sha256: str = ""
    backend: str
    context_tokens: int
    chat: bool = False
    infill: bool = False
    grammar: frozenset[Literal["regex", "ebnf", "json_schema"]] = frozenset()
    logprobs: bool = False
    scoring: bool = False
    sites: bool = False
    site_model: SiteModel | None = None


@runtime_checkable
class Generator(Protocol):
    """A language model. Cancelling the awaiting task cancels the generation and frees its place in the batch."""

    async def capabilities(self) -> Capabilities: ...

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        """One generation. Raises ``EngineUnavailable``, ``Unsupported``, ``InvalidInput`` (prompt longer than the context)."""
        ...

    def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        """The same, piece by piece."""
        ...

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        """Several generations side by side, answered in order; a common prefix is computed once where the backend can."""
        ...

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        """Log-probability of each choice as continuation of the prompt, summed over its tokens."""
        ...

    async def count_tokens(self, text: str) -> int: ...

    async def close(self) -> None: ...
