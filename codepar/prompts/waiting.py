"""Which item is asked next: those whose needs are answered, the longest first.

The longest first is Graham's rule (LPT, 1969): where lengths are known, the whole ends at most a third later than in the best
order. Limits: lengths are guesses; where none is given, the length of the request for the item stands for it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from codepar.prompts.plan import Step


class Waiting:
    """The items of a plan until each is settled."""

    def __init__(self, steps: Sequence[Step], lengths: Mapping[str, int]) -> None:
        self._steps = {step.item: step for step in steps}
        self._place = {item: place for place, item in enumerate(self._steps)}
        self._lengths = lengths
        self._left = {step.item: set(step.needs) for step in steps if step.needs}
        self._followers: dict[str, list[str]] = {}
        for step in steps:
            for need in step.needs:
                self._followers.setdefault(need, []).append(step.item)
        self._ready: list[tuple[int, int, str]] = []
        self._unsettled = len(self._steps)
        self._push(item for item in self._steps if item not in self._left)

    @property
    def is_done(self) -> bool:
        """Whether every item is settled."""
        return not self._unsettled

    def next(self) -> Step | None:
        """The longest item that can be asked now, which leaves; None where none can."""
        return self._steps[heapq.heappop(self._ready)[2]] if self._ready else None

    def settle(self, item: str) -> None:
        """The item has its last answer: who waited for it alone can be asked."""
        self._unsettled -= 1
        for follower in self._followers.get(item, ()):
            self._left[follower].discard(item)
            if not self._left[follower]:
                self._push([follower])

    def _push(self, items: Iterable[str]) -> None:
        for item in items:
            heapq.heappush(self._ready, (-self._length(item), self._place[item], item))

    def _length(self, item: str) -> int:
        return self._lengths.get(item, len(self._steps[item].prompt))
