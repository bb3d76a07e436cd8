"""Tokens to text while they come: bytes joined to UTF-8, special tokens dropped, stop strings found and cut.

Limits: byte-level vocabularies (GPT-2 style); the table maps a token id to its bytes.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence

from codepar.engine.stop_text import StopText
from codepar.protocols import TokenLogprob


class Transcript:
    """The text of one generation as it grows."""

    def __init__(self, table: Mapping[int, bytes], silent: frozenset[int], stop: Sequence[str]) -> None:
        self._table = table
        self._silent = silent
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._shown = StopText(stop)
        self.tokens = 0
        self.logprobs: list[TokenLogprob] = []

    @property
    def text(self) -> str:
        """All released text."""
        return self._shown.text

    @property
    def stopped(self) -> bool:
        """Whether a stop string was met."""
        return self._shown.stopped

    def add(self, ids: Sequence[int], logprobs: Sequence[float] | None, alternatives: bool) -> str:
        """Take the next tokens and return the text that may be shown."""
        fresh = []
        for position, token in enumerate(ids):
            self.tokens += 1
            if token in self._silent:
                continue
            piece = self._table.get(token, b"")
            fresh.append(self._decoder.decode(piece))
            if logprobs is not None and position < len(logprobs):
                self._note(piece, logprobs[position], alternatives)
        return self._shown.add("".join(fresh))

    def finish(self) -> str:
        """End: return what was withheld."""
        return self._shown.add(self._decoder.decode(b"", final=True)) + self._shown.finish()

    def _note(self, piece: bytes, logprob: float, alternatives: bool) -> None:
        token = piece.decode("utf-8", "replace")
        listed = ((token, logprob),) if alternatives else ()
        self.logprobs.append(TokenLogprob(token=token, logprob=logprob, alternatives=listed))
