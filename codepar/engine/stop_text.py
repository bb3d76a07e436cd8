"""Text that grows until a stop string is met: what may be shown now, what must be withheld. Limits: none; plain strings."""

from __future__ import annotations

from collections.abc import Sequence


class StopText:
    """Takes text piece by piece. Withholds only what may be the beginning of a stop string."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = tuple(part for part in stop if part)
        self._longest = max((len(part) for part in self._stop), default=0)
        self._parts: list[str] = []
        self._held = ""
        self.stopped = False

    @property
    def text(self) -> str:
        """All released text."""
        return "".join(self._parts)

    def add(self, fresh: str) -> str:
        """Take ``fresh`` and return what may be shown. ``stopped`` says that a stop string was met; what follows it is lost."""
        if self.stopped:
            return ""
        self._held += fresh
        found = self._find()
        if found is not None:
            self.stopped = True
            return self._show(self._held[:found], "")
        keep = len(self._held) - self._may_begin()
        return self._show(self._held[:keep], self._held[keep:])

    def finish(self) -> str:
        """End: return what was withheld."""
        return self._show(self._held, "")

    def _show(self, ready: str, held: str) -> str:
        self._held = held
        if ready:
            self._parts.append(ready)
        return ready

    def _find(self) -> int | None:
        places = [place for place in (self._held.find(part) for part in self._stop) if place >= 0]
        return min(places) if places else None

    def _may_begin(self) -> int:
        """Length of the longest end of the held text that begins a stop string."""
        for length in range(min(self._longest - 1, len(self._held)), 0, -1):
            if any(part.startswith(self._held[-length:]) for part in self._stop):
                return length
        return 0
