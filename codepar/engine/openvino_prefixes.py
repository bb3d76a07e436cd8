"""Which prompt tokens the pipeline's prefix cache holds, kept beside it because it does not say.

The cache keeps whole blocks of 32 tokens, each known by all tokens up to its end, from the moment their step is done (measured by
how many tokens fit into one step: of a prefix of 100 tokens 96 are found, of a running request's 160 all). Limits: what the
pipeline dropped for want of memory is believed to be there until newer blocks push it out of this table, too; blocks of generated
tokens are not counted.
"""

from __future__ import annotations

from collections import OrderedDict

BLOCK_TOKENS = 32
# A cache of 1 GiB has 5,366 blocks with the default model.
_REMEMBERED_BLOCKS = 4096


def block_keys(ids: list[int]) -> list[int]:
    """One key for every whole block, each standing for all tokens up to its end."""
    keys: list[int] = []
    key = 0
    for end in range(BLOCK_TOKENS, len(ids) + 1, BLOCK_TOKENS):
        key = hash((key, *ids[end - BLOCK_TOKENS : end]))
        keys.append(key)
    return keys


class Prefixes:
    """The blocks that were computed, the least recently used leave first. Positions are in tokens."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def remember(self, keys: list[int], until: int) -> None:
        """The tokens before ``until`` are computed."""
        for key in keys[: until // BLOCK_TOKENS]:
            self._blocks[key] = None
            self._blocks.move_to_end(key)
        while len(self._blocks) > _REMEMBERED_BLOCKS:
            self._blocks.popitem(last=False)

    def holds(self, keys: list[int], until: int) -> bool:
        """Whether the tokens before ``until``, a whole number of blocks, are there."""
        return keys[until // BLOCK_TOKENS - 1] in self._blocks

    def count(self, keys: list[int], start: int, until: int) -> int:
        """How many tokens from ``start`` on, and before ``until``, are there without a gap."""
        end = start // BLOCK_TOKENS
        while (end + 1) * BLOCK_TOKENS <= until and keys[end] in self._blocks:
            end += 1
        return max(0, end * BLOCK_TOKENS - start)
