"""When an answer that is still under way is asked for a second time (a hedged request), by the rule of Dean and Barroso.

"The Tail at Scale" (CACM 56(2), 2013): send the second request once the first has been out for longer than the 95th percentile of
its kind, which adds about 5 % of load, and take whichever ends first. Answers of a language model differ in length, so being out
for long is not enough here: a twin could only overtake an answer whose text comes much slower than that of the others. Limits:
pace is measured in characters, which is what a stream shows; with no finished answer there is nothing to compare with.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field

_PERCENTILE = 0.95
_MEANINGFUL = 20
_LONGER_THAN_ANY = 2.0
_SLOWER = 3.0


@dataclass
class Pace:
    """``items`` and ``share`` bound the second requests: 5 % of the items, and at least one. No twin before ``least_s``."""

    items: int
    share: float = 0.05
    least_s: float = 1.0
    hedged: int = 0
    _seconds: list[float] = field(default_factory=list)
    _rates: list[float] = field(default_factory=list)

    def finished(self, seconds: float, characters: int) -> None:
        """One answer came whole."""
        insort(self._seconds, seconds)
        insort(self._rates, max(1, characters) / max(seconds, 1e-6))

    @property
    def patience_s(self) -> float | None:
        """How long an answer may be out; None before any came. A percentile of few is their longest, hence twice that."""
        if not self._seconds:
            return None
        if len(self._seconds) < _MEANINGFUL:
            return max(self.least_s, _LONGER_THAN_ANY * self._seconds[-1])
        return max(self.least_s, self._seconds[int(_PERCENTILE * (len(self._seconds) - 1))])

    def lags(self, seconds: float, characters: int) -> bool:
        """Whether an answer that has been out for ``seconds`` and shown ``characters`` deserves a second request."""
        patience = self.patience_s
        if patience is None or seconds <= patience or self.hedged >= max(1, int(self.share * self.items)):
            return False
        median = self._rates[len(self._rates) // 2]
        return characters / seconds * _SLOWER < median
