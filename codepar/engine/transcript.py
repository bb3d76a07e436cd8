"""Tokens to text while they come: bytes joined to UTF-8, special tokens dropped, stop strings found and cut.

Text is withheld only while it may be the beginning of a stop string or an unfinished character. Limits: byte-level vocabularies
(GPT-2 style); the table maps a token id to its bytes.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence

from codepar.protocols import TokenLogprob


class Transcript:
    """The text of one generation as it grows."""

    def __init__(self, table: Mapping[int, bytes], silent: frozenset[int], stop: Sequence[str]) -> None:
        self._table = table
        self._silent = silent
        self._stop = tuple(part for part in stop if part)
        self._longest = max((len(part) for part in self._stop), default=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._parts: list[str] = []
        self._held = ""
        self.tokens = 0
        self.logprobs: list[TokenLogprob] = []
        self.stopped = False

    @property
    def text(self) -> str:
        """All released text."""
        return "".join(self._parts)

    def add(self, ids: Sequence[int], logprobs: Sequence[float] | None, alternatives: bool) -> str:
        """Take the next tokens and return the text that may be shown. ``stopped`` says that a stop string was met."""
        fresh = []
        for position, token in enumerate(ids):
            self.tokens += 1
            if token in self._silent:
                continue
            piece = self._table.get(token, b"")
            fresh.append(self._decoder.decode(piece))
            if logprobs is not None and position < len(logprobs):
                self._note(piece, logprobs[position], alternatives)
        return self._release("".join(fresh))

    def finish(self) -> str:
        """End: return what was withheld."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(b"", final=True)
        rest, self._held = self._held, ""
        found = self._find_stop(rest)
        if found is not None:
            rest, self.stopped = rest[:found], True
        self._parts.append(rest)
        return rest

    def _note(self, piece: bytes, logprob: float, alternatives: bool) -> None:
        token = piece.decode("utf-8", "replace")
        listed = ((token, logprob),) if alternatives else ()
        self.logprobs.append(TokenLogprob(token=token, logprob=logprob, alternatives=listed))

    def _release(self, fresh: str) -> str:
        if not self._stop:
            self._parts.append(fresh)
            return fresh
        self._held += fresh
        found = self._find_stop(self._held)
        if found is not None:
            ready, self._held, self.stopped = self._held[:found], "", True
        else:
            keep = self._may_begin_stop()
            ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        self._parts.append(ready)
        return ready

    def _find_stop(self, text: str) -> int | None:
        places = [place for place in (text.find(part) for part in self._stop) if place >= 0]
        return min(places) if places else None

    def _may_begin_stop(self) -> int:
        """Length of the longest end of the held text that begins a stop string."""
        for length in range(min(self._longest - 1, len(self._held)), 0, -1):
            tail = self._held[-length:]
            if any(part.startswith(tail) for part in self._stop):
                return length
        return 0
