"""Hands answers on in the order of the items, each as soon as all before it are there. Limits: one listener, one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class InOrder(Generic[T]):
    """``put`` in any order; ``listener`` hears them in the order of ``keys``, one at a time, while others go on."""

    def __init__(self, keys: Sequence[str], listener: Callable[[T], Awaitable[None]]) -> None:
        self._keys = keys
        self._listener = listener
        self._there: dict[str, T] = {}
        self._more = asyncio.Event()

    def put(self, key: str, value: T) -> None:
        """This one is there."""
        self._there[key] = value
        self._more.set()

    async def run(self) -> None:
        """Ends when the last one was handed on; raises what the listener raises."""
        for key in self._keys:
            while key not in self._there:
                self._more.clear()
                await self._more.wait()
            await self._listener(self._there.pop(key))
